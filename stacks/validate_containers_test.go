package stacks

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const sidecarImage = "us-docker.pkg.dev/shop/proxy@" + someDigest

// sidecar returns a minimal sidecar with a probe.
func sidecar(more map[string]any) map[string]any {
	s := map[string]any{"image": sidecarImage, "startup": map[string]any{"tcp": true, "port": 5432}}
	for key, value := range more {
		s[key] = value
	}
	return s
}

func TestContainersOfAllKindsAreAccepted(t *testing.T) {
	t.Parallel()
	settings, err := parseChanged(t, dev, change{
		"secrets.tls":          map[string]any{"version": "1"},
		"services.web.command": []any{"/server"}, "services.web.arguments": []any{"--verbose"}, "services.web.http2": true,
		"services.web.sessionAffinity": true, "services.web.audiences": []any{"https://api.example.com"},
		"services.web.startup":  map[string]any{"grpc": true, "grpcService": "shop.Web"},
		"services.web.liveness": map[string]any{"grpc": true, "port": 9000},
		"services.web.sidecars": map[string]any{
			"proxy": sidecar(map[string]any{"after": []any{"setup"}, "secrets": map[string]any{"KEY": "tls"},
				"environment": map[string]any{"PORT": "1"}}),
			"setup": sidecar(map[string]any{"mounts": map[string]any{"scratch": "/scratch"}, "cpu": "0.08", "memory": "64Mi"}),
		},
		"services.web.after": []any{"proxy", "setup"},
		"services.web.volumes": map[string]any{
			"scratch": map[string]any{"memory": "64Mi"}, "tls": map[string]any{"secret": "tls", "file": "key.pem"},
			"files": map[string]any{"nfs": map[string]any{"server": "10.0.0.2", "path": "/files"}, "readOnly": true},
		},
		"services.web.mounts": map[string]any{"tls": "/etc/tls", "files": "/files"},
		"services.web.vpc":    map[string]any{"network": "default", "tags": []any{"web"}},
	})
	require.NoError(t, err)
	web := settings.Services["web"]
	require.Equal(t, []string{"tls"}, web.SecretIDs(), "a sidecar's variable and a volume")
	require.Equal(t, "private-ranges-only", web.VPC.Egress)
	require.Equal(t, "0.5", web.Sidecars["proxy"].CPU)
}

