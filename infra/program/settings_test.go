package program_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// changesNoResource lists the settings that change no resource of a stack, each with the reason.
var changesNoResource = map[string]string{
	"environment":                            "it names the stack, and another name is refused",
	"github.owner":                           "platform.yaml says it too, and another one is refused",
	"github.repository":                      "platform.yaml says it too, and another one is refused",
	"services.*.smokePaths":                  "release probes them",
	"services.*.liveness.tcp":                "Cloud Run has no such liveness probe",
	"services.*.sidecars.*.liveness.tcp":     "Cloud Run has no such liveness probe",
	"services.*.load.requestsPerMonth":       "sandbox/cost estimates with it",
	"services.*.load.millisecondsPerRequest": "sandbox/cost estimates with it",
}

// moreOfEverything is laid over dev with everything, so that each setting is there to be changed.
const moreOfEverything = `
monitoring: {channels: {hook: {kind: webhook, target: "https://example.com/hook", user: app, secret: first}}}
secrets: {made: {value: first}}
services:
  web:
    digest: FIRST
    imageUser: 1001@FIRST
    load: {requestsPerMonth: 1000, millisecondsPerRequest: 100}
  plain:
    {name: procureflow-plain, image: plain, bootstrapImage: "IMAGE", runtimeAccount: procureflow-plain, maxInstances: 1,
     smokePaths: [/], startup: {path: /}, liveness: {path: /}, uptime: {path: /}, slo: {availabilityPercent: 99}}
  api:
    buckets: {SECOND: second}
    sidecars: {second: {image: "IMAGE", startup: {path: /, port: 9001}}}
databases: {second: {network: default}}
buckets: {second: {readers: [api]}}
`

