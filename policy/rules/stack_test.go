package rules

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// stackCase is a stack and what one stack rule reports on it.
type stackCase struct {
	name      string
	policy    crossguard.Policy
	resources []ct.Resource
	config    string
	want      []string // nil if the stack passes
	not       string   // the reason why the rule does not apply
}

func ignoring(r ct.Resource, properties ...string) ct.Resource {
	r.Options.IgnoreChanges = properties
	return r
}

func environment(name string, reviewers ...any) ct.Resource {
	return ct.Resource{Type: ghEnvironment, Name: name, Properties: ct.Properties{"environment": name, "preventSelfReview": true,
		"canAdminsBypass": false, "reviewers": []any{object{"users": reviewers}}}}
}

func in(repository string, r ct.Resource) ct.Resource {
	return changed(r, change{path: "repository", to: repository})
}

func changed(r ct.Resource, changes ...change) ct.Resource { return scenario{good: r}.with(changes...) }

func stackCases() []stackCase {
	money := ct.Resource{Type: budget, Name: "budget", Properties: ct.Properties{"thresholdRules": []any{object{"thresholdPercent": 0.5}},
		"budgetFilter": object{"projects": []any{"projects/1"}}, "amount": object{"specifiedAmount": object{"units": "10"}}}}
	check := ct.Resource{Type: uptimeCheck, Name: "uptime", Properties: ct.Properties{"httpCheck": object{"useSsl": true, "validateSsl": true},
		"monitoredResource": object{"labels": object{"host": "procureflow-web-1.us-central1.run.app"}}}}
	public := changed(v2(), change{path: "ingress", to: "INGRESS_TRAFFIC_ALL"})
	member := func(role, member string) ct.Resource {
		return ct.Resource{Type: projectIAM[0], Name: role + member, Properties: ct.Properties{"role": role, "member": member, "project": "p"}}
	}
	bucketMember := ct.Resource{Type: "gcp:storage/bucketIAMMember:BucketIAMMember",
		Properties: ct.Properties{"bucket": "b", "role": "roles/x", "member": robot}}
	bucketBinding := ct.Resource{Type: "gcp:storage/bucketIAMBinding:BucketIAMBinding",
		Properties: ct.Properties{"bucket": "b", "role": "Roles/X", "members": []any{robot}}}
	otherBucket := changed(bucketBinding, change{path: "bucket", to: "c"})
	return []stackCase{
		{"with", budgetExists, []ct.Resource{v2(), money}, "", nil, ""},
		{"nothing runs", budgetExists, []ct.Resource{check}, "", nil, "applies only to gcp:cloudrun/service:Service, "},
		{"without", budgetExists, []ct.Resource{task()}, "", []string{"has no budget: add a billing.Budget"}, ""},
		{"a budget without notifications", budgetExists, []ct.Resource{v2(), changed(money, change{path: "thresholdRules", to: gone{}})}, "",
			[]string{"thresholdRules is empty, so nobody is told: add thresholds"}, ""},
		{"a budget of the whole billing account", budgetExists, []ct.Resource{v2(), changed(money, change{path: "budgetFilter", to: gone{}})}, "",
			[]string{"budgetFilter.projects is empty, so the whole billing account counts: name the project, or its folder in " +
				"resourceAncestors"}, ""},
		{"a budget of an unknown project", budgetExists, []ct.Resource{v2(), changed(money,
			change{path: "budgetFilter.projects", to: ct.Unknown})}, "", nil, ""},
		{"a budget without recipients of its mails", budgetExists, []ct.Resource{v2(), changed(money,
			change{path: "allUpdatesRule", to: object{"disableDefaultIamRecipients": true}})}, "", []string{
			"allUpdatesRule.disableDefaultIamRecipients is true and nobody else is told: add monitoringNotificationChannels or a pubsubTopic"}, ""},
		{"a budget whose mails go to a channel", budgetExists, []ct.Resource{v2(),
			changed(money, change{path: "allUpdatesRule", to: object{"disableDefaultIamRecipients": true,
				"monitoringNotificationChannels": []any{ct.Unknown}}})}, "", nil, ""},
		{"a budget of 0", budgetExists, []ct.Resource{v2(), changed(money, change{path: "amount.specifiedAmount.units", to: "0"})}, "",
			[]string{"amount.specifiedAmount.units is 0: set what a month may cost, 1000 at most"}, ""},
		{"unknown", budgetExists, []ct.Resource{v2(), changed(money, change{path: "thresholdRules", to: ct.Unknown})}, "",
			[]string{"not checked: thresholdRules is known only after the update"}, ""},

		{"checked", uptimeExists, []ct.Resource{public, check}, "", nil, ""},
		{"internal", uptimeExists, []ct.Resource{v1(), v2()}, "", nil, ""},
		{"unchecked", uptimeExists, []ct.Resource{public, v1()}, "", []string{unchecked}, ""},
		{"a check without TLS", uptimeExists, []ct.Resource{public, changed(check, change{path: "httpCheck.validateSsl", to: gone{}})}, "",
			[]string{"httpCheck.useSsl and httpCheck.validateSsl are not both true: set them", unchecked}, ""},
		{"a check whose host is a URL", uptimeExists,
			[]ct.Resource{public, changed(check, change{path: "monitoredResource.labels.host", to: "https://x"})},
			"", []string{"monitoredResource.labels.host is https://x: write the host alone", unchecked}, ""},

		{"ignored", trafficOwner, []ct.Resource{ignoring(v1(), "client", "traffics"), ignoring(v2(), "*")}, "", nil, ""},
		{"traffic that is not in ignoreChanges", trafficOwner, []ct.Resource{ignoring(v2(), "client"), v1()}, "",
			[]string{"ignoreChanges is empty: add traffics", "ignoreChanges is client: add traffics"}, ""},

		{"two gates", twoPersonProd, []ct.Resource{environment("dev"), environment("production-approval", 1),
			environment("production", 2, 3)}, "", nil, ""},
		{"no production", twoPersonProd, []ct.Resource{environment("staging")}, "", nil, "has no environment on the way to production"},
		{"one gate", twoPersonProd, []ct.Resource{environment("production", 1, 2)}, "",
			[]string{"the repository has one environment on the way to production: it takes two, so add one with other reviewers"}, ""},
		{"one reviewer", twoPersonProd, []ct.Resource{environment("production-approval", 1), environment("production", 1)}, "", []string{
			"user:1 reviews production as well as production-approval, and could approve both: use different reviewers"}, ""},
		{"one shared reviewer as text", twoPersonProd, []ct.Resource{environment("production-approval", 1, 2),
			environment("production", "2", ct.Secret{Value: "3"})}, "", []string{
			"user:2 reviews production as well as production-approval, and could approve both: use different reviewers"}, ""},
		{"self review", twoPersonProd, []ct.Resource{changed(environment("prod-1", 1), change{path: "preventSelfReview", to: false}),
			environment("prod-2", 2)}, "", []string{
			"prod-1 can be passed alone: set preventSelfReview to true and canAdminsBypass to false"}, ""},
		{"self review by GitHub's default", twoPersonProd,
			[]ct.Resource{changed(environment("prod-1", 1), change{path: "preventSelfReview", to: gone{}}),
				changed(environment("prod-2", 2), change{path: "canAdminsBypass", to: gone{}})}, "", []string{
				"prod-1 can be passed alone: set preventSelfReview to true and canAdminsBypass to false",
				"prod-2 can be passed alone: set preventSelfReview to true and canAdminsBypass to false"}, ""},
		{"reviewers unknown", twoPersonProd, []ct.Resource{environment("prod-1", 1), environment("prod-2", ct.Unknown)}, "", []string{
			"not checked: reviewers[0].users[0] is known only after the update"}, ""},
		{"all reviewers unknown", twoPersonProd, []ct.Resource{environment("prod-1", 1),
			changed(environment("prod-2"), change{path: "reviewers", to: ct.Unknown})}, "", []string{
			"not checked: reviewers is known only after the update"}, ""},
		{"one gate unknown", twoPersonProd, []ct.Resource{environment("prod-1", ct.Unknown)}, "", []string{
			"the repository has one environment on the way to production: it takes two, so add one with other reviewers",
			"not checked: reviewers[0].users[0] is known only after the update"}, ""},
		{"a gate without reviewers", twoPersonProd, []ct.Resource{environment("production-approval", 1, 2), environment("production")},
			"", []string{
				"reviewers is empty, so nobody has to approve production: name who does"}, ""},
		{"the environment's name in another case", twoPersonProd, []ct.Resource{environment("Production", 1, 2)}, "", []string{
			"the repository has one environment on the way to production: it takes two, so add one with other reviewers"}, ""},
		{"a gate of another repository", twoPersonProd, []ct.Resource{in("web", environment("production", 1)),
			in("api", environment("production", 2))}, "", []string{
			"api has one environment on the way to production: it takes two, so add one with other reviewers", "web has one environment " +
				"on the way to production: it takes two, so add one with other reviewers"}, ""},
		{"a gate of a repository that does not exist yet", twoPersonProd, []ct.Resource{changed(environment("prod-a", 1),
			change{path: "repository", to: ct.Unknown}),
			changed(environment("prod-b", 2), change{path: "repository", to: ct.Unknown})}, "", nil, ""},
		{"gates of two repositories", twoPersonProd, []ct.Resource{in("web", environment("prod-a", 1)), in("web", environment("prod-b", 2)),
			in("api", environment("prod-a", 2)), in("api", environment("prod-b", 1))}, "", nil, ""},

		{"apart", iamSeparationDuties, []ct.Resource{member("roles/iam.serviceAccountAdmin", "group:a@x"),
			member("roles/iam.serviceAccountUser", "group:b@x")}, "", nil, ""},
		{"together", iamSeparationDuties, []ct.Resource{member("roles/iam.serviceAccountAdmin", "group:A@x"),
			member("Roles/iam.serviceAccountUser", "group:a@x")}, "", []string{
			"group:a@x has Roles/iam.serviceAccountUser and roles/iam.serviceAccountAdmin: give one of them to somebody else"}, ""},

		{"by member", iamNoAuthoritative, []ct.Resource{member("roles/x", robot), bucketMember, otherBucket}, "", nil, ""},
		{"by policy", iamNoAuthoritative, []ct.Resource{{Type: projectIAM[2]}}, "",
			[]string{"sets the whole IAM policy of the project, and removes everything that others granted: use IAMMember"}, ""},
		{"by binding of a project", iamNoAuthoritative, []ct.Resource{{Type: projectIAM[1],
			Properties: ct.Properties{"role": "roles/x"}}}, "", []string{
			"sets all members of roles/x on the project, and removes those that others granted: use IAMMember"}, ""},
		{"by binding and member", iamNoAuthoritative, []ct.Resource{bucketMember, bucketBinding}, "", []string{
			"sets all members of Roles/X, and removes those that the stack's own members grant: use one or the other"}, ""},
	}
}

