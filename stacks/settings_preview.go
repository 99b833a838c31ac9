package stacks

// Previews are places in dev where a pull request's image runs for a while, so that a reviewer can look at it. Each place is a Cloud Run
// service of its own, a slot, which the program makes and of which the pull requests' account changes nothing but the image.
type Previews struct {
	// Services are the keys of the services that get slots. They take requests by HTTP/1 and have no sidecar: a slot runs the image
	// behind a container of its own, and hands on neither.
	Services []string `json:"services"`
	// Slots are how many pull requests can be looked at at once, of each service, 1-10. An idle slot costs nothing. Default: 2.
	Slots int `json:"slots,omitempty" default:"2"`
	// TimeToLive is how long a slot is a pull request's after its last push, 1h to 720h. Default: 72h.
	TimeToLive string `json:"timeToLive,omitempty" default:"72h"`
	// RuntimeAccount is the id of the service account that all slots run as, 6-30 characters. Nothing else shares it, and it holds no
	// grant but on Secrets.
	RuntimeAccount string `json:"runtimeAccount"`
	// Public lets anybody open a slot who has its address. Default: false.
	Public bool `json:"public,omitempty"`
	// OutsideCallers are principals that may open a slot, each with the reason, as for a service. Default: none, allowed with Public only.
	OutsideCallers map[string]string `json:"outsideCallers,omitempty"`
	// Environment are plain variables, over those of the service. Default: none.
	Environment map[string]string `json:"environment,omitempty"`
	// Secrets maps variables to ids in Settings.Secrets that no service and no job reads: whoever may push a branch can read them through
	// a slot, so they are the slots' own and protect nothing else. The policy run-preview wants names that begin with preview-. A slot
	// gets no other secret, database, bucket or network of its service. Default: none.
	Secrets map[string]string `json:"secrets,omitempty"`
	// Front is the image, by digest, of the container that takes a slot's requests and tells search engines not to list it: Caddy, which
	// is called as `caddy reverse-proxy`. The default is Docker Hub's caddy:2.10-alpine. Default:
	// docker.io/library/caddy@sha256:4c6e91c6ed0e2fa03efd5b44747b625fec79bc9cd06ac5235a779726618e530d.
	Front string `json:"front,omitempty" default:"docker.io/library/caddy@sha256:4c6e91c6ed0e2fa03efd5b44747b625fec79bc9cd06ac5235a779726618e530d"`
}
