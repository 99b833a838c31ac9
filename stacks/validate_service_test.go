package stacks

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestServiceNames(t *testing.T) {
	t.Parallel()
	const web = "services.web"
	checkRefused(t, each(web+".name", "is not a service name; use lower-case letters, digits and hyphens, a letter first, no hyphen last",
		"Shop", "1shop", "shop-", "shop_web", "shop.web"))
	checkRefused(t,
		each(web+".name", `is too long to carry the traffic tag "candidate"; use at most 37 characters: tag and name have 46 together`,
			strings.Repeat("a", 38), strings.Repeat("a", 49)))
	checkRefused(t, each(web+".name", "is over the 49 characters of a service name; use at most 37", strings.Repeat("a", 50)))
	checkRefused(t, each(web+".name", "", "a", strings.Repeat("a", 37)))
	checkRefused(t, each(web+".image", "is not an image name; use the name in the registry, for example web, without host, tag and digest",
		"Web", "web:latest", "web@"+someDigest, "/web", "web/"))
	checkRefused(t, each(web+".image", "", "web", "shop/web_v2"))
	checkRefused(t, each(web+".digest", "is not a digest; use sha256: and 64 lower-case hex digits, the digest of the manifest",
		"latest", strings.TrimPrefix(someDigest, "sha256:"), strings.ToUpper(someDigest), someDigest[:70], someDigest+"0", someDigest+"\n"))
	checkRefused(t, each(web+".imageUser", "is not a user of an image; use USER@sha256:DIGEST, as `release verify` prints it",
		"1001", "@"+someDigest, "a b@"+someDigest, "1001@"+someDigest[:70], "1001@"+someDigest+"\n"))
	checkRefused(t, each(web+".imageUser", "belongs to another image than digest; set both together, as deploy.yml does, or remove imageUser",
		"1001@"+someDigest))
	checkRefused(t, []refused{
		{"user and digest", "", change{web + ".digest": someDigest, web + ".imageUser": "1001@" + someDigest}, nil},
		{"user of another digest", "", change{web + ".digest": someDigest,
			web + ".imageUser": "1001@" + strings.Replace(someDigest, "0123", "3210", 1)}, []string{
			web + ".imageUser: belongs to another image than digest; set both together, as deploy.yml does, or remove imageUser"}},
	})
	checkRefused(t, each(web+".bootstrapImage", "is not an image by digest; use HOST/PATH@sha256:DIGEST without a tag, because what a tag "+
		"names can change; `docker buildx imagetools inspect NAME:TAG` shows the digest",
		"us-docker.pkg.dev/cloudrun/container/hello", "us-docker.pkg.dev/cloudrun/container/hello:latest", "hello@"+someDigest,
		"us-docker.pkg.dev/cloudrun/container/hello:v1@"+someDigest, "https://us-docker.pkg.dev/a@"+someDigest))
	checkRefused(t, each(web+".runtimeAccount", "is not a service account id; use 6-30 lower-case letters, digits and hyphens, "+
		"a letter first, no hyphen last; without @ and the domain", "short", "Shop-web", "shop-web@x.iam.gserviceaccount.com",
		strings.Repeat("a", 31)))

	second := maps.Clone(minimal(dev)["services"].(map[string]any)["web"].(map[string]any))
	third := maps.Clone(second)
	third["name"], third["runtimeAccount"] = "shop-api", "shop-api-account"
	checkRefused(t, []refused{
		{"no service", "", change{"services": map[string]any{}}, []string{"services: is empty; add a service"}},
		{"a second service", "", change{"services.api": third}, nil},
		{"names and accounts twice", "", change{"services.worker": second}, []string{
			"services.worker.name: is also the name of services.web; give each service its own",
			"services.worker.runtimeAccount: is also the account of services.web; give each its own: so each has only the rights and secrets " +
				"that it needs",
		}},
		{"the pipeline's account", "", change{"services.web.runtimeAccount": "github-actions-infra"}, []string{
			"services.web.runtimeAccount: begins like the pipeline's own accounts; use another name: the container would have the pipeline's rights",
		}},
		{"odd key", "", change{"services.Api": third}, []string{
			"services.Api: has a key that is not a short name; use at most 30 " +
				"lower-case letters, digits and hyphens, a letter first, no hyphen last",
		}},
		{"nobody says whether prod can be deleted", prod, change{"services.web.deletionProtection": absent{}}, []string{
			"services.web.deletionProtection: is missing in prod; write true: one wrong change must not delete the service",
		}},
		{"a service leaves prod, which a policy judges", prod, change{"services.web.deletionProtection": false}, nil},
		{"staging can be deleted", staging, nil, nil},
	})
}

