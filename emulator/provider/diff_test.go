package provider

import (
	"testing"

	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	const (
		run        = "gcp:cloudrunv2/service:Service"
		repository = "gcp:artifactregistry/repository:Repository"
		secretType = "gcp:secretmanager/secret:Secret"
		roleType   = "gcp:projects/iAMCustomRole:IAMCustomRole"
		checkType  = "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig"
		boardType  = "gcp:monitoring/dashboard:Dashboard"
		memberOf   = "gcp:projects/iAMMember:IAMMember"
	)
	containers := func(image any) object { return object{"template": object{"containers": list(object{"image": image})}} }
	for _, test := range []struct {
		name, token string
		old, new    object
		want        []change
	}{
		{"equal", run, containers("a"), containers("a"), nil},
		{"a leaf in a list", run, containers("a"), containers("b"), []change{{"template.containers[0].image", rpc.PropertyDiff_UPDATE, false}}},
		{"an unknown value", run, containers("a"), containers(unknown{}),
			[]change{{"template.containers[0].image", rpc.PropertyDiff_UPDATE, false}}},
		{"a new element", run, object{"traffics": list(object{"percent": 100.0})},
			object{"traffics": list(object{"percent": 100.0}, object{"tag": "blue"})},
			[]change{{"traffics[1]", rpc.PropertyDiff_ADD, false}}},
		{"a removed property", run, object{"description": "x"}, object{}, []change{{"description", rpc.PropertyDiff_DELETE, false}}},
		{"an empty list is an absent one", run, object{"customAudiences": list()}, object{}, nil},
		{"the provider's own bookkeeping is not a property", run, object{defaultsKey: list("name")}, object{defaultsKey: list()}, nil},
		{"a replacement", run, object{"location": "a"}, object{"location": "b"}, []change{{"location", rpc.PropertyDiff_UPDATE_REPLACE, true}}},
		{"a map's key with dots", run, object{"labels": object{"a.b": "1"}}, object{"labels": object{"a.b": "2"}},
			[]change{{`labels["a.b"]`, rpc.PropertyDiff_UPDATE, false}}},
		{"environment variables in another order", run,
			object{"template": object{"containers": list(object{"envs": list(object{"name": "A"}, object{"name": "B"})})}},
			object{"template": object{"containers": list(object{"envs": list(object{"name": "B"}, object{"name": "A"})})}}, nil},
		{"arguments in another order", run,
			object{"template": object{"containers": list(object{"args": list("a",
				"b")})}}, object{"template": object{"containers": list(object{"args": list("b", "a")})}},
			[]change{{"template.containers[0].args[0]", rpc.PropertyDiff_UPDATE, false},
				{"template.containers[0].args[1]", rpc.PropertyDiff_UPDATE, false}}},
		{"durations in other words", repository,
			object{"cleanupPolicies": list(object{"id": "a", "condition": object{"olderThan": "30d"}})},
			object{"cleanupPolicies": list(object{"id": "a", "condition": object{"olderThan": "2592000s"}})}, nil},
		{"another kind of replication", secretType, object{"replication": object{"auto": object{}}},
			object{"replication": object{"userManaged": object{}}},
			[]change{{"replication.auto", rpc.PropertyDiff_DELETE_REPLACE, true}, {"replication.userManaged", rpc.PropertyDiff_ADD_REPLACE, true}}},
		{"a label", secretType, object{}, object{"labels": object{"a": "b"}}, []change{{"labels", rpc.PropertyDiff_ADD, false}}},
		{"permissions in another order", roleType, object{"permissions": list("a", "b")}, object{"permissions": list("b", "a")}, nil},
		{"a property that forces a replacement, inside an added block", checkType, object{}, object{"httpCheck": object{"requestMethod": "POST"}},
			[]change{{"httpCheck", rpc.PropertyDiff_ADD_REPLACE, true}}},
		{"a property that is updated in place, inside an added block", checkType, object{}, object{"httpCheck": object{"path": "/"}},
			[]change{{"httpCheck", rpc.PropertyDiff_ADD, false}}},
		{"JSON in other words", boardType, object{"dashboardJson": `{"b":1,"a":[]}`}, object{"dashboardJson": "{ \"b\": 1.0 }"}, nil},
		{"other JSON", boardType, object{"dashboardJson": `{"b":1}`}, object{"dashboardJson": `{"b":2}`},
			[]change{{"dashboardJson", rpc.PropertyDiff_UPDATE, false}}},
		{"an e-mail address in capitals", memberOf, object{"member": "user:a@example.com"}, object{"member": "user:A@Example.com"}, nil},
		{"a principal is not an e-mail address", memberOf, object{"member": "principal://x/a"}, object{"member": "principal://x/A"},
			[]change{{"member", rpc.PropertyDiff_UPDATE_REPLACE, true}}},
		{"an address with a slash at its end", scheduleType, object{"httpTarget": object{"uri": "https://x/a/"}},
			object{"httpTarget": object{"uri": "https://x/a"}}, nil},
		{"another address", scheduleType, object{"httpTarget": object{"uri": "https://x/a"}}, object{"httpTarget": object{"uri": "https://x/b"}},
			[]change{{"httpTarget.uri", rpc.PropertyDiff_UPDATE, false}}},
		{"a deadline that is left out", scheduleType, object{"attemptDeadline": "600s"}, object{},
			[]change{{"attemptDeadline", rpc.PropertyDiff_DELETE, false}}},
		{"a job's variables in another order", "gcp:cloudrunv2/job:Job",
			object{"template": object{"template": object{"containers": list(object{"envs": list(object{"name": "A"}, object{"name": "B"})})}}},
			object{"template": object{"template": object{"containers": list(object{"envs": list(object{"name": "B"}, object{"name": "A"})})}}}, nil},
		{"a key ring by its short name", "gcp:kms/cryptoKey:CryptoKey", object{"keyRing": "projects/p/locations/l/keyRings/r"},
			object{"keyRing": "p/l/r"}, nil},
		{"another key ring", "gcp:kms/cryptoKey:CryptoKey", object{"keyRing": "projects/p/locations/l/keyRings/r"},
			object{"keyRing": "p/l/s"}, []change{{"keyRing", rpc.PropertyDiff_UPDATE_REPLACE, true}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, types[test.token].diff(test.old, test.new))
		})
	}
}

