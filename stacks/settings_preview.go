package stacks

// Previews are places in dev where a pull request's image runs for a while, so that a reviewer can look at it. Each place is a
// separate Cloud Run service, called a slot. The program makes it, and the pull requests' account changes only its image.
type Previews struct {
	// Services are the keys of the services that get slots. They take requests by HTTP/1 and have no sidecar, because a slot runs
	// the image behind a front container, which passes on HTTP/1 only.
	Services []string `json:"services"`
	// Slots is how many slots each service has, 1-10: one for each pull request at the same time. An idle slot costs nothing. The
	// estimate of costs assumes 1,000 requests a month for each. Default: 2.
	Slots int `json:"slots,omitempty" default:"2"`
	// TimeToLive is how long a pull request keeps its slot after its last push, 1h to 720h. Default: 72h.
	TimeToLive string `json:"timeToLive,omitempty" default:"72h"`
	// RuntimeAccount is the id of the service account that all slots run as, 6-30 characters. Nothing else shares it, and its only
	// grants are on Secrets.
	RuntimeAccount string `json:"runtimeAccount"`
	// Public lets everybody who knows a slot's address open it. Default: false.
	Public bool `json:"public,omitempty"`
	// OutsideCallers are the people and accounts that may open a slot, each with the reason, as for a service. Default: none, allowed with
	// Public only.
	OutsideCallers map[string]string `json:"outsideCallers,omitempty"`
	// Environment are plain variables. They override the service's variables of the same names. Default: none.
	Environment map[string]string `json:"environment,omitempty"`
	// Secrets maps variables to ids in Settings.Secrets that no service and no job reads. Everybody who may push a branch can read these
	// secrets through a slot, so they must protect nothing else. The policy run-preview accepts only names that begin with preview-. A
	// slot gets no other secret, database, bucket or network of its service. Default: none.
	Secrets map[string]string `json:"secrets,omitempty"`
	// Front is the image, by digest, of the container that takes a slot's requests and tells search engines not to list it. It has to be
	// Caddy, because it is started as `caddy reverse-proxy`. The default is Docker Hub's caddy:2.10-alpine. Default:
	// docker.io/library/caddy@sha256:4c6e91c6ed0e2fa03efd5b44747b625fec79bc9cd06ac5235a779726618e530d.
	Front string `json:"front,omitempty" default:"docker.io/library/caddy@sha256:4c6e91c6ed0e2fa03efd5b44747b625fec79bc9cd06ac5235a779726618e530d"`
}