// TestSize follows the table of sizes that Cloud Run offers: the edges of each row are accepted, and one MiB beyond them is refused.
func TestSize(t *testing.T) {
	t.Parallel()
	for cpu, row := range map[string]struct {
		fix               string
		sold, notSold     []string
		belowMin, overMax string
	}{
		"1": {"use 512Mi to 4Gi, or another cpu", []string{"512Mi", "1Gi", "4Gi", "4096Mi"}, nil, "511Mi", "4097Mi"},
		"2": {"use 512Mi to 8Gi, or another cpu", []string{"512Mi", "8Gi"}, []string{"9Gi"}, "128Mi", "8193Mi"},
		"4": {"use 2Gi to 16Gi, or another cpu", []string{"2Gi", "2048Mi", "16Gi"}, []string{"1Gi", "512Mi"}, "2047Mi", "16385Mi"},
		"6": {"use 4Gi to 24Gi, or another cpu", []string{"4Gi", "24Gi"}, []string{"2Gi"}, "4095Mi", "24577Mi"},
		"8": {"use 4Gi to 32Gi, or another cpu", []string{"4Gi", "32Gi"}, []string{"999999Gi"}, "4095Mi", "32769Mi"},
	} {
		for _, memory := range row.sold {
			checkRefused(t, []refused{{cpu + " with " + memory, "", change{"services.web.cpu": cpu, "services.web.memory": memory}, nil}})
		}
		for _, memory := range append(slices.Clone(row.notSold), row.belowMin, row.overMax) {
			checkRefused(t, []refused{{cpu + " with " + memory, "", change{"services.web.cpu": cpu, "services.web.memory": memory}, []string{
				fmt.Sprintf("services.web.memory: is not sold with %s vCPU; %s", cpu, row.fix),
			}}})
		}
	}
	checkRefused(t, each("services.web.cpu", `is not a number of vCPUs Cloud Run sells; use one of "1", "2", "4", "6", "8", in quotes`,
		"0.5", "3", "1000m", "16", "one"))
	checkRefused(t, each("services.web.memory", "is not an amount of memory; use whole Mi or Gi, for example 512Mi or 2Gi",
		"512", "512MB", "1.5Gi", "0Gi", "Gi", "1000000Gi", "-1Gi"))
}

func TestContainer(t *testing.T) {
	t.Parallel()
	checkRefused(t, each("services.web.port", "is out of range; use 1 to 65535 as the port", -1, 0, 65536))
	checkRefused(t, each("services.web.port", "", 1, 65535))
	checkRefused(t, each("services.web.concurrency", "is out of range; use 1 to 1000 requests", 0, 1001))
	checkRefused(t, each("services.web.concurrency", "", 1, 1000))
	checkRefused(t, each("services.web.timeoutSeconds", "is out of range; use 1 to 3600 seconds", 0, 3601))
	checkRefused(t, each("services.web.timeoutSeconds", "", 1, 3600))
	checkRefused(t, each("services.web.minInstances", "is under 0; use 0 or more", -1))
	checkRefused(t, each("services.web.minInstances", "", 0, 2))
	checkRefused(t, each("services.web.minInstances", "is over maxInstances; lower it, or raise maxInstances", 3))
	checkRefused(t, each("services.web.maxInstances", "is under 1; use 1 or more", 0, -1))
	checkRefused(t, each("services.web.attempt", "is under 0; use 0 or more", -1))
	checkRefused(t, each("services.web.ingress", "is not a kind of ingress; use all, internal or internal-and-cloud-load-balancing",
		"external", "ALL"))
	checkRefused(t, each("services.web.ingress", "", "all", "internal", "internal-and-cloud-load-balancing"))
	checkRefused(t, []refused{{"no complaint over a malformed maximum", "", change{"services.web.minInstances": 3,
		"services.web.maxInstances": absent{}}, []string{
		"services.web.maxInstances: is missing; add a whole number",
	}}})
}

