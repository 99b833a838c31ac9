package rules

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// findings is a stack, and everything that one rule says of it: of each resource, and then of all together.
type findings struct {
	policy    crossguard.Policy
	name      string
	resources []ct.Resource
	want      []string // nil: passes
	config    string
}

// TestFindings has cases at the edges of conditions: the last value that passes, and the one condition of several that decides.
func TestFindings(t *testing.T) {
	t.Parallel()
	for _, test := range append(append(append(costFindings(), dataFindings()...), githubFindings()...), iamFindings()...) {
		t.Run(test.policy.Name+"/"+test.name, func(t *testing.T) {
			t.Parallel()
			got := alone(t, test.policy, test.config).Preview(test.resources...)
			assert.Equal(t, test.want, got.Messages())
		})
	}
}

// alone starts a pack of one rule. config is the content of the rule's part of a configuration.
func alone(t *testing.T, policy crossguard.Policy, config string) *ct.Client {
	t.Helper()
	pack := Pack()
	pack.Policies = []crossguard.Policy{readable(policy)}
	c := ct.Start(t, pack)
	if config != "" {
		require.NoError(t, c.Configure(fmt.Sprintf("{%q: {%s}}", policy.Name, config)))
	}
	return c
}

func of(policy crossguard.Policy, name string, want []string, resources ...ct.Resource) findings {
	return findings{policy: policy, name: name, want: want, resources: resources}
}

