package rules

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// findings is a stack, and all messages of one rule about it: first about each resource, then about all together.
type findings struct {
	policy    crossguard.Policy
	name      string
	resources []ct.Resource
	want      []string // nil if the stack passes
	config    string
}

// TestFindings covers the edges of conditions: the last value that passes, and the one condition of several that decides.
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

// alone starts a pack of one rule. config is the rule's part of a configuration file.
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
		of(allowedRegions, "a zone of the region, among other texts", nil, disk(ct.Properties{"name": "data", "type": "pd-ssd",
			"zone": "US-central1-A"})),
		of(allowedRegions, "a zone in a list is another property", nil, disk(ct.Properties{"zone": []any{"europe-west1-b"}})),
		{policy: allowedRegions, name: "a region of an allowed continent", config: `"regions": ["us"]`, resources: []ct.Resource{
			res(bucket, ct.Properties{"location": "us-central1"})}, want: []string{
			`location is "us-central1": use us, or add it to regions of allowed-regions in policy/STACK.json`}},

		of(arImmutableCleanup, "of another format", nil, res(repository, ct.Properties{"format": "MAVEN"})),
		of(arImmutableCleanup, "a mirror", nil, res(repository, ct.Properties{"format": "DOCKER", "mode": "REMOTE_REPOSITORY"})),
		of(arImmutableCleanup, "keeps of another package", []string{"cleanupPolicies[0].action deletes images of packages that no KEEP " +
			"covers: give the KEEP the same packageNamePrefixes, or none"}, images(deletes(object{"olderThan": "30d"}), keep(5, "api"))),
		of(arImmutableCleanup, "what is new", []string{"cleanupPolicies[0].condition.newerThan deletes new images, such as the one that runs: " +
			"use olderThan"}, images(deletes(object{"newerThan": "1d", "olderThan": "30d"}), keep(5))),
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
		of(runNoPlaintextSecrets, "a value in addition to a reference", []string{
			"template.containers[0].envs[0].name API_KEY is named like a secret and is a plain variable: " + useSecretManager},
			env(object{"name": "API_KEY", "value": "abc", "valueSource": object{"secretKeyRef": object{"secret": "key", "version": "1"}}})),
		of(runNoPlaintextSecrets, "what stands after an assignment", nil, arguments("--token=$(TOKEN)", "serve")),
		of(runNoPlaintextSecrets, "a flag after a flag", nil, arguments("--ask-password", "--verbose")),

		of(runBinauthz, "half a policy's name", []string{"binaryAuthorization.policy is projects/p/platforms/cloudRun/policies, which is " +
			"not a policy's name: write projects/PROJECT/platforms/cloudRun/policies/NAME, or set useDefault"},
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

// TestRemedies shows what each remedy corrects, and what it leaves alone.
func TestRemedies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		policy crossguard.Policy
		name   string
		given  ct.Resource
		path   string // the corrected property; "" if the resource is left alone
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