func TestVariables(t *testing.T) {
	t.Parallel()
	const name = "is not a variable name; use capitals, digits and underscores, no digit first"
	const reserved = "is set by Cloud Run itself; remove it, or choose another name"
	checkRefused(t, []refused{
		{"names", "", change{"services.web.environment": map[string]any{"_A1": "x", "a": "x", "1A": "x", "A B": "x", "": "x"}}, []string{
			"services.web.environment.1A: " + name,
			"services.web.environment.a: " + name,
			`services.web.environment[""]: ` + name,
			`services.web.environment["A B"]: ` + name,
		}},
		{"reserved", "", change{
			"services.web.environment":  map[string]any{"PORT": "1", "K_SERVICE": "x", "K_REVISION": "x", "X_GOOGLE_A": "x"},
			"services.web.urlVariables": []any{"K_CONFIGURATION"},
		}, []string{
			"services.web.environment.K_REVISION: " + reserved,
			"services.web.environment.K_SERVICE: " + reserved,
			"services.web.environment.PORT: " + reserved,
			"services.web.environment.X_GOOGLE_A: " + reserved,
			"services.web.urlVariables[0]: " + reserved,
		}},
		{"two sources", "", change{
			"secrets.token.version":     "1",
			"services.web.environment":  map[string]any{"A": "x", "B": "x"},
			"services.web.secrets":      map[string]any{"A": "token", "C": "token"},
			"services.web.urlVariables": []any{"B", "C", "D", "D"},
		}, []string{
			"services.web.secrets.A: has a second source under environment; keep one of the two",
			"services.web.urlVariables[0]: has a second source under environment; keep one of the two",
			"services.web.urlVariables[1]: has a second source under secrets; keep one of the two",
			"services.web.urlVariables[3]: has a second source under urlVariables; keep one of the two",
		}},
		{"no secret is declared", "", change{"services.web.secrets": map[string]any{"TOKEN": "token"}}, []string{
			"services.web.secrets.TOKEN: names a secret that is not declared; declare it under secrets at the top level",
		}},
		{"another secret is declared", "", change{
			"services.web.secrets": map[string]any{"TOKEN": "Token"}, "secrets.token.version": "1", "secrets.key.version": "1",
		}, []string{
			"services.web.secrets.TOKEN: names a secret that is not declared; declare it under secrets at the top level, or use one of key, token",
		}},
		{"one secret under two names", "", change{
			"services.web.secrets": map[string]any{"TOKEN": "token", "OLD_TOKEN": "token"}, "secrets.token.version": "1",
		}, nil},
	})
}

func TestProbes(t *testing.T) {
	t.Parallel()
	const path = "is not a path; begin with one slash, for example /api/health; no host, spaces or #"
	for _, probe := range []struct {
		at      string
		longest int
	}{{"services.web.startup", 240}, {"services.web.liveness", 3600}} {
		seconds := fmt.Sprintf("is out of range; use %d to %d seconds", 0, probe.longest)
		checkRefused(t, each(probe.at+".initialDelaySeconds", seconds, -1, probe.longest+1))
		checkRefused(t, each(probe.at+".initialDelaySeconds", "", 0, probe.longest))
		checkRefused(t, each(probe.at+".periodSeconds", fmt.Sprintf("is out of range; use 1 to %d seconds", probe.longest), 0, probe.longest+1))
		checkRefused(t, each(probe.at+".timeoutSeconds", "is under 1; use 1 or more", 0))
		checkRefused(t, each(probe.at+".timeoutSeconds", "is over periodSeconds; let a probe end before the next one starts", 11))
		checkRefused(t, each(probe.at+".timeoutSeconds", "", 1, 10))
		checkRefused(t, each(probe.at+".failureThreshold", "is under 1; use 1 or more", 0))
		checkRefused(t, each(probe.at+".path", path, "health", "//example.com", "https://example.com/", "/a b", "/a#b"))
	}
	const slow = "gives an instance longer to start than Cloud Run does; keep periodSeconds times failureThreshold at 240 or below"
	checkRefused(t, each("services.web.startup.failureThreshold", slow, 25, 1<<62))
	checkRefused(t, each("services.web.startup.failureThreshold", "", 24))
	checkRefused(t, []refused{
		{"one probe in the longest start", "", change{"services.web.startup.periodSeconds": 240, "services.web.startup.failureThreshold": 1},
			nil},
		{"two probes in the longest start", "", change{"services.web.startup.periodSeconds": 240, "services.web.startup.failureThreshold": 2},
			[]string{"services.web.startup.failureThreshold: " + slow}},
	})
	checkRefused(t, each("services.web.liveness.failureThreshold", "", 25))
}