// otherValues says how a setting is changed that cannot be changed by another letter or a higher number alone. It is laid over the
// settings; null removes what is there.
var otherValues = map[string]string{
	"binaryAuthorization.exemptions":             `binaryAuthorization: {exemptions: [docker.io/library/busybox]}`,
	"binaryAuthorization.protectionLevel":        `binaryAuthorization: {protectionLevel: HSM}`,
	"budget.currency":                            `budget: {currency: EUR}`,
	"buckets.*.existing":                         `buckets: {second: {existing: other-bucket}}`,
	"buckets.*.jobReaders":                       `buckets: {files: {jobReaders: [tidy]}}`,
	"buckets.*.jobWriters":                       `buckets: {files: {jobWriters: [migrate, tidy]}}`,
	"buckets.*.name":                             `buckets: {files: {name: other-bucket}}`,
	"buckets.*.readers":                          `buckets: {second: {readers: [api, web]}}`,
	"buckets.*.writers":                          `buckets: {second: {readers: null, writers: [api]}}`,
	"databases.*.host":                           `databases: {legacy: {host: 10.20.0.3}}`,
	"databases.*.maintenanceDay":                 `databases: {main: {maintenanceDay: 6}}`,
	"databases.*.publicAddress":                  `databases: {main: {network: null, publicAddress: true}}`,
	"databases.*.tier":                           `databases: {main: {tier: db-custom-2-7680}}`,
	"databases.*.version":                        `databases: {main: {version: POSTGRES_16}}`,
	"github.protection.actions":                  `github: {protection: {actions: [actions/checkout@*]}}`,
	"github.protection.wideningLabel":            `github: {protection: {wideningLabel: wider, checks: [ci-ok, preview / verdict]}}`,
	"github.workflows.refs":                      `github: {workflows: {refs: [bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb]}}`,
	"jobs.*.buckets":                             `jobs: {migrate: {buckets: {OTHER: files}}}`,
	"jobs.*.cpu":                                 `jobs: {migrate: {cpu: "2"}}`,
	"jobs.*.databases":                           `jobs: {migrate: {databases: {OTHER: main}}}`,
	"jobs.*.memory":                              `jobs: {migrate: {memory: 1Gi}}`,
	"jobs.*.schedule.cron":                       `jobs: {tidy: {schedule: {cron: "0 4 * * *"}}}`,
	"jobs.*.secrets":                             `jobs: {migrate: {secrets: {OTHER: proxy-key}}}`,
	"jobs.*.service":                             `jobs: {tidy: {service: web}}`,
	"jobs.*.vpc.egress":                          `jobs: {migrate: {vpc: {egress: all-traffic}}}`,
	"labels":                                     `labels: {team: payments}`,
	"monitoring.alertEmails":                     `monitoring: {alertEmails: [other@example.com]}`,
	"monitoring.channels.*.kind":                 `monitoring: {channels: {hook: {kind: slack, target: "#alerts", user: null}}}`,
	"previews.front":                             `previews: {front: "IMAGE"}`,
	"previews.outsideCallers":                    `previews: {public: false, outsideCallers: {"user:a@example.com": They review changes.}}`,
	"previews.public":                            `previews: {public: false, outsideCallers: {"user:a@example.com": They review changes.}}`,
	"previews.secrets":                           `previews: {secrets: {OTHER: preview-nextauth-secret}}`,
	"previews.services":                          `previews: {services: [web, plain]}`,
	"previews.timeToLive":                        `previews: {timeToLive: 24h}`,
	"project.billingAccount":                     `project: {billingAccount: 999999-6789AB-CDEF01}`,
	"project.number":                             `project: {number: "999999999999"}`,
	"project.region":                             `project: {region: europe-west1}`,
	"registry.readers":                           `registry: {readers: ["user:a@example.com"]}`,
	"secrets.*.version":                          `secrets: {mongodb-uri: {version: "2"}}`,
	"secrets.*.value":                            `secrets: {made: {value: second}}`,
	"services.*.after":                           `services: {api: {after: [proxy, second]}}`,
	"services.*.bootstrapImage":                  `services: {api: {bootstrapImage: "IMAGE"}}`,
	"services.*.buckets":                         `services: {web: {buckets: {OTHER: files}}}`,
	"services.*.callers":                         `services: {api: {callers: []}}`,
	"services.*.cpu":                             `services: {api: {cpu: "2"}}`,
	"services.*.databases":                       `services: {api: {databases: {OTHER: main}}}`,
	"services.*.digest":                          `services: {web: {digest: "DIGEST", imageUser: null}}`,
	"services.*.executionEnvironment":            `services: {web: {executionEnvironment: gen1, buckets: null}}`,
	"services.*.imageUser":                       `services: {web: {imageUser: "2@FIRST"}}`,
	"services.*.ingress":                         `services: {web: {ingress: internal-and-cloud-load-balancing, uptime: null}}`,
	"services.*.liveness.grpc":                   `services: {api: {liveness: {grpc: null, path: /}}}`,
	"services.*.memory":                          `services: {api: {memory: 1Gi}}`,
	"services.*.mounts":                          `services: {api: {mounts: {scratch: /scratch}}}`,
	"services.*.outsideCallers":                  `services: {api: {outsideCallers: {"user:a@example.com": They test it each night.}}}`,
	"services.*.secrets":                         `services: {api: {secrets: {OTHER: proxy-key}}}`,
	"services.*.sidecars.*.after":                `services: {api: {sidecars: {proxy: {after: [second]}}}}`,
	"services.*.sidecars.*.cpu":                  `services: {api: {sidecars: {proxy: {cpu: "1"}}}}`,
	"services.*.sidecars.*.image":                `services: {api: {sidecars: {proxy: {image: "IMAGE"}}}}`,
	"services.*.sidecars.*.liveness.grpc":        `services: {api: {sidecars: {proxy: {liveness: {path: null, grpc: true}}}}}`,
	"services.*.sidecars.*.memory":               `services: {api: {sidecars: {proxy: {memory: 512Mi}}}}`,
	"services.*.sidecars.*.mounts":               `services: {api: {sidecars: {proxy: {mounts: {files: /files}}}}}`,
	"services.*.sidecars.*.secrets":              `services: {api: {sidecars: {proxy: {secrets: {OTHER: proxy-key}}}}}`,
	"services.*.sidecars.*.startup.grpc":         `services: {api: {sidecars: {proxy: {startup: {tcp: null, grpc: true}}}}}`,
	"services.*.sidecars.*.startup.tcp":          `services: {api: {sidecars: {proxy: {startup: {tcp: null, path: /}}}}}`,
	"services.*.startup.grpc":                    `services: {api: {startup: {grpc: null, grpcService: null, path: /}}}`,
	"services.*.startup.tcp":                     `services: {api: {startup: {grpc: null, grpcService: null, tcp: true}}}`,
	"services.*.traffic":                         `services: {web: {traffic: {LATEST: 100}}}`,
	"services.*.uptime.periodSeconds":            `services: {web: {uptime: {periodSeconds: 300}}}`,
	"services.*.urlVariables":                    `services: {api: {urlVariables: {OTHER: web}}}`,
	"services.*.volumes.*.bucket":                `services: {api: {volumes: {files: {bucket: second}}}}`,
	"services.*.volumes.*.memory":                `services: {api: {volumes: {scratch: {memory: 128Mi}}}}`,
	"services.*.volumes.*.secret":                `services: {api: {volumes: {key: {secret: made}}}}`,
	"services.*.vpc.egress":                      `services: {api: {vpc: {egress: all-traffic}}}`,
	"services.*.sidecars.*.liveness.grpcService": `services: {api: {sidecars: {proxy: {liveness: {path: null, grpc: true, grpcService: x}}}}}`,
	"services.*.sidecars.*.startup.grpcService":  `services: {api: {sidecars: {proxy: {startup: {tcp: null, grpc: true, grpcService: x}}}}}`,
}