func TestContainers(t *testing.T) {
	t.Parallel()
	const web = "services.web"
	one := func(key string, s any) change { return change{web + ".sidecars": map[string]any{key: s}} }
	many := map[string]any{}
	for _, key := range strings.Split("abcdefghij", "") {
		many[key] = sidecar(map[string]any{"cpu": "0.1"})
	}
	checkRefused(t, []refused{
		{"a sidecar called main", "", one("main", sidecar(nil)), []string{
			web + ".sidecars.main: has the name of the service's own container; choose another"}},
		{"a tag", "", one("proxy", map[string]any{"image": "us-docker.pkg.dev/shop/proxy:1"}), []string{
			web + ".sidecars.proxy.image: is not an image by digest; use HOST/PATH@sha256:DIGEST without a tag, because what a tag " +
				"names can change; `docker buildx imagetools inspect NAME:TAG` shows the digest"}},
		{"sizes", "", one("proxy", sidecar(map[string]any{"cpu": "1.5", "memory": "1G"})), []string{
			web + `.sidecars.proxy.cpu: is not a number of vCPUs Cloud Run sells; use "0.08" to "1", "2", "4", "6" or "8", in quotes`,
			web + ".sidecars.proxy.memory: is not an amount of memory; use whole Mi or Gi, for example 512Mi or 2Gi"}},
		{"containers too large together", "", one("proxy", sidecar(map[string]any{"cpu": "8", "memory": "32Gi"})), []string{
			web + ".cpu: is over 8 vCPU with all containers; lower it, or that of a sidecar",
			web + ".memory: is over 32Gi with all containers; lower it, or that of a sidecar"}},
		{"containers that fill the largest instance", "", change{web + ".cpu": "4", web + ".memory": "16Gi",
			web + ".sidecars": map[string]any{"proxy": sidecar(map[string]any{"cpu": "4", "memory": "16Gi"})}}, nil},
		{"too many", "", change{web + ".sidecars": many}, []string{
			web + ".sidecars: are more than an instance can have; keep at most 9"}},
		{"a probe without a port", "", one("proxy", map[string]any{"image": sidecarImage, "liveness": map[string]any{"path": "/"}}), []string{
			web + ".sidecars.proxy.liveness.port: is missing; a sidecar has no port of its own: say which one it listens on"}},
		{"variables", "", one("proxy", sidecar(map[string]any{"environment": map[string]any{"K_SERVICE": "x"},
			"secrets": map[string]any{"A": "nowhere"}})), []string{
			web + ".sidecars.proxy.environment.K_SERVICE: is set by Cloud Run itself; remove it, or choose another name",
			web + ".sidecars.proxy.secrets.A: names a secret that is not declared; declare it under secrets at the top level"}},
		{"an order with an unknown container", "", change{web + ".after": []any{"proxy"}}, []string{
			web + ".after[0]: is not a sidecar of this service; use the key of one under sidecars"}},
		{"an order without health", "", change{web + ".after": []any{"proxy"},
			web + ".sidecars": map[string]any{"proxy": map[string]any{"image": sidecarImage}}}, []string{
			web + ".after[0]: has no startup probe; give it one: only the probe tells when the others may start"}},
		{"containers that start after each other", "", change{web + ".sidecars": map[string]any{
			"a": sidecar(map[string]any{"after": []any{"b"}}), "b": sidecar(map[string]any{"after": []any{"c"}}),
			"c": sidecar(map[string]any{"after": []any{"a"}})}}, []string{
			web + ".sidecars.a.after[0]: waits for this container itself; let one of them start first",
			web + ".sidecars.b.after[0]: waits for this container itself; let one of them start first",
			web + ".sidecars.c.after[0]: waits for this container itself; let one of them start first"}},
		{"itself", "", one("a", sidecar(map[string]any{"after": []any{"a"}})), []string{
			web + ".sidecars.a.after[0]: waits for this container itself; let one of them start first"}},
		{"an environment", "", change{web + ".executionEnvironment": "gen3"}, []string{
			web + ".executionEnvironment: is not an execution environment; use gen1 or gen2"}},
		{"audiences", "", change{web + ".audiences": []any{"a", "a", "a b"}}, []string{
			web + ".audiences[1]: is there twice; remove one of the two",
			web + ".audiences[2]: is not an audience; use one word, for example https://api.example.com"}},
		{"less memory in gen1", "", change{web + ".executionEnvironment": "gen1", web + ".memory": "128Mi"}, nil},
	})
}

func TestVolumes(t *testing.T) {
	t.Parallel()
	const web = "services.web"
	volume := func(kind map[string]any, more change) change {
		all := change{web + ".volumes": map[string]any{"v": kind}, web + ".mounts": map[string]any{"v": "/v"}}
		for path, value := range more {
			all[path] = value
		}
		return all
	}
	nfs := map[string]any{"nfs": map[string]any{"server": "files", "path": "/"}}
	checkRefused(t, []refused{
		{"no kind", "", volume(map[string]any{}, nil), []string{
			web + ".volumes.v: has no kind, or several; set exactly one of memory, secret, bucket and nfs"}},
		{"two kinds", "", volume(map[string]any{"memory": "1Mi", "secret": "s"}, nil), []string{
			web + ".volumes.v: has no kind, or several; set exactly one of memory, secret, bucket and nfs"}},
		{"an amount", "", volume(map[string]any{"memory": "1M"}, nil), []string{
			web + ".volumes.v.memory: is not an amount of memory; use whole Mi or Gi, for example 64Mi"}},
		{"no such secret", "", volume(map[string]any{"secret": "s"}, nil), []string{
			web + ".volumes.v.secret: names a secret that is not declared; declare it under secrets at the top level"}},
		{"a file without a secret", "", volume(map[string]any{"memory": "1Mi", "file": "x", "readOnly": true}, nil), []string{
			web + ".volumes.v.file: is set without secret; remove it",
			web + ".volumes.v.readOnly: has no meaning here; remove it: a secret's file is read-only, and memory is there to be written"}},
		{"a file server without a network", "", volume(nfs, change{web + ".executionEnvironment": "gen1"}), []string{
			web + ".volumes.v: is not mounted by the execution environment gen1; use gen2",
			web + ".volumes.v.nfs: is in a network that the service cannot reach; set vpc",
			web + ".volumes.v.nfs.path: is not a folder; begin with a slash, for example /exports/files"}},
		{"a volume that nothing mounts", "", change{web + ".volumes": map[string]any{"v": map[string]any{"memory": "1Mi"}}}, []string{
			web + ".volumes.v: is mounted nowhere; name it under mounts of a container, or remove it"}},
		{"mounts", "", change{web + ".volumes": map[string]any{"a": map[string]any{"memory": "1Mi"}, "b": map[string]any{"memory": "1Mi"},
			"c": map[string]any{"memory": "1Mi"}},
			web + ".mounts": map[string]any{"a": "/x", "b": "/x", "c": "/proc/x", "d": "x"}}, []string{
			web + ".mounts.b: is also where a is mounted; give each volume its own folder",
			web + ".mounts.c: is the system's own folder; choose another",
			web + ".mounts.d: is not a folder; begin with a slash, for example /data; not / itself",
			web + ".mounts.d: is not a volume of this service; declare it under volumes"}},
	})
}