func TestTraffic(t *testing.T) {
	t.Parallel()
	const revision = "is not a revision of this service; use LATEST, or a revision's name: the service's name, a hyphen and a suffix"
	const sum = "services.web.traffic: does not sum to 100; let the percentages sum to 100, or remove the key"
	split := func(targets map[string]any) change { return change{"services.web.traffic": targets} }
	longest := "shop-web-" + strings.Repeat("a", 54)
	checkRefused(t, []refused{
		{"latest", "", split(map[string]any{"LATEST": 100}), nil},
		{"two revisions", "", split(map[string]any{longest: 99, "shop-web-1": 1}), nil},
		{"nothing", "", split(map[string]any{}), []string{sum}},
		{"too little", "", split(map[string]any{"LATEST": 99}), []string{sum}},
		{"too much", "", split(map[string]any{"LATEST": 60, "shop-web-a": 60}), []string{sum}},
		{"out of range", "", split(map[string]any{"LATEST": 110, "shop-web-a": -10}), []string{
			"services.web.traffic.LATEST: is out of range; use 1 to 100 percent",
			"services.web.traffic.shop-web-a: is out of range; use 1 to 100 percent",
		}},
		{"revisions of other services", "", split(map[string]any{
			"latest": 20, "other-a": 20, "shop-web": 20, "shop-web-A": 20, longest + "a": 10, "shop-web-": 10,
		}), []string{
			"services.web.traffic.latest: " + revision,
			"services.web.traffic.other-a: " + revision,
			"services.web.traffic.shop-web: " + revision,
			"services.web.traffic.shop-web-: " + revision,
			"services.web.traffic.shop-web-A: " + revision,
			"services.web.traffic." + longest + "a: " + revision,
		}},
	})
}

func TestObjectives(t *testing.T) {
	t.Parallel()
	const path = "is not a path; begin with one slash, for example /api/health; no host, spaces or #"
	checkRefused(t, each("services.web.smokePaths[0]", path, "api", "//x", ""))
	checkRefused(t, each("services.web.smokePaths[0]", "", "/api/items?limit=1"))
	checkRefused(t, each("services.web.uptime.path", path, "api/health", "http://x/"))
	checkRefused(t, []refused{
		{"open to the internet without an uptime check", "", change{"services.web.uptime": absent{}}, []string{
			"services.web.uptime: is missing; add a path such as {path: /}: the service can be reached from the internet"}},
		{"internal without an uptime check", "", change{"services.web.uptime": absent{}, "services.web.ingress": "internal"}, nil},
	})
	checkRefused(t, each("services.web.uptime.periodSeconds", "is not a period of uptime checks; use 60, 300, 600 or 900 seconds", 0, 30,
		120, 901))
	checkRefused(t, each("services.web.uptime.periodSeconds", "", 60, 300, 600, 900))
	checkRefused(t, each("services.web.uptime.timeoutSeconds", "is out of range; use 1 to 60 seconds", 0, 61))
	checkRefused(t, each("services.web.slo.availabilityPercent",
		"is out of range; use a percentage over 0 and at most 99.9: a higher goal allows too few failures to alert on", 0, -1, 99.91, 100, 250))
	checkRefused(t, each("services.web.slo.availabilityPercent", "", 0.5, 99, 99.9))
	checkRefused(t, each("services.web.slo.windowDays", "is out of range; use 1 to 30 days", 0, 31))
	checkRefused(t, each("services.web.load", "", map[string]any{"requestsPerMonth": 0, "millisecondsPerRequest": 1}))
	checkRefused(t, []refused{
		{"no smoke path", "", change{"services.web.smokePaths": []any{}}, []string{
			"services.web.smokePaths: is empty; list at least 1 of the paths a release probes",
		}},
		{"smoke path twice", "", change{"services.web.smokePaths": []any{"/a", "/a"}},
			[]string{"services.web.smokePaths[1]: is there twice; remove one of the two"}},
	})
}