func costFindings() []findings {
	money := res(budget, ct.Properties{"thresholdRules": []any{object{"thresholdPercent": 0.5}},
		"budgetFilter": object{"projects": []any{"projects/1"}}, "amount": object{"specifiedAmount": object{"units": "10"}}})
	threshold := func(shares ...any) ct.Resource {
		var rules []any
		for _, share := range shares {
			rules = append(rules, object{"thresholdPercent": share})
		}
		return changed(money, change{path: "thresholdRules", to: rules})
	}
	at := func(urls any) ct.Resource { return changed(v2(), change{path: "urls", to: urls}) }
	elsewhere := func(where string) []string {
		return []string{"budgetFilter.projects is projects/1, and what runs is in " + where + ": name that project"}
	}
	inProject := func(project string) ct.Resource {
		return changed(money, change{path: "budgetFilter.projects", to: []any{"projects/" + project}})
	}
	scheduled := func(timeout string, schedules ...string) []ct.Resource {
		all := []ct.Resource{changed(task(), change{path: "name", to: "nightly"}, change{path: "template.template.maxRetries", to: 0},
			change{path: "template.template.timeout", to: timeout})}
		for _, schedule := range schedules {
			all = append(all, named(res(schedulerJob, ct.Properties{"schedule": schedule,
				"httpTarget": object{"uri": "https://x/jobs/nightly:run"}}), schedule))
		}
		return all
	}
	tooLong := []string{"is started every 900 s and may run for 901 s with its retries, so that 2 executions run side by side: start it " +
		"less often, lower template.template.timeout, or raise template.parallelism"}
	public := changed(v2(), change{path: "ingress", to: "INGRESS_TRAFFIC_ALL"})
	answers := func(tls bool, statuses ...any) ct.Resource {
		var codes []any
		for _, status := range statuses {
			codes = append(codes, object{"statusValue": status})
		}
		return res(uptimeCheck, ct.Properties{"httpCheck": object{"useSsl": tls, "validateSsl": tls, "acceptedResponseStatusCodes": codes},
			"monitoredResource": object{"labels": object{"host": "web-x-uc.a.run.app"}}})
	}
	front := named(res(forwardingRule, ct.Properties{"loadBalancingScheme": "EXTERNAL"}), "front")
	starts := func(changes ...change) []ct.Resource {
		every := res(schedulerJob, ct.Properties{"schedule": "* * * * *", "httpTarget": object{"uri": "https://x/jobs/nightly:run"}})
		return []ct.Resource{changed(task(), change{path: "name", to: "nightly"}), changed(every, changes...)}
	}
	errors := []string{"httpCheck.acceptedResponseStatusCodes has statuses of an error, with which the check cannot fail: remove them",
		uncheckedOf(1, 0)}
	clear := []string{"httpCheck.useSsl and httpCheck.validateSsl are not both true: set them", uncheckedOf(1, 0)}
	all := []findings{
		of(budgetExists, "as large as it may be", nil, v2(), changed(money, change{path: "amount.specifiedAmount.units", to: "1000"})),
		of(budgetExists, "a share of nothing", []string{"thresholdRules[0].thresholdPercent is 0, which is 0 %: write 0.5 for 50 %"},
			v2(), threshold(0)),
		of(budgetExists, "a percent for a share", []string{"thresholdRules[0].thresholdPercent is 50, which is 5000 %: write 0.5 for 50 %"},
			v2(), threshold(50)),
		of(budgetExists, "five times the budget as well", nil, v2(), threshold(0.9, 5)),
		of(budgetExists, "too late", []string{
			"thresholdRules has none of up to 1.0, so nobody is told before more than the budget is spent: add one"}, v2(), threshold(1.5)),
		of(budgetExists, "by id, where nothing says the project", nil, v2(), inProject("procureflow-dev")),
		of(budgetExists, "by the id of the project", nil, changed(v2(), change{path: "project", to: "procureflow-dev"}),
			inProject("procureflow-dev")),
		of(budgetExists, "of an address that is not known yet", nil, at(ct.Unknown), money),
		of(budgetExists, "of another project by number", elsewhere("123456789"), at([]any{
			"https://procureflow-web-123456789.us-central1.run.app"}), money),
		of(budgetExists, "of an address without a number", nil, at([]any{"https://procureflow-web-abcdefghij-uc.a.run.app",
			"https://procureflow-web-2024.example.com"}), money),

		of(jobBounds, "that is done when the next starts", nil, scheduled("900s", "*/15 * * * *")...),
		of(jobBounds, "that is not done when the next starts", tooLong, scheduled("901s", "*/15 * * * *")...),

		of(jobBounds, "started twice, the shorter time counts", tooLong, scheduled("901s", "0 3 * * *", "*/15 * * * *")...),
		of(jobBounds, "started twice, in whatever order", tooLong, scheduled("901s", "*/15 * * * *", "0 3 * * *")...),
		of(jobBounds, "a schedule that is not known yet", nil, starts(change{path: "schedule", to: ct.Unknown})...),
		of(jobBounds, "a schedule of an address that is not known yet", nil, starts(change{path: "httpTarget.uri", to: ct.Unknown})...),
		of(jobBounds, "a schedule that is paused", nil, starts(change{path: "paused", to: true})...),
		of(jobBounds, "a schedule that reads the job", nil, starts(change{path: "httpTarget.uri", to: "https://x/jobs/nightly"})...),

		of(runIngress, "a load balancer to another service, with an empty mask", nil, changed(v2(), change{path: "ingress",
			to: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"}), front, res(endpointGroup, ct.Properties{"cloudRun": object{
			"service": "procureflow-api", "urlMask": ""}})),
		of(runIngress, "a load balancer by Terraform's provider", []string{"an external load balancer leads to procureflow-web, which is not " +
			"among the public services (none): make the load balancer internal, or add the service to publicServices of run-ingress in " +
			"policy/STACK.json"}, changed(v2(), change{path: "ingress", to: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"}),
			named(res("google:index/computeGlobalForwardingRule:ComputeGlobalForwardingRule", nil), "front"),
			res("google:index/computeRegionNetworkEndpointGroup:ComputeRegionNetworkEndpointGroup", ct.Properties{
				"cloudRun": object{"service": "procureflow-web"}})),
		of(trafficOwner, "a service of a Terraform module", []string{"is made by web, whose properties this rule cannot read: make it by the " +
			"provider gcp", "ignoreChanges is none: add traffics"}, res("web:tf:google_cloud_run_v2_service", nil)),

		of(uptimeExists, "the last success", nil, public, answers(true, 200, 299)),
		of(uptimeExists, "a redirect", nil, public, answers(true, 300, 399)),
		of(uptimeExists, "the first error", errors, public, answers(true, 400)),
		of(uptimeExists, "what is not done yet", errors, public, answers(true, 199)),
		of(uptimeExists, "without TLS, a redirect to it", []string{uncheckedOf(1, 0)}, public, answers(false, 301)),
		of(uptimeExists, "without TLS, a redirect or success", clear, public, answers(false, 200, 301)),
		of(uptimeExists, "a domain of a certificate", nil, public, changed(answers(true),
			change{path: "monitoredResource.labels.host", to: "shop.example.com"}), res(
			"gcp:compute/managedSslCertificate:ManagedSslCertificate", ct.Properties{"managed": object{"domains": []any{"Shop.example.com."}}})),

		of(trafficOwner, "a pool's splits that a release would change", []string{"ignoreChanges is none: add instanceSplits"},
			changed(worker(), change{path: "instanceSplits", to: []any{object{"revision": "queue-1", "percent": 100}}})),
	}
	for name, settings := range map[string]object{"a size that is not known yet": {"tier": ct.Unknown, "diskAutoresizeLimit": 100},
		"an edition that is not known yet": {"tier": "db-custom-1-3840", "edition": ct.Unknown, "diskAutoresizeLimit": 100},
		"a dearer edition":                 {"tier": "db-custom-1-3840", "edition": "ENTERPRISE_PLUS", "diskAutoresizeLimit": 100},
		"a size that nobody priced":        {"tier": "db-perf-optimized-N-2", "diskAutoresizeLimit": 100}} {
		all = append(all, of(worstCaseCost, name, unpriced(database), res(database, ct.Properties{"settings": settings})))
	}
	instance := []ct.Resource{res("gcp:redis/instance:Instance", nil)}
	all = append(all, findings{policy: worstCaseCost, name: "as much as the ceiling", resources: instance,
		config: `"ceiling": 100, "priced": ["gcp:redis/instance:Instance=100"]`}, findings{policy: worstCaseCost, name: "what costs nothing",
		resources: instance, config: `"priced": ["gcp:redis/instance:Instance=0"]`})
	return append(all, findings{policy: worstCaseCost, name: "a type without its price", resources: []ct.Resource{res("gcp:redis/instance:Instance",
		nil)}, config: `"priced": ["gcp:redis/instance:Instance"]`, want: []string{
		`priced of worst-case-cost has "gcp:redis/instance:Instance": write TYPE=USD`,
		unpriced("gcp:redis/instance:Instance")[0]}})
}

func unpriced(token string) []string {
	return []string{fmt.Sprintf("is billed by the hour and the rule has no price for %s: add \"%s=USD\", what one costs in a month, to "+
		"priced of worst-case-cost in policy/STACK.json, or exempt it", token, token)}
}

func dataFindings() []findings {
	place := func(path, value string) []string {
		return []string{fmt.Sprintf("%s is %q: use us-central1, or add it to regions of allowed-regions in policy/STACK.json", path, value)}
	}
	disk := func(properties ct.Properties) ct.Resource { return res("gcp:compute/disk:Disk", properties) }
	b := ct.Properties{"name": "b", "location": "us-central1", "publicAccessPrevention": "enforced", "uniformBucketLevelAccess": true}
	images := func(policies ...any) ct.Resource {
		return res(repository, ct.Properties{"format": "DOCKER", "dockerConfig": object{"immutableTags": true}, "cleanupPolicies": policies})
	}
	deletes := func(condition object) object { return object{"id": "d", "action": "DELETE", "condition": condition} }
	keep := func(count int, packages ...any) object {
		return object{"id": "k", "action": "KEEP", "mostRecentVersions": object{"keepCount": count, "packageNamePrefixes": packages}}
	}
	secretVolumes := []any{object{"mountPath": "/s", "secret": "key", "versions": []any{object{"path": "key", "version": "latest"}}}}
	env := func(variable object) ct.Resource {
		return changed(v2(), change{path: "template.containers[0].envs[0]", to: variable})
	}
	arguments := func(arguments ...any) ct.Resource {
		return changed(v2(), change{path: "template.containers[0].args", to: arguments})
	}
	labelledBy := func(provider ct.Properties) ct.Resource {
		r := res("gcp:pubsub/topic:Topic", nil)
		r.Provider = &ct.Resource{Type: "pulumi:providers:gcp", Properties: provider}
		return r
	}
	unlabelled := []string{"labels has no environment: set it", "labels has no app: set it", "labels has no managed-by: set it"}
	pullRequest := func(r ct.Resource) ct.Resource {
		return changed(r, change{path: containerOf(r) + ".image", to: "us-docker.pkg.dev/p/web-previews/web" + digest})
	}
	return []findings{
		of(allowedRegions, "a database's zone elsewhere", place("settings.locationPreference.zone", "europe-west1-b"), res(database,
			ct.Properties{"region": "us-central1", "settings": object{"locationPreference": object{"zone": "europe-west1-b"}}})),
		of(allowedRegions, "a zone that is not known yet", []string{"not checked: zone is known only after the update"},
			disk(ct.Properties{"zone": ct.Unknown})),
		of(allowedRegions, "a zone of the region, beside other texts", nil, disk(ct.Properties{"name": "data", "type": "pd-ssd",
			"zone": "US-central1-A"})),
		of(allowedRegions, "a zone in a list is another property", nil, disk(ct.Properties{"zone": []any{"europe-west1-b"}})),
		{policy: allowedRegions, name: "a region of an allowed continent", config: `"regions": ["us"]`, resources: []ct.Resource{
			res(bucket, ct.Properties{"location": "us-central1"})}, want: []string{
			`location is "us-central1": use us, or add it to regions of allowed-regions in policy/STACK.json`}},

		of(arImmutableCleanup, "of another format", nil, res(repository, ct.Properties{"format": "MAVEN"})),
		of(arImmutableCleanup, "a mirror", nil, res(repository, ct.Properties{"format": "DOCKER", "mode": "REMOTE_REPOSITORY"})),
		of(arImmutableCleanup, "keeps of another package", []string{"cleanupPolicies[0].action deletes images of packages of which no KEEP " +
			"keeps any: give the KEEP the same packageNamePrefixes, or none"}, images(deletes(object{"olderThan": "30d"}), keep(5, "api"))),
		of(arImmutableCleanup, "what is new", []string{"cleanupPolicies[0].condition.newerThan deletes what is new, such as what runs: use " +
			"olderThan"}, images(deletes(object{"newerThan": "1d", "olderThan": "30d"}), keep(5))),
		of(arImmutableCleanup, "layers of a day, releases of a week, the running one and one more", nil,
			images(deletes(object{"tagState": "UNTAGGED", "olderThan": "1d"}), deletes(object{"tagState": "TAGGED", "olderThan": "7d"}), keep(2))),

		of(bucketHardening, "grants by lists as well", []string{"uniformBucketLevelAccess is not true: set it"},
			res(bucket, ct.Properties{"publicAccessPrevention": "enforced", "versioning": object{"enabled": true}})),
		of(bucketHardening, "a retention that anybody may shorten", []string{
			"versioning.enabled is not true: set it, or lock a retentionPolicy"},
			changed(res(bucket, b), change{path: "retentionPolicy", to: object{"retentionPeriod": 86400}})),
		of(sqlHardening, "AlloyDB's own backups", nil, res(alloyCluster, ct.Properties{"clusterId": "c"})),

		of(requiredLabels, "a provider whose labels are not known yet", []string{
			"not checked: provider(test).defaultLabels is known only after the update"},
			labelledBy(ct.Properties{"defaultLabels": ct.Unknown})),
		of(requiredLabels, "a provider with one of them", []string{"labels has no environment: set it", "labels has no managed-by: set it"},
			labelledBy(ct.Properties{"defaultLabels": object{"app": "procureflow"}})),
		of(requiredLabels, "a provider with other documents", unlabelled, labelledBy(ct.Properties{
			"credentials": `{"environment":"dev","app":"a","managed-by":"x"}`})),
		of(requiredLabels, "a provider with other objects", unlabelled, labelledBy(ct.Properties{
			"batching": object{"environment": "dev", "app": "a", "managed-by": "x"}})),

		of(runSecretPinned, "a function's file", []string{"secretVolumes[0].versions[0].version is latest: write the number of a version"},
			res(functionV1, ct.Properties{"secretVolumes": secretVolumes})),
		of(runSecretPinned, "a file of the second generation", []string{
			"serviceConfig.secretVolumes[0].versions[0].version is latest: write the number of a version"},
			res(functionV2, ct.Properties{"serviceConfig": object{"secretVolumes": secretVolumes}})),
		of(runNoPlaintextSecrets, "a secret's value that is not known yet", []string{
			"template.containers[0].envs[0].name API_KEY is named like a secret and is a plain variable: " + useSecretManager,
			"not checked: template.containers[0].envs[0].value is known only after the update"},
			env(object{"name": "API_KEY", "value": ct.Unknown})),
		of(runNoPlaintextSecrets, "a title that is not known yet", []string{
			"not checked: template.containers[0].envs[0].value is known only after the update"}, env(object{"name": "TITLE", "value": ct.Unknown})),
		of(runNoPlaintextSecrets, "a secret's name that is not known yet", []string{
			"not checked: template.containers[0].envs[0].value is known only after the update"},
			env(object{"name": "SECRET_NAME", "value": ct.Unknown})),
		of(runNoPlaintextSecrets, "a value beside a reference", []string{
			"template.containers[0].envs[0].name API_KEY is named like a secret and is a plain variable: " + useSecretManager},
			env(object{"name": "API_KEY", "value": "abc", "valueSource": object{"secretKeyRef": object{"secret": "key", "version": "1"}}})),
		of(runNoPlaintextSecrets, "what stands after an assignment", nil, arguments("--token=$(TOKEN)", "serve")),
		of(runNoPlaintextSecrets, "a flag after a flag", nil, arguments("--ask-password", "--verbose")),

		of(runBinauthz, "half a policy's name", []string{"binaryAuthorization.policy is projects/p/platforms/cloudRun/policies, which is no " +
			"policy's name: write projects/PROJECT/platforms/cloudRun/policies/NAME, or set useDefault"},
			changed(v2(), change{path: "binaryAuthorization", to: object{"policy": "projects/p/platforms/cloudRun/policies"}})),
		of(runPreview, "a job that calls itself a preview", []string{"template.template.containers[0].image is an image of a pull request: " +
			"release what was merged and built on the branch"}, changed(pullRequest(task()),
			change{path: "labels.purpose", to: "preview"})),
		of(runPreview, "a service whose purpose is not known yet", []string{"template.containers[0].image is an image of a pull request: " +
			"release what was merged and built on the branch"}, changed(pullRequest(v2()), change{path: "labels.purpose", to: ct.Unknown})),
		of(runPreview, "an image by that name in another repository", nil, changed(v2(),
			change{path: "template.containers[0].image", to: "us-docker.pkg.dev/p/web-previews"})),
		of(runDeletionProtection, "the provider's default", nil, changed(v2(), change{path: "deletionProtection", to: gone{}})),
	}
}

func githubFindings() []findings {
	main := "refs/heads/main"
	ruleset := func(changes ...change) ct.Resource {
		return changed(named(res(ghRuleset, ct.Properties{"repository": "web", "target": "branch", "enforcement": "active",
			"conditions": object{"refName": object{"includes": []any{main}, "excludes": []any{}}},
			"rules": object{"nonFastForward": true, "deletion": true,
				"requiredStatusChecks": object{"requiredChecks": []any{object{"context": "check"}}},
				"pullRequest":          object{"requiredApprovingReviewCount": 1, "requireCodeOwnerReview": true, "requireLastPushApproval": true}}}),
			"main"), changes...)
	}
	return []findings{
		of(ghDeployKey, "the provider's default", nil, res(ghDeployKeyType, ct.Properties{"title": "t", "key": "k"})),
		of(ghRepoHardening, "the provider's default", nil, res(ghAlerts, ct.Properties{"repository": "web"})),
		of(ghActionsPinned, "a repository without workflows", nil, res(ghActions, ct.Properties{"enabled": false})),
		of(ghActionsPinned, "an organization without workflows", nil, res(ghOrgActions, ct.Properties{"enabledRepositories": "none"})),
		of(ghMainProtected, "a ruleset", nil, ruleset()),
		of(ghMainProtected, "a ruleset that lets commits be overwritten", []string{"rules.nonFastForward is not true: set it"},
			ruleset(change{path: "rules.nonFastForward", to: gone{}})),
		of(ghMainProtected, "a ruleset without reviews", []string{"rules.pullRequest.requiredApprovingReviewCount is 0: set it to 1 or more"},
			ruleset(change{path: "rules.pullRequest", to: gone{}})),
		{policy: ghMainProtected, name: "a ruleset without reviews, where none is asked for", config: `"approvals": 0`,
			resources: []ct.Resource{ruleset(change{path: "rules.pullRequest", to: object{"requiredApprovingReviewCount": 0}})}},
		of(ghMainProtected, "reviews of another branch alone", []string{"is not about main, which deploys and stays open: name refs/heads/main, " +
			"or ~DEFAULT_BRANCH, in conditions.refName.includes"}, ruleset(change{path: "conditions.refName.includes",
			to: []any{"refs/heads/develop"}}, change{path: "rules.requiredStatusChecks", to: gone{}})),
		of(ghMainProtected, "protection of another branch that asks for nothing", nil, res(ghBranchProtection,
			ct.Properties{"repositoryId": "web", "pattern": "release/*"})),
		of(ghMainProtected, "a ruleset for tags", nil, ruleset(), named(ruleset(change{path: "target", to: "tag"},
			change{path: "enforcement", to: "disabled"}, change{path: "rules", to: gone{}}), "tags")),
	}
}

func iamFindings() []findings {
	list := func(properties ct.Properties) []ct.Resource {
		properties["datasetId"] = "d"
		return []ct.Resource{named(res(dataset, properties), "d"),
			named(res("gcp:bigquery/datasetAccess:DatasetAccess", ct.Properties{"datasetId": "d", "role": "READER", "userByEmail": "a@x"}), "reader")}
	}
	const modified = "'iam.googleapis.com/modifiedGrantsByRole'"
	condition := func(expression string) []ct.Resource {
		return []ct.Resource{changed(grantOf(projectIAM[0], "roles/resourcemanager.projectIamAdmin", robot), change{path: "condition",
			to: object{"title": "only", "expression": expression}})}
	}
	decides := func(only string) []ct.Resource {
		return condition("api.getAttribute(" + modified + ", []).hasOnly(['" + only + "'])")
	}
	unbounded := []string{"grants roles/resourcemanager.projectIamAdmin to " + robot + " on the project, and with it the right to become every " +
		"account: grant a role on what is meant, or add a condition on iam.googleapis.com/modifiedGrantsByRole"}
	admin := func(expression string) []ct.Resource {
		return []ct.Resource{changed(grantOf(projectIAM[0], "roles/secretmanager.admin", robot), change{path: "condition",
			to: object{"title": "some", "expression": expression}})}
	}
	everything := []string{"grants roles/secretmanager.admin to " + robot + " on the project, and with it every secret: grant it on the " +
		"secrets that are needed"}
	custom := func(member string) []ct.Resource {
		return []ct.Resource{named(res(customRoleTypes[0], ct.Properties{"roleId": "policies", "permissions": []any{"run.services.setIamPolicy"}}),
			"policies"), grantOf(projectIAM[0], "projects/p/roles/policies", member)}
	}
	return []findings{
		of(iamNoAuthoritative, "members of a role that is not known yet, without bindings", nil, grantOf(projectIAM[0], "", robot),
			named(changed(grantOf(bucketIAM[0], "", robot), change{path: "role", to: ct.Unknown}), "m")),
		of(iamNoAuthoritative, "an entry of a dataset that has no list", nil, list(ct.Properties{})...),
		of(iamNoAuthoritative, "an entry of a dataset whose list is not known yet", nil, list(ct.Properties{"accesses": ct.Unknown})...),
		of(iamNoAuthoritative, "an entry of a dataset that has a list", []string{
			"accesses sets the whole access list, and removes what reader grants: use one or the other"},
			list(ct.Properties{"accesses": []any{object{"role": "OWNER", "specialGroup": "projectOwners"}}})...),
		of(wifBindingNarrow, "all accounts of a project, which come from inside", nil, grantOf(projectIAM[0], "roles/run.viewer",
			"principalSet://cloudresourcemanager.googleapis.com/projects/1/type/ServiceAccount")),
		of(iamNoDirectUser, "everybody on images, which another rule judges", nil, grantOf(repositoryIAM[0],
			"roles/artifactregistry.reader", "allUsers")),
		of(iamNoProjectImpersonation, "who gives a harmless role", nil, decides("roles/run.developer")...),
		of(iamNoProjectImpersonation, "who gives accounts", unbounded, decides("roles/iam.serviceAccountUser")...),
		of(iamNoProjectImpersonation, "who gives the right to give", unbounded, decides("roles/iam.securityAdmin")...),
		of(iamNoProjectImpersonation, "who gives everything", unbounded, decides("roles/owner")...),
		of(iamNoProjectImpersonation, "who gives any of several", unbounded, condition("!api.getAttribute("+modified+", []).hasOnly(["+
			"'roles/run.viewer'])")...),
		of(iamNoProjectImpersonation, "who gives one of several at least", unbounded, condition("api.getAttribute("+modified+
			", []).hasAny(['roles/run.viewer'])")...),
		of(iamNoProjectImpersonation, "whose other attribute is bounded", unbounded, condition(
			"api.getAttribute('api.googleapis.com/other', []).hasOnly(['roles/run.viewer'])")...),
		of(iamNoProjectImpersonation, "whose attribute is read otherwise", unbounded, condition(
			"api.get("+modified+", []).hasOnly(['roles/run.viewer'])")...),
		of(iamNoProjectImpersonation, "who gives what is not written down", unbounded, condition(
			"api.getAttribute("+modified+", []).hasOnly(resource.roles)")...),
		of(iamNoProjectImpersonation, "who gives what is partly written down", unbounded, condition(
			"api.getAttribute("+modified+", []).hasOnly(['roles/run.viewer', resource.role])")...),
		of(secretScopedAccess, "the secrets of one application", nil, admin("resource.name.startsWith('projects/1/secrets/web-')")...),
		of(secretScopedAccess, "one of two secrets", nil, admin("resource.name in ['projects/1/secrets/a', 'projects/1/secrets/b']")...),
		of(secretScopedAccess, "a secret by its whole name", nil,
			admin("'//secretmanager.googleapis.com/projects/1/secrets/a' == resource.name")...),
		of(secretScopedAccess, "every secret, by their whole name", everything,
			admin("resource.name.startsWith('//secretmanager.googleapis.com/projects/1/secrets')")...),
		of(secretScopedAccess, "every secret, by name", everything, admin("resource.name.startsWith('projects/1/secrets/')")...),
		of(secretScopedAccess, "another text with a secret's name", everything, admin("resource.type == 'projects/1/secrets/a'")...),
		of(secretScopedAccess, "another text that begins so", everything, admin("resource.type.startsWith('projects/1/secrets/a')")...),
		of(secretScopedAccess, "all secrets but some", everything, admin("!resource.name.startsWith('projects/1/secrets/a')")...),
		of(secretScopedAccess, "a name that ends so", everything, admin("resource.name.endsWith('projects/1/secrets/a')")...),
		of(iamSANoAdmin, "an administrating role of the stack for people", nil, custom("group:platform@example.com")...),
		of(iamSANoAdmin, "an administrating role of the stack for an account", []string{"grants projects/p/roles/policies, which has " +
			"run.services.setiampolicy, to " + robot + " on the project: grant a narrower role"}, custom(robot)...),
		{policy: runNoPublicInvoker, name: "everybody in a role that is not known yet", config: `"publicServices": ["web"]`,
			resources: []ct.Resource{changed(grantOf(serviceIAM[3], "", "allUsers"), change{path: "role", to: ct.Unknown},
				change{path: "name", to: "web"})}, want: []string{"not checked: role is known only after the update"}},
	}
}

// TestRemedies has what a remedy makes of a resource, and what it leaves alone.
func TestRemedies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		policy crossguard.Policy
		name   string
		given  ct.Resource
		path   string // what is corrected; "" where the resource is left as it is
		want   any
	}{
		{arImmutableCleanup, "of another format", res(repository, ct.Properties{"format": "MAVEN"}), "", nil},
		{arImmutableCleanup, "a mirror", res(repository, ct.Properties{"format": "DOCKER", "mode": "REMOTE_REPOSITORY"}), "", nil},
		{binauthzDefaultDeny, "without a rule", res(admission, nil), "", nil},
		{bucketHardening, "grants by lists", res(bucket, ct.Properties{"publicAccessPrevention": "enforced",
			"versioning": object{"enabled": true}}), "uniformBucketLevelAccess", true},
		{ghActionsPinned, "a repository without workflows", res(ghActions, ct.Properties{"enabled": false}), "", nil},
		{ghActionsPinned, "an organization without workflows", res(ghOrgActions, ct.Properties{"enabledRepositories": "none"}), "", nil},
		{ghRepoHardening, "the provider's default", res(ghAlerts, ct.Properties{"repository": "web"}), "", nil},
		{jobBounds, "at the bounds", changed(task(), change{path: "template.taskCount", to: 10},
			change{path: "template.template.maxRetries", to: 3}, change{path: "template.template.timeout", to: "3600s"}), "", nil},
		{runBinauthz, "a policy of its own", changed(v1(), change{path: `metadata.annotations["run.googleapis.com/binary-authorization"]`,
			to: "projects/p/platforms/cloudRun/policies/x"}), "", nil},
		{runDeletionProtection, "the provider's default", changed(v2(), change{path: "deletionProtection", to: gone{}}), "", nil},
		{runIngress, "version 1", changed(v1(), change{path: `metadata.annotations["run.googleapis.com/ingress"]`, to: "all"}),
			`metadata.annotations["run.googleapis.com/ingress"]`, "internal"},
		{runIngress, "version 2", changed(v2(), change{path: "ingress", to: "INGRESS_TRAFFIC_ALL"}), "ingress", "INGRESS_TRAFFIC_INTERNAL_ONLY"},
		{runIngress, "a function", res(functionV2, ct.Properties{"serviceConfig": object{"ingressSettings": "ALLOW_ALL"}}),
			"serviceConfig.ingressSettings", "ALLOW_INTERNAL_ONLY"},
		{runMaxInstances, "by hand, at the cap", changed(v2(), change{path: "scaling.manualInstanceCount", to: 5}), "", nil},
		{runTimeoutConcurrency, "version 1 at the bounds", changed(v1(), change{path: "template.spec.timeoutSeconds", to: 900},
			change{path: "template.spec.containerConcurrency", to: 250}), "", nil},
		{runTimeoutConcurrency, "version 2 at the bounds", changed(v2(), change{path: "template.timeout", to: "900s"},
			change{path: "template.maxInstanceRequestConcurrency", to: 250}), "", nil},
	} {
		t.Run(test.policy.Name+"/"+test.name, func(t *testing.T) {
			t.Parallel()
			c := alone(t, test.policy, `"enforcementLevel": "remediate"`)
			got, did := c.Remediate(test.given)
			if test.path == "" {
				assert.Empty(t, did.Policies)
				return
			}
			assert.Equal(t, test.want, get(got, test.path))
			assert.Equal(t, []string{test.policy.Name}, did.Policies)
		})
	}
}
