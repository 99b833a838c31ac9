package knative

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// annotation is a field of v2 that v1 stores in an annotation.
type annotation struct {
	key string
	// path is the field's path in v2, separated by dots.
	path string
	form form
}

// form converts a value to text and back. write returns "" for a value that needs no annotation.
type form struct {
	write func(value any) string
	read  func(text string) (value any, ok bool)
}

var (
	asText = form{func(v any) string { s, _ := v.(string); return s }, func(t string) (any, bool) { return t, true }}
	asBool = form{func(v any) string {
		if v == true {
			return "true"
		}
		return ""
	}, func(t string) (any, bool) { return t == "true", t == "true" || t == "false" }}
	asNumber = form{func(v any) string {
		if f, ok := v.(float64); ok {
			return strconv.FormatFloat(f, 'f', -1, 64)
		}
		return ""
	}, func(t string) (any, bool) { f, err := strconv.ParseFloat(t, 64); return f, err == nil }}
	asJSON = form{func(v any) string {
		if v == nil {
			return ""
		}
		encoded, _ := json.Marshal(v) // cannot fail: the value came from JSON
		return string(encoded)
	}, func(t string) (any, bool) { var v any; err := json.Unmarshal([]byte(t), &v); return v, err == nil }}
)

// oneOf maps the values of a v2 enumeration to v1's words. The word "" marks v2's default, which v1 does not write.
func oneOf(words map[string]string) form {
	return form{func(v any) string { s, _ := v.(string); return words[s] }, func(t string) (any, bool) {
		for value, word := range words {
			if word == t && word != "" {
				return value, true
			}
		}
		return nil, false
	}}
}

// isDefault converts the use of the default policy, the only policy that v1 has a word for.
var isDefault = form{func(v any) string {
	if v == true {
		return "default"
	}
	return ""
}, func(t string) (any, bool) { return true, t == "default" }}

var stages = oneOf(map[string]string{"GA": "", "BETA": "BETA", "ALPHA": "ALPHA"})

// serviceAnnotations and templateAnnotations follow the description of ObjectMeta.annotations in the v1 API.
var serviceAnnotations = []annotation{
	{"run.googleapis.com/ingress", "ingress", oneOf(map[string]string{"INGRESS_TRAFFIC_ALL": "all",
		"INGRESS_TRAFFIC_INTERNAL_ONLY":          "internal",
		"INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER": "internal-and-cloud-load-balancing"})},
	{"run.googleapis.com/launch-stage", "launchStage", stages},
	{"run.googleapis.com/client-name", "client", asText},
	{"run.googleapis.com/client-version", "clientVersion", asText},
	{"run.googleapis.com/description", "description", asText},
	{"run.googleapis.com/invoker-iam-disabled", "invokerIamDisabled", asBool},
	{"run.googleapis.com/default-url-disabled", "defaultUriDisabled", asBool},
	{"run.googleapis.com/custom-audiences", "customAudiences", asJSON},
	{"run.googleapis.com/binary-authorization", "binaryAuthorization.useDefault", isDefault},
	{"run.googleapis.com/binary-authorization-breakglass", "binaryAuthorization.breakglassJustification", asText},
	{"run.googleapis.com/minScale", "scaling.minInstanceCount", asNumber},
	{"run.googleapis.com/maxScale", "scaling.maxInstanceCount", asNumber},
	{"run.googleapis.com/manualInstanceCount", "scaling.manualInstanceCount", asNumber},
	{"run.googleapis.com/scalingMode", "scaling.scalingMode", oneOf(map[string]string{"AUTOMATIC": "automatic", "MANUAL": "manual"})},
}

var templateAnnotations = []annotation{
	{"autoscaling.knative.dev/minScale", "scaling.minInstanceCount", asNumber},
	{"autoscaling.knative.dev/maxScale", "scaling.maxInstanceCount", asNumber},
	{"run.googleapis.com/client-name", "client", asText},
	{"run.googleapis.com/client-version", "clientVersion", asText},
	{"run.googleapis.com/execution-environment", "executionEnvironment",
		oneOf(map[string]string{"EXECUTION_ENVIRONMENT_GEN1": "gen1", "EXECUTION_ENVIRONMENT_GEN2": "gen2"})},
	{"run.googleapis.com/sessionAffinity", "sessionAffinity", asBool},
	{"run.googleapis.com/health-check-disabled", "healthCheckDisabled", asBool},
	{"run.googleapis.com/encryption-key", "encryptionKey", asText},
	{"run.googleapis.com/vpc-access-connector", "vpcAccess.connector", asText},
	{"run.googleapis.com/vpc-access-egress", "vpcAccess.egress", oneOf(map[string]string{"ALL_TRAFFIC": "all-traffic",
		"PRIVATE_RANGES_ONLY": "private-ranges-only"})},
	{"run.googleapis.com/network-interfaces", "vpcAccess.networkInterfaces", asJSON},
}

// toAnnotations adds annotations for the fields of a v2 document to the annotations it has already.
func toAnnotations(table []annotation, document object) object {
	annotations := object{}
	maps.Copy(annotations, doc.Object(document, "annotations"))
	for _, a := range table {
		if value := a.form.write(doc.At(document, strings.Split(a.path, ".")...)); value != "" {
			annotations[a.key] = value
		}
	}
	return annotations
}

// fromAnnotations sets the v2 fields that annotations stand for. Other annotations stay annotations.
func fromAnnotations(table []annotation, where string, annotations, document object) error {
	rest := maps.Clone(annotations)
	for _, a := range table {
		given, found := rest[a.key]
		if !found {
			continue
		}
		delete(rest, a.key)
		word, _ := given.(string)
		value, ok := a.form.read(word)
		if !ok {
			return refuse("%s.annotations[%s]: invalid value '%v'", where, a.key, given)
		}
		doc.Set(document, value, strings.Split(a.path, ".")...)
	}
	set(document, "annotations", rest)
	return nil
}