// unchecked is the finding of one public service and no uptime check.
const unchecked = "has 1 service that the internet can reach and 0 uptime checks of a host of theirs: add one for each, or add the host " +
	"to hosts of uptime-exists in policy/STACK.json"

func TestStackRules(t *testing.T) {
	t.Parallel()
	tried := map[string]bool{worstCaseCost.Name: true} // TestWorstCaseCost
	for _, test := range stackCases() {
		tried[test.policy.Name] = true
		t.Run(test.policy.Name+"/"+test.name, func(t *testing.T) {
			t.Parallel()
			got := analyzeStack(t, test.policy, test.config, test.resources...)
			assert.Equal(t, test.want, got.Messages())
			assert.Contains(t, got.NotApplicable[test.policy.Name], test.not)
			if test.not == "" {
				assert.Empty(t, got.NotApplicable)
			}
		})
	}
	for _, p := range table() {
		assert.True(t, tried[p.Name] || p.CheckStack == nil || p.Check != nil, "%s has no case", p.Name)
	}
}

func analyzeStack(t *testing.T, p crossguard.Policy, config string, resources ...ct.Resource) ct.Result {
	t.Helper()
	alone := Pack()
	alone.Policies = []crossguard.Policy{p}
	c := ct.Start(t, alone)
	if config != "" {
		require.NoError(t, c.Configure(fmt.Sprintf("{%q: {%s}}", p.Name, config)))
	}
	return c.AnalyzeStack(resources...)
}