func TestProbeKinds(t *testing.T) {
	t.Parallel()
	const web = "services.web"
	one := "has no kind of probe, or several; set exactly one of path, tcp: true and grpc: true; the path has to be cheap to serve"
	checkRefused(t, []refused{
		{"nothing", "", change{web + ".startup": map[string]any{}}, []string{web + ".startup: " + one}},
		{"two", "", change{web + ".startup": map[string]any{"path": "/", "tcp": true}}, []string{web + ".startup: " + one}},
		{"tcp at startup", "", change{web + ".startup": map[string]any{"tcp": true}}, nil},
		{"tcp for liveness", "", change{web + ".liveness": map[string]any{"tcp": true}}, []string{
			web + ".liveness.tcp: is not possible for a liveness probe; use path or grpc"}},
		{"a gRPC name for another probe", "", change{web + ".startup": map[string]any{"path": "/", "grpcService": "x"}}, []string{
			web + ".startup.grpcService: has no probe of the kind grpc; set grpc: true, or remove it"}},
		{"a port", "", change{web + ".startup": map[string]any{"tcp": true, "port": 70000}}, []string{
			web + ".startup.port: is out of range; use 1 to 65535 as the port"}},
	})
}

// two returns a document with a second service, api.
func two(changes change) change {
	api := map[string]any{}
	for key, value := range minimal(dev)["services"].(map[string]any)["web"].(map[string]any) {
		api[key] = value
	}
	api["name"], api["runtimeAccount"] = "shop-api", "shop-api"
	all := change{"services.api": api}
	for path, value := range changes {
		all[path] = value
	}
	return all
}

