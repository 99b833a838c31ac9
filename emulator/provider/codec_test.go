package provider

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
)

// messages maps each resource type to the API's message, by its name in the published description.
var messages = map[string]string{
	"gcp:artifactregistry/repository:Repository":                        "ar:Repository",
	"gcp:billing/budget:Budget":                                         "budgets:GoogleCloudBillingBudgetsV1Budget",
	"gcp:cloudrunv2/job:Job":                                            "run:GoogleCloudRunV2Job",
	"gcp:cloudscheduler/job:Job":                                        "cs:Job",
	"gcp:cloudrunv2/service:Service":                                    "run:GoogleCloudRunV2Service",
	"gcp:iam/workloadIdentityPool:WorkloadIdentityPool":                 "iam:WorkloadIdentityPool",
	"gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": "iam:WorkloadIdentityPoolProvider",
	"gcp:logging/metric:Metric":                                         "log:LogMetric",
	"gcp:monitoring/alertPolicy:AlertPolicy":                            "mon:AlertPolicy",
	"gcp:monitoring/customService:CustomService":                        "mon:Service",
	"gcp:monitoring/genericService:GenericService":                      "mon:Service",
	"gcp:monitoring/notificationChannel:NotificationChannel":            "mon:NotificationChannel",
	"gcp:monitoring/slo:Slo":                                            "mon:ServiceLevelObjective",
	"gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig":                "mon:UptimeCheckConfig",
	"gcp:projects/iAMCustomRole:IAMCustomRole":                          "iam:Role",
	"gcp:secretmanager/secret:Secret":                                   "sm:Secret",
	"gcp:sql/databaseInstance:DatabaseInstance":                         "sql:DatabaseInstance",
	"gcp:sql/database:Database":                                         "sql:Database",
	"gcp:storage/bucket:Bucket":                                         "gcs:Bucket",
	"gcp:serviceaccount/account:Account":                                "iam:ServiceAccount",
}

// TestEveryInputReachesTheAPI sends every property of a type at once. The API's description has to know each field, with its type.
func TestEveryInputReachesTheAPI(t *testing.T) {
	t.Parallel()
	for token, message := range messages {
		t.Run(strings.ReplaceAll(token, "/", "."), func(t *testing.T) {
			t.Parallel()
			row := types[token]
			require.True(t, schema.Known(message))
			_, err := schema.Normalize(message, "", row.encode(everything(shapeOf(row.args), "").(map[string]any)))
			var refused *schema.Error
			if !errors.As(err, &refused) {
				require.NoError(t, err)
				return
			}
			for _, violation := range refused.Violations {
				// The placeholder "x" is not a valid duration, time or enumeration. It shows only that the field takes text.
				placeholder := strings.HasSuffix(violation.Description, `, "x"`)
				assert.True(t, placeholder, violation.Description)
			}
		})
	}
}

// everything returns a value with every property set.
func everything(s *shape, path string) any {
	switch s.kind {
	case reflect.Struct:
		out := map[string]any{}
		for name, f := range s.fields {
			if !untranslated(join(path, name)) {
				out[name] = everything(f.shape, join(path, name))
			}
		}
		return out
	case reflect.Slice:
		return []any{everything(s.elem, path)}
	case reflect.Map:
		return map[string]any{"key": everything(s.elem, path)}
	case reflect.Bool:
		return true
	case reflect.Int, reflect.Float64:
		return 1.0
	}
	return "x"
}

// TestRoundTrip encodes random inputs and reads them back as an import does. A program with the same inputs must then have no diff.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for token := range messages {
		row := types[token]
		t.Run(strings.ReplaceAll(token, "/", "."), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				inputs := row.random(t, shapeOf(row.args), "").(map[string]any)
				state := row.decode(row.encode(inputs))
				live := row.liveInputs(nil, nil, state)
				if changes := row.diff(withoutZeroValues(live), withoutZeroValues(inputs)); len(changes) > 0 {
					t.Fatalf("inputs %v\nlive %v\ndiffer: %v", inputs, plainInputs(live), changes)
				}
			})
		})
	}
}

// random draws a value of a shape. It leaves out properties that the API does not return.
func (row *resourceType) random(t *rapid.T, s *shape, path string) any {
	if strings.HasSuffix(path, ".availability") {
		return map[string]any{"enabled": true} // an empty object there
	}
	switch s.kind {
	case reflect.Struct:
		out := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(s.fields)) {
			p, f := join(path, name), s.fields[name]
			hidden := path == "" && slices.Contains(row.local, name) || slices.Contains(row.outputOnly, p) || slices.Contains(row.writeOnly, p)
			if hidden || untranslated(p) || !f.required && rapid.Bool().Draw(t, p) {
				continue
			}
			out[name] = row.random(t, f.shape, p)
		}
		return out
	case reflect.Slice:
		if path == "cleanupPolicies" {
			policy := row.random(t, s.elem, path).(map[string]any)
			return []any{policy}
		}
		return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) any { return row.random(t, s.elem, path) }), 1, 3).Draw(t, path)
	case reflect.Map:
		out := map[string]any{}
		for _, key := range rapid.SliceOfN(rapid.StringMatching(`[a-z][a-z0-9_.]{0,5}`), 1, 3).Draw(t, path) {
			out[key] = row.random(t, s.elem, path)
		}
		return out
	case reflect.Bool:
		// lastPeriodAmount counts by its presence, and is never false.
		return path == "amount.lastPeriodAmount" || rapid.Bool().Draw(t, path)
	case reflect.Int, reflect.Float64:
		return float64(rapid.IntRange(1, 1000).Draw(t, path))
	}
	if strings.HasSuffix(path, ".withState") {
		return rapid.SampledFrom([]string{"LIVE", "ARCHIVED"}).Draw(t, path) // a boolean in the program
	}
	return rapid.StringMatching(`[a-z][a-zA-Z0-9/ -]{0,12}`).Draw(t, path)
}

// withoutZeroValues removes the values that the APIs leave out of their answers.
func withoutZeroValues(inputs map[string]any) map[string]any {
	return withoutZeros(plainInputs(inputs)).(map[string]any)
}