func TestWorstCaseCost(t *testing.T) {
	t.Parallel()
	// 2 instances × 2,678,400 s × (1 vCPU × 0.000024 + 0.5 GiB × 0.0000025)
	const service = "web 135.26"
	at := func(usd float64) string { return fmt.Sprintf(`"ceiling": %v`, usd) }
	over := func(total, ceiling, items string) []string {
		return []string{"a month can cost USD " + total + ", and the ceiling is USD " + ceiling + ": " + items +
			". Lower the dearest items, or raise ceiling of worst-case-cost in policy/STACK.json"}
	}
	const v1Throttling = `template.metadata.annotations["run.googleapis.com/cpu-throttling"]`
	container := "template.containers[0].resources"
	tests := []struct {
		name      string
		resources []ct.Resource
		ceiling   float64
		want      []string
	}{
		{"within", []ct.Resource{v2()}, 136, nil},
		{"over", []ct.Resource{v2()}, 135, over("135.26", "135.00", service)},
		{"version 1", []ct.Resource{v1()}, 135, over("135.26", "135.00", service)},
		{"the sum by resource", []ct.Resource{{Type: secret, Name: "key"}, v2(), {Type: repository, Name: "images"}, task()}, 1,
			over("142.11", "1.00", "web 135.26, images 5.00, nightly 1.49, key 0.36")},
		{"CPU always allocated", []ct.Resource{changed(v2(), change{path: container + ".cpuIdle", to: false})}, 1,
			over("101.78", "1.00", "web 101.78")},
		{"CPU allocated by the API's default", []ct.Resource{changed(v2(), change{path: container + ".cpuIdle", to: gone{}})}, 1,
			over("101.78", "1.00", "web 101.78")},
		{"CPU allocation unknown", []ct.Resource{changed(v2(), change{path: container + ".cpuIdle", to: ct.UnknownBool})}, 1,
			over("135.26", "1.00", service)},
		{"version 1, CPU always allocated", []ct.Resource{changed(v1(), change{path: v1Throttling, to: "false"})}, 1,
			over("101.78", "1.00", "web 101.78")},
		{"version 1, CPU allocation unknown", []ct.Resource{changed(v1(), change{path: v1Throttling, to: ct.Unknown})}, 1,
			over("135.26", "1.00", service)},
		{"a job whose timeout is not known yet", []ct.Resource{changed(task(), change{path: "template.template.timeout", to: ct.Unknown})}, 1,
			over("53.57", "1.00", "nightly 53.57")},
		{"a job whose retries are not known yet", []ct.Resource{changed(task(), change{path: "template.template.maxRetries",
			to: ct.Unknown})}, 1, over("53.57", "1.00", "nightly 53.57")},
		{"manual count", []ct.Resource{changed(v2(), change{path: "scaling.manualInstanceCount", to: 4})}, 1,
			over("270.52", "1.00", "web 270.52")},
		{"service-level cap", []ct.Resource{changed(v2(), change{path: "scaling.maxInstanceCount", to: 1})}, 1,
			over("67.63", "1.00", "web 67.63")},
		{"instances absent", []ct.Resource{changed(v2(), change{path: "template.scaling", to: gone{}})}, 1,
			over("67629.60", "1.00", "web 67629.60 (no bound: template.scaling.maxInstanceCount counted as 1000)")},
		{"instances unknown", []ct.Resource{changed(v2(), change{path: "template.scaling.maxInstanceCount", to: ct.UnknownNumber})}, 1,
			over("67629.60", "1.00", "web 67629.60 (no bound: template.scaling.maxInstanceCount counted as 1000)")},
		{"memory unknown", []ct.Resource{changed(v2(), change{path: container + ".limits.memory", to: ct.Unknown})}, 1,
			over("557.11", "1.00", "web 557.11 (no bound: template.containers[0].resources.limits.memory in GiB counted as 32)")},
		{"CPU absent", []ct.Resource{changed(v2(), change{path: container + ".limits.cpu", to: gone{}})}, 1,
			over("1035.20", "1.00", "web 1035.20 (no bound: template.containers[0].resources.limits.cpu counted as 8)")},
		{"containers unknown", []ct.Resource{changed(v2(), change{path: "template.containers", to: ct.UnknownArray})}, 1,
			append(over("1457.05", "1.00",
				"web 1457.05 (no bound: template.containers[0].resources.limits.cpu counted as 8, "+
					"template.containers[0].resources.limits.memory in GiB counted as 32)"),
				"not checked: template.containers is known only after the update")},
		{"replicas that the user chooses", []ct.Resource{{Type: secret, Name: "key",
			Properties: ct.Properties{"replication": object{"userManaged": object{
				"replicas": []any{object{"location": "us-central1"}, object{"location": "us-east1"}, ct.Unknown}}}}}}, 1,
			over("1.08", "1.00", "key 1.08")},
		{"replicas unknown", []ct.Resource{{Type: secret, Name: "key", Properties: ct.Properties{"replication": ct.Unknown}}}, 1,
			over("18.00", "1.00", "key 18.00")},
		{"manual count unknown", []ct.Resource{changed(v2(), change{path: "scaling.manualInstanceCount", to: ct.UnknownNumber})}, 1,
			over("67629.60", "1.00", "web 67629.60 (no bound: scaling.manualInstanceCount counted as 1000)")},
		{"scaling unknown", []ct.Resource{changed(v2(), change{path: "scaling", to: ct.Unknown})}, 1,
			over("67629.60", "1.00", "web 67629.60 (no bound: scaling.manualInstanceCount counted as 1000)")},
		{"everything unknown", []ct.Resource{changed(task(), change{path: "template", to: ct.Unknown})}, 1,
			append(over("5571072.00", "1.00",
				"nightly 5571072.00 (no bound: template.template.containers[0].resources.limits.cpu counted as 8, "+
					"template.template.containers[0].resources.limits.memory in GiB counted as 32, template.taskCount counted as 10000)"),
				"not checked: template is known only after the update")},
		{"a job without a task count", []ct.Resource{changed(task(), change{path: "template.taskCount", to: gone{}})}, 1,
			over("1.49", "1.00", "nightly 1.49")},
		{"a manual count of 0", []ct.Resource{changed(v2(), change{path: "scaling.manualInstanceCount", to: 0})}, 1,
			over("135.26", "1.00", service)},
		{"a malformed number of CPUs", []ct.Resource{changed(v2(), change{path: container + ".limits.cpu", to: "NaN"})}, 1,
			over("1035.20", "1.00", "web 1035.20 (no bound: template.containers[0].resources.limits.cpu counted as 8)")},
		{"no CPU", []ct.Resource{changed(v2(), change{path: container + ".limits.cpu", to: "0"})}, 1,
			over("1035.20", "1.00", "web 1035.20 (no bound: template.containers[0].resources.limits.cpu counted as 8)")},
		{"a fraction of a CPU", []ct.Resource{changed(v2(), change{path: container + ".limits.cpu", to: "500m"})}, 1,
			over("70.98", "1.00", "web 70.98")},
		{"a GPU", []ct.Resource{changed(v2(), change{path: "template.nodeSelector.accelerator", to: "nvidia-l4"})}, 1e6, []string{
			"template.nodeSelector.accelerator is nvidia-l4, and the price table has no GPU: remove it, or exempt the resource until it is priced"}},
		{"a GPU in the limits", []ct.Resource{changed(v1(), change{path: `template.spec.containers[0].resources.limits["nvidia.com/gpu"]`,
			to: "1"})}, 1e6, []string{
			`template.spec.containers[0].resources.limits["nvidia.com/gpu"] is 1, and the price table has no GPU: remove it, or exempt the resource until it is priced`}},
		{"a database's availability unknown", []ct.Resource{named(res(database, ct.Properties{"settings": object{"tier": "db-f1-micro",
			"diskAutoresizeLimit": 100, "availabilityType": ct.Unknown}}), "main")}, 1, over("57.62", "1.00", "main 57.62")},
		{"a worker pool", []ct.Resource{worker()}, 1, over("106.40", "1.00", "queue 106.40")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, analyzeStack(t, worstCaseCost, at(test.ceiling), test.resources...).Messages())
		})
	}
}