func TestCallers(t *testing.T) {
	t.Parallel()
	const api = "services.api"
	checkRefused(t, []refused{
		{"two services that call each other", "", two(change{api + ".callers": []any{"web"}, "services.web.callers": []any{"api"},
			api + ".urlVariables": map[string]any{"WEB_URL": "web"}, "services.web.urlVariables": map[string]any{"API_URL": "api", "SELF": "web"},
			api + ".outsideCallers": map[string]any{"serviceAccount:a@b.iam.gserviceaccount.com": "The nightly import calls it."}}), nil},
		{"nobody", "", two(change{api + ".callers": []any{"worker", "api"}}), []string{
			api + ".callers[0]: names a service that is not there; use the key of one under services, or outsideCallers",
			api + ".callers[1]: is the service itself; remove it: a container needs no grant to reach its own port"}},
		{"twice", "", two(change{api + ".callers": []any{"web", "web"}}), []string{
			api + ".callers[1]: is there twice; remove one of the two"}},
		{"callers of a public service", "", two(change{api + ".callers": []any{"web"}, api + ".public": true}), []string{
			api + ".public: lets anybody call a service that has callers; write false, or remove callers and outsideCallers"}},
		{"a caller outside the network", "", two(change{api + ".callers": []any{"web"}, api + ".ingress": "internal"}), []string{
			api + ".callers[0]: does not reach a service whose ingress is not all; give that service a vpc, or set ingress: all"}},
		{"a caller inside the network", "", two(change{api + ".callers": []any{"web"}, api + ".ingress": "internal",
			"services.web.vpc": map[string]any{"network": "default"}}), nil},
		{"outside", "", two(change{api + ".outsideCallers": map[string]any{"allUsers": "Everybody may call it.", "somebody": "Calls it at night.",
			"user:a@example.com": "tests", "principalSet://iam.googleapis.com/pool/*": "All of the pool."}}), []string{
			api + ".outsideCallers.allUsers: is everybody; write public: true if that is meant",
			api + ".outsideCallers.somebody: is not a principal; use user:, serviceAccount: or group: and an address, or principal:// " +
				"or principalSet://iam.googleapis.com/...",
			api + `.outsideCallers["principalSet://iam.googleapis.com/pool/*"]: is every identity of a pool; name one attribute value of ` +
				"the pool, or an account",
			api + `.outsideCallers["user:a@example.com"]: has no reason; say in a sentence why it calls the service`}},
		{"a URL of an unknown service", "", change{"services.web.urlVariables": map[string]any{"API_URL": "api"}}, []string{
			"services.web.urlVariables.API_URL: names a service that is not there; use the key of one under services: web"}},
		{"neither a list nor a map", "", change{"services.web.urlVariables": "API_URL"}, []string{
			"services.web.urlVariables: must be a map, not text; write one 'key: value' on each line, indented"}},
	})
}

func TestVPC(t *testing.T) {
	t.Parallel()
	const at = "services.web.vpc"
	vpc := func(values map[string]any) change { return change{at: values} }
	checkRefused(t, []refused{
		{"full names", "", vpc(map[string]any{"network": "projects/shop-net/global/networks/main", "egress": "all-traffic",
			"subnetwork": "projects/shop-net/regions/us-central1/subnetworks/run", "tags": []any{"web", "egress"}}), nil},
		{"nothing", "", vpc(map[string]any{}), []string{at + ": names no network; set network, subnetwork or both"}},
		{"another region", "", vpc(map[string]any{"subnetwork": "projects/shop-net/regions/europe-west1/subnetworks/run"}), []string{
			at + ".subnetwork: is in europe-west1, and what uses it is in us-central1; name a subnetwork of that network, in the same region; a " +
				"short name means one of this project"}},
		{"another project", "", vpc(map[string]any{"network": "projects/shop-net/global/networks/main", "subnetwork": "run"}), []string{
			at + ".subnetwork: is in the project shop-project, and the network is in shop-net; name a subnetwork of that network, in the same " +
				"region; a short name means one of this project"}},
		{"a network of the stack's own project", "",
			vpc(map[string]any{"network": "projects/shop-project/global/networks/main", "subnetwork": "run"}), nil},
		{"a project by its number", "", vpc(map[string]any{"network": "projects/42/global/networks/main", "subnetwork": "run"}), nil},
		{"names", "", vpc(map[string]any{"network": "https://www.googleapis.com/compute/v1/projects/p/global/networks/n", "subnetwork": "Sub"}),
			[]string{at + ".network: is not a network; use its name, or projects/PROJECT/global/networks/NAME",
				at + ".subnetwork: is not a subnetwork; use its name, or projects/PROJECT/regions/REGION/subnetworks/NAME"}},
		{"egress", "", vpc(map[string]any{"network": "n", "egress": "ALL_TRAFFIC"}), []string{
			at + ".egress: is not a kind of egress; use private-ranges-only or all-traffic"}},
		{"tags", "", vpc(map[string]any{"network": "n", "tags": []any{"a", "a", "A"}}), []string{
			at + ".tags[1]: is there twice; remove one of the two",
			at + ".tags[2]: is not a network tag; use at most 63 lower-case letters, digits and hyphens, a letter first, no hyphen last"}},
	})
}