const scheduleType = "gcp:cloudscheduler/job:Job"

func TestCheck(t *testing.T) {
	t.Parallel()
	type failures = map[string]string
	for _, test := range []struct {
		name, token string
		inputs      object
		want        failures
	}{
		{"fits", "gcp:cloudrunv2/service:Service", service(), failures{}},
		{"unknown, missing and of another type", "gcp:cloudrunv2/service:Service",
			object{"locaton": "us-central1", "deletionProtection": "yes",
				"template": object{"containers": list(object{"image": "x", "ports": list(), "envs": list(object{"value": "1", "secret": "no"})}),
					"scaling": object{"maxInstanceCount": 1.5}}},
			failures{
				"locaton":                             `Invalid or unknown key "locaton": the property does not exist here. Check its spelling against the provider's documentation.`,
				"name":                                `Missing required argument: "name" is required, but no value was given.`,
				"location":                            `Missing required argument: "location" is required, but no value was given.`,
				"deletionProtection":                  `Invalid value for "deletionProtection": expected a boolean.`,
				"template.containers[0].ports":        `Invalid value for "template.containers[0].ports": expected an object.`,
				"template.containers[0].envs[0].name": `Missing required argument: "template.containers[0].envs[0].name" is required, but no value was given.`,
				"template.containers[0].envs[0].secret": `Invalid or unknown key "template.containers[0].envs[0].secret": the property does not exist here. ` +
					"Check its spelling against the provider's documentation.",
				"template.scaling.maxInstanceCount": `Invalid value for "template.scaling.maxInstanceCount": expected a whole number.`,
			}},
		{"a required list", "gcp:monitoring/alertPolicy:AlertPolicy", object{"combiner": "OR", "displayName": "x"},
			failures{"conditions": `Missing required argument: "conditions" is required, but no value was given.`}},
		{"text that has to be JSON", "gcp:monitoring/dashboard:Dashboard", object{"dashboardJson": "{"},
			failures{"dashboardJson": `Invalid value for "dashboardJson": it contains an invalid JSON document.`}},
		{"a schedule's request", scheduleType, object{"name": "s", "httpTarget": object{"uri": "https://x", "body": "{}",
			"headers": object{"X-Google-Token": "a"}}, "retryConfig": object{}},
			failures{
				"httpTarget.body":    `Invalid value for "httpTarget.body": expected to be a base64-encoded string.`,
				"httpTarget.headers": `Invalid value for "httpTarget.headers": Cannot set the X-Google-Token header: Google Cloud sets it.`,
				"retryConfig.retryCount": "Missing required argument: at least one of retryConfig.retryCount, retryConfig.maxRetryDuration, " +
					"retryConfig.minBackoffDuration, retryConfig.maxBackoffDuration, retryConfig.maxDoublings is required.",
			}},
		{"a schedule that proves who it is twice", scheduleType, object{"name": "s", "httpTarget": object{"uri": "https://x", "body": "e30=",
			"oauthToken": object{"serviceAccountEmail": "a"}, "oidcToken": object{"serviceAccountEmail": "a"}}},
			failures{"httpTarget.oauthToken": `Conflicting configuration arguments: "httpTarget.oauthToken" conflicts with httpTarget.oidcToken.`}},
		{"a value that is not known yet", "gcp:monitoring/dashboard:Dashboard", object{"dashboardJson": unknown{}}, failures{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := failures{}
			plainTest, _ := plain(toProperty(test.inputs)).(map[string]any)
			for _, failure := range types[test.token].check(plainTest) {
				got[failure.GetProperty()] = failure.GetReason()
			}
			assert.Equal(t, test.want, got)
		})
	}
}