// laid reads a document to lay over another. IMAGE and DIGEST stand for an image by digest and its digest, FIRST for
// the digest that web has.
func laid(t *testing.T, text string) (over map[string]any) {
	t.Helper()
	digest := "sha256:" + strings.Repeat("2", 64)
	text = strings.NewReplacer("IMAGE", "us-docker.pkg.dev/other/image@"+digest, "DIGEST", digest,
		"FIRST", "sha256:"+strings.Repeat("1", 64)).Replace(text)
	require.NoError(t, yaml.Unmarshal([]byte(text), &over))
	return over
}

// TestEverySettingReachesAResource changes each setting alone, in stacks that use everything, and expects the program
// to register something else. Without this test, nobody would notice a field that the program does not pass on to its
// component.
func TestEverySettingReachesAResource(t *testing.T) {
	t.Parallel()
	lay := everything(t)
	documents := map[string]string{"prod": settings(t, "prod", nil), "dev": settings(t, "dev", func(document map[string]any) {
		lay(document)
		pulumitest.Lay(document, laid(t, moreOfEverything))
	})}
	// The settings have plain values in the place of secrets, so they are a secret as a whole.
	register := func(stack, document string) (*pulumitest.Inventory, error) {
		return runErr(t, stack, nil, pulumitest.WithSecretConfig(map[string]string{stacks.ConfigKey("procureflow"): document}))
	}
	places, before := map[string][]place{}, map[string][]pulumitest.Resource{}
	for _, stack := range []string{"dev", "prod"} {
		read, err := stacks.Parse([]byte(documents[stack]), stack)
		require.NoError(t, err)
		for _, found := range placesIn(reflect.ValueOf(read), "", nil) {
			found.stack = stack
			places[found.pattern] = append(places[found.pattern], found)
		}
		inventory, err := register(stack, documents[stack])
		require.NoError(t, err)
		before[stack] = inventory.Resources
	}
	for _, pattern := range patternsOf(reflect.TypeFor[stacks.Settings](), "") {
		if changesNoResource[pattern] != "" {
			continue
		}
		t.Run(pattern, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, places[pattern], "no stack has it: write it into moreOfEverything")
			refusals := []string{}
			for _, at := range places[pattern] {
				document := map[string]any{}
				require.NoError(t, json.Unmarshal([]byte(documents[at.stack]), &document))
				if other := otherValues[pattern]; other != "" {
					pulumitest.Lay(document, laid(t, other))
					withoutNull(document)
				} else {
					at.change(document)
				}
				changed, err := json.Marshal(document)
				require.NoError(t, err)
				inventory, err := register(at.stack, string(changed))
				var problems *stacks.Problems
				if errors.As(err, &problems) {
					refusals = append(refusals, err.Error())
					continue
				}
				require.NoError(t, err)
				if !reflect.DeepEqual(before[at.stack], inventory.Resources) {
					return
				}
			}
			assert.Fail(t, "no resource changes with it", "hand it over in infra/program, or say in changesNoResource what reads it; where "+
				"each try was refused, say in otherValues how to change it: %s", strings.Join(refusals, "\n"))
		})
	}
	for _, listed := range []map[string]string{otherValues, changesNoResource} {
		for pattern := range listed {
			assert.Contains(t, places, pattern, "there is no such setting any more")
		}
	}
}