// TestFill pins what the provider adds to inputs. Policies see these additions.
func TestFill(t *testing.T) {
	t.Parallel()
	row := types["gcp:monitoring/alertPolicy:AlertPolicy"]
	got := row.fill(object{"combiner": "OR", "documentation": object{"content": "x"}, "userLabels": object{"a": "b"},
		"conditions": list(object{"displayName": "c"})})
	assert.Equal(t, object{
		"combiner": "OR", "enabled": true, "userLabels": object{"a": "b"},
		"documentation": object{"content": "x", "mimeType": "text/markdown", defaultsKey: list("mimeType")},
		"conditions":    list(object{"displayName": "c", defaultsKey: list()}),
		defaultsKey:     list("enabled"),
	}, got)

	named := types["gcp:logging/metric:Metric"]
	first := named.fill(object{"filter": "x"})
	assert.NoError(t, named.nameIfAbsent(first, nil, "deploys", make([]byte, 32)))
	assert.Regexp(t, `^deploys-[0-9a-f]{7}$`, first["name"])
	assert.Equal(t, list("name"), first[defaultsKey])
	again := named.fill(object{"filter": "y"})
	assert.NoError(t, named.nameIfAbsent(again, first, "deploys", []byte("another seed, 32 bytes long .....")))
	assert.Equal(t, first["name"], again["name"], "the generated name stays")
}

func TestIDs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		token, id string
		want      object
	}{
		{"gcp:cloudrunv2/service:Service", "projects/p/locations/l/services/n", object{"project": "p", "location": "l", "name": "n"}},
		{"gcp:serviceaccount/iAMMember:IAMMember", "projects/p/serviceAccounts/a@p.iam/projects/p/roles/x/principalSet://iam/y/z",
			object{"serviceAccountId": "projects/p/serviceAccounts/a@p.iam", "role": "projects/p/roles/x", "member": "principalSet://iam/y/z"}},
		{"gcp:projects/iAMMember:IAMMember", "p roles/viewer user:a@b.c", object{"project": "p", "role": "roles/viewer", "member": "user:a@b.c"}},
		{"gcp:monitoring/slo:Slo", "projects/1/services/s/serviceLevelObjectives/o", object{"project": "1", "service": "s"}},
		{"gcp:billing/budget:Budget", "billingAccounts/b/budgets/u", object{"billingAccount": "b"}},
		{"github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable", "r:e/f:V",
			object{"repository": "r", "environment": "e/f", "variableName": "V"}},
	} {
		got, err := types[test.token].parseID(test.id)
		assert.NoError(t, err)
		assert.Equal(t, test.want, got, test.id)
	}
	ruleset := types["github:index/repositoryRuleset:RepositoryRuleset"]
	imported, err := ruleset.parseImport("r:12", nil)
	assert.NoError(t, err)
	assert.Equal(t, object{"repository": "r", "rulesetId": "12"}, imported)
	interrupted, err := ruleset.parseImport("12", object{"repository": "r", "name": "n"})
	assert.NoError(t, err)
	assert.Equal(t, object{"repository": "r", "rulesetId": "12"}, interrupted)
	_, err = ruleset.parseImport("12", nil)
	assert.ErrorContains(t, err, `"12" is not an id of this type; an id looks like {repository}:{rulesetId}`)
	_, err = types["gcp:cloudrunv2/service:Service"].parseID("web")
	assert.EqualError(t, err,
		`gcp:cloudrunv2/service:Service: "web" is not an id of this type; an id looks like projects/{project}/locations/{location}/services/{name}`)
}