func withoutNull(document map[string]any) {
	for key, value := range document {
		if value == nil {
			delete(document, key)
		}
		if below, is := value.(map[string]any); is {
			withoutNull(below)
		}
	}
}

// place is one place of a setting: services.*.port of the service web in dev.
type place struct {
	pattern string
	path    []string
	value   reflect.Value
	stack   string
}

// change puts another value at the place.
func (p place) change(document map[string]any) {
	other := otherThan(p.value)
	var node any = document
	for i, step := range p.path {
		last := i == len(p.path)-1
		switch at := node.(type) {
		case map[string]any:
			if last {
				at[step] = other
			} else if at[step] == nil {
				at[step] = map[string]any{} // a struct of which all is default
			}
			node = at[step]
		case []any:
			index, _ := strconv.Atoi(step)
			node = at[index]
		}
	}
}

// otherThan returns another value of the same type.
func otherThan(value reflect.Value) any {
	switch value.Kind() {
	case reflect.Bool:
		return !value.Bool()
	case reflect.Int, reflect.Int64:
		return value.Int() + 1
	case reflect.Float64:
		return value.Float() + 0.5
	case reflect.String:
		return value.String() + "x"
	case reflect.Pointer:
		if value.IsNil() {
			return otherThan(reflect.Zero(value.Type().Elem()))
		}
		return otherThan(value.Elem())
	case reflect.Slice:
		list := []any{}
		for _, element := range value.Seq2() {
			list = append(list, element.Interface())
		}
		if value.Type().Elem().Kind() == reflect.String {
			return append(list, "extra")
		}
		return append(list, 1000)
	case reflect.Map:
		entries := map[string]any{"EXTRA": "extra"}
		for key, entry := range value.Seq2() {
			entries[key.String()] = entry.Interface()
		}
		return entries
	default:
		panic("a setting of the kind " + value.Kind().String())
	}
}

// isLeaf tells a setting from a group of settings.
func isLeaf(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct:
		return t == reflect.TypeFor[stacks.URLVariables]()
	case reflect.Map, reflect.Slice, reflect.Pointer:
		return t.Elem().Kind() != reflect.Struct
	default:
		return true
	}
}

// named returns the settings of a group, with the names that a stack file gives them.
func named(t reflect.Type, pattern string) map[string]reflect.StructField {
	fields := map[string]reflect.StructField{}
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		fields[strings.TrimPrefix(pattern+"."+name, ".")] = field
	}
	return fields
}

// patternsOf returns every setting below a type: services.*.port.
func patternsOf(t reflect.Type, pattern string) []string {
	if isLeaf(t) {
		return []string{pattern}
	}
	var patterns []string
	switch t.Kind() {
	case reflect.Map, reflect.Slice:
		return patternsOf(t.Elem(), pattern+".*")
	case reflect.Pointer:
		return patternsOf(t.Elem(), pattern)
	default:
		for name, field := range named(t, pattern) {
			patterns = append(patterns, patternsOf(field.Type, name)...)
		}
	}
	slices.Sort(patterns)
	return patterns
}

// placesIn returns where the settings below a value are.
func placesIn(value reflect.Value, pattern string, path []string) (found []place) {
	if isLeaf(value.Type()) {
		return []place{{pattern: pattern, path: path, value: value}}
	}
	below := func(value reflect.Value, pattern, step string) {
		found = append(found, placesIn(value, pattern, append(slices.Clone(path), step))...)
	}
	switch value.Kind() {
	case reflect.Map:
		keys := value.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, key := range keys {
			below(value.MapIndex(key), pattern+".*", key.String())
		}
	case reflect.Slice:
		for i, element := range value.Seq2() {
			below(element, pattern+".*", strconv.Itoa(int(i.Int())))
		}
	case reflect.Pointer:
		if !value.IsNil() {
			return placesIn(value.Elem(), pattern, path)
		}
	default:
		for name, field := range named(value.Type(), pattern) {
			below(value.FieldByIndex(field.Index), name, name[strings.LastIndex(name, ".")+1:])
		}
	}
	return found
}
