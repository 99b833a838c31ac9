package adopt_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/firstrun/adopt"
)

const (
	webPath  = "/projects/p/locations/l/services/web"
	pinned   = "/projects/p/secrets/mongodb-uri/versions/1"
	services = "/v1/projects/p/locations/-/services"
)

// web returns the planned service of [plannedService], changed by a patch. isNew says that it is not in the state.
func web(t *testing.T, isNew bool, patch string) adopt.Planned {
	t.Helper()
	return adopt.Planned{URN: "urn:pulumi:dev::shop::a$gcp:cloudrunv2/service:Service::service-web-service", New: isNew, Provider: providerURN,
		Type: "gcp:cloudrunv2/service:Service", Inputs: merged(object(t, plannedService), object(t, patch)).(map[string]any)}
}

// TestRefusals covers what the next `up` would fail on only after it had changed other things.
func TestRefusals(t *testing.T) {
	t.Parallel()
	const (
		byDigest = `{"image": "eu-docker.pkg.dev/p/r/web@sha256:1"}`
		keep     = "set the digest in the settings: `pulumi config set --path 'shop:platform.services.web.digest' sha256:…`"
		signing  = `{"binaryAuthorization": {"useDefault": true}}`
		unsigned = "the settings ask for signed images (binaryAuthorization), and nobody signed eu-docker.pkg.dev/p/r/web@sha256:1, which it runs"
		noteList = "/projects/p/notes/release/occurrences"
	)
	live := func(containers string) string {
		return `{"traffic": [{"revision": "web-1", "percent": 100}], "latestReadyRevision": "x/web-1", "template": {"containers": [` + containers + `]}}`
	}
	note := adopt.Planned{URN: "urn:x::note", Type: "gcp:containeranalysis/note:Note",
		Inputs: map[string]any{"project": "p", "name": "release"}}
	policy := func(pattern string) adopt.Planned {
		return adopt.Planned{URN: "urn:x::policy", Type: "gcp:binaryauthorization/policy:Policy", Inputs: map[string]any{
			"admissionWhitelistPatterns": []any{map[string]any{"namePattern": pattern}}}}
	}
	for name, test := range map[string]struct {
		plan    string
		more    []adopt.Planned
		answers map[string]string
		want    []adopt.Refusal
	}{
		"no service yet": {answers: map[string]string{}},
		"a version that is not there": {answers: map[string]string{pinned: "", "/projects/p/secrets/mongodb-uri": "{}"},
			want: []adopt.Refusal{{Resource: pinned[1:], Why: "the settings pin it and it is not there, so that no revision starts",
				Fix: "add it with `gcloud secrets versions add mongodb-uri --data-file=- --project p`, " +
					"or pin another in secrets.mongodb-uri.version"}}},
		"a secret that is not there": {answers: map[string]string{pinned: ""},
			want: []adopt.Refusal{{Resource: pinned[1:], Why: "the settings pin it and it is not there, so that no revision starts",
				Fix: "add it with `gcloud secrets create mongodb-uri --replication-policy automatic --project p` and " +
					"`gcloud secrets versions add mongodb-uri --data-file=- --project p`, or pin another in secrets.mongodb-uri.version"}}},
		"a version that two variables read": {answers: map[string]string{pinned: `{"state": "DISABLED"}`},
			plan: `{"template": {"containers": [{"image": "web@sha256:1", "envs": [
				{"name": "A", "valueSource": {"secretKeyRef": {"secret": "mongodb-uri", "version": "1"}}},
				{"name": "B", "valueSource": {"secretKeyRef": {"secret": "mongodb-uri", "version": "1"}}}]}]}}`,
			want: []adopt.Refusal{{Resource: pinned[1:], Why: "the settings pin it and it is disabled, so that no revision starts",
				Fix: "pin a version that is enabled in secrets.mongodb-uri.version"}}},
		"a version that is disabled": {answers: map[string]string{pinned: `{"state": "DISABLED"}`},
			want: []adopt.Refusal{{Resource: pinned[1:], Why: "the settings pin it and it is disabled, so that no revision starts",
				Fix: "pin a version that is enabled in secrets.mongodb-uri.version"}}},
		"a version that is destroyed": {answers: map[string]string{pinned: `{"state": "DESTROYED"}`},
			want: []adopt.Refusal{{Resource: pinned[1:], Why: "the settings pin it and it is destroyed, so that no revision starts",
				Fix: "pin a version that is enabled in secrets.mongodb-uri.version"}}},
		"an image to keep": {answers: map[string]string{webPath: live(byDigest)}},
		"an image by tag": {answers: map[string]string{webPath: live(`{"image": "web:latest"}`)},
			want: []adopt.Refusal{{Resource: webPath[1:], Why: "it runs web:latest, which is not by digest and may be another image tomorrow",
				Fix: "find out its digest with `gcloud run revisions describe web-1 --region l --project p --format 'value(status.imageDigest)'` " +
					"and set it with `pulumi config set --path 'shop:platform.services.web.digest' sha256:…`"}}},
		"an image that no tag names": {answers: map[string]string{webPath: live(`{"image": "web"}`)},
			want: []adopt.Refusal{{Resource: webPath[1:], Why: "it runs web, which is not by digest and may be another image tomorrow",
				Fix: "find out its digest with `gcloud run revisions describe web-1 --region l --project p --format 'value(status.imageDigest)'` " +
					"and set it with `pulumi config set --path 'shop:platform.services.web.digest' sha256:…`"}}},
		"two containers": {answers: map[string]string{webPath: live(byDigest + `, {"image": "b@sha256:2"}`)},
			want: []adopt.Refusal{{Resource: webPath[1:], Fix: keep,
				Why: "it has 2 containers and not exactly one has a port, so it is unclear which image to keep"}}},
		"two containers with ports": {answers: map[string]string{webPath: live(`{"image": "a", "ports": [{}]}, {"image": "b", "ports": [{}]}`)},
			want: []adopt.Refusal{{Resource: webPath[1:], Fix: keep,
				Why: "it has 2 containers and not exactly one has a port, so it is unclear which image to keep"}}},
		"a sidecar without a port": {answers: map[string]string{
			webPath: live(`{"image": "proxy"}, {"image": "web@sha256:1", "ports": [{"containerPort": 3000}]}`)}},
		"an image by tag, and a digest in the settings": {
			plan:    `{"template": {"containers": [{"image": "web@sha256:1"}]}}`,
			answers: map[string]string{webPath: live(`{"image": "web:latest"}`)}},
		"an image that nobody signed": {plan: signing, more: []adopt.Planned{note, policy("other@sha256:1")},
			answers: map[string]string{webPath: live(byDigest)},
			want: []adopt.Refusal{{Resource: webPath[1:], Why: unsigned,
				Fix: "leave binaryAuthorization out of the first run, or sign the image before (docs/runbooks/refused-image.md, Sign by hand)"}}},
		"a signed image": {plan: signing, more: []adopt.Planned{note},
			answers: map[string]string{webPath: live(byDigest), noteList: `{"occurrences": [{"name": "o"}]}`}},
		"an image that needs no signature": {plan: signing, more: []adopt.Planned{note, policy("eu-docker.pkg.dev/p/r/web@sha256:1")},
			answers: map[string]string{webPath: live(byDigest)}},
		"an image whose name only begins like one that needs none": {plan: signing,
			more:    []adopt.Planned{note, policy("eu-docker.pkg.dev/p/r/web")},
			answers: map[string]string{webPath: live(byDigest)},
			want: []adopt.Refusal{{Resource: webPath[1:], Why: unsigned,
				Fix: "leave binaryAuthorization out of the first run, or sign the image before (docs/runbooks/refused-image.md, Sign by hand)"}}},
		"images of another folder need no signature": {plan: signing, more: []adopt.Planned{note, policy("eu-docker.pkg.dev/other/**")},
			answers: map[string]string{webPath: live(byDigest)},
			want: []adopt.Refusal{{Resource: webPath[1:], Why: unsigned,
				Fix: "leave binaryAuthorization out of the first run, or sign the image before (docs/runbooks/refused-image.md, Sign by hand)"}}},
		"images of a folder that need no signature": {plan: signing, more: []adopt.Planned{note, policy("eu-docker.pkg.dev/p/**")},
			answers: map[string]string{webPath: live(byDigest)}},
		"an image that the live policy exempts already": {plan: signing, more: []adopt.Planned{note}, answers: map[string]string{
			webPath: `{"binaryAuthorization": {"useDefault": true}, "template": {"containers": [` + byDigest + `]}}`}},
		"a key without a version": {answers: map[string]string{"/projects/p/locations/l/keyRings/r/cryptoKeys/release": "{}",
			"/projects/p/locations/l/keyRings/r/cryptoKeys/release/cryptoKeyVersions": `{"cryptoKeyVersions": [{"state": "DESTROYED"}]}`},
			more: []adopt.Planned{{URN: "urn:x::key", New: true, Type: "gcp:kms/cryptoKey:CryptoKey",
				Inputs: map[string]any{"keyRing": "projects/p/locations/l/keyRings/r", "name": "release"}}},
			want: []adopt.Refusal{{Resource: "projects/p/locations/l/keyRings/r/cryptoKeys/release", Why: "none of its versions is enabled",
				Fix: "enable one, or name another ring in binaryAuthorization.keyRing: Cloud KMS never frees the name of a key"}}},
	} {
		answers := map[string]string{pinned: `{"state": "ENABLED"}`}
		maps.Copy(answers, test.answers)
		patch := "{}"
		if test.plan != "" {
			patch = test.plan
		}
		report, err := find(t, answers, append([]adopt.Planned{web(t, false, patch)}, test.more...)...)
		require.NoError(t, err, name)
		if test.want == nil {
			test.want = []adopt.Refusal{}
		}
		assert.Equal(t, test.want, report.Refused, name)
	}
}

// TestUnknownResourcesAreListed checks that resources which the settings do not name are listed, from all pages of the answers.
func TestUnknownResourcesAreListed(t *testing.T) {
	t.Parallel()
	item := func(name, region string) string {
		return `{"metadata": {"name": "` + name + `", "labels": {"cloud.googleapis.com/location": "` + region + `"}}}`
	}
	report, err := find(t, map[string]string{
		pinned: `{"state": "ENABLED"}`, webPath: `{"traffic": [{"revision": "web-1", "percent": 100}]}`,
		webPath + ":getIamPolicy": `{"bindings": [{"role": "roles/run.invoker", "members": ["allUsers", "user:a@example.com"]},
			{"role": "roles/run.admin", "members": ["user:b@example.com"]}]}`,
		services:                    `{"items": [` + item("web", "l") + `, ` + item("web", "m") + `], "metadata": {"continue": "next page"}}`,
		services + " next page":     `{"items": [` + item("admin", "l") + `], "metadata": {}}`,
		"/projects/p/secrets":       `{"secrets": [{"name": "projects/1/secrets/a"}], "nextPageToken": "2"}`,
		"/projects/p/secrets 2":     `{"secrets": [{"name": "projects/1/secrets/b"}], "nextPageToken": "3"}`,
		"/projects/p/secrets 3":     `{"secrets": [{"name": "projects/1/secrets/c"}]}`,
		"/projects/p/secrets/a":     `{"name": "projects/1/secrets/a"}`,
		"/projects/p/secrets/there": "",
	}, web(t, false, "{}"), secret("a"), adopt.Planned{URN: "urn:x::public", Type: "gcp:cloudrunv2/serviceIamMember:ServiceIamMember",
		Inputs: map[string]any{"name": "web", "role": "roles/run.invoker", "member": "allUsers"}})
	require.NoError(t, err)
	assert.Equal(t, []adopt.Unknown{
		{Resource: webPath[1:], What: "user:a@example.com has roles/run.invoker there, and keeps it"},
		{Resource: webPath[1:], What: "user:b@example.com has roles/run.admin there, and keeps it"},
		{Resource: "projects/p/locations/m/services/web",
			What: "a service of the same name in another region than l; it keeps its own address and its own requests"},
		{Resource: "projects/p/locations/l/services/admin", What: "a service that the settings do not name"},
		{Resource: "projects/p/secrets/b", What: "a secret that the settings do not name"},
		{Resource: "projects/p/secrets/c", What: "a secret that the settings do not name"},
	}, report.Unknown)
}

// TestExistingResourcesAreCompared covers a service whose secrets are at their latest versions, a job, and a GitHub environment.
func TestExistingResourcesAreCompared(t *testing.T) {
	t.Parallel()
	const jobPath = "/projects/p/locations/l/jobs/migrate"
	reads := func(secret, version string) string {
		return `{"name": "` + strings.ToUpper(
			secret) + `", "valueSource": {"secretKeyRef": {"secret": "` + secret + `", "version": "` + version + `"}}}`
	}
	service := web(t, false, `{"template": {"containers": [{"image": "web@sha256:1", "envs": [`+reads("a", "2")+`, `+reads("b", "1")+`,
		{"name": "NEW", "value": "x"}]}]}}`)
	job := adopt.Planned{URN: "urn:x::job-migrate-job", New: true, Type: "gcp:cloudrunv2/job:Job", Inputs: object(t, `{"project": "p",
		"location": "l", "name": "migrate", "template": {"template": {"containers": [{"image": "web@sha256:1", "envs": [`+reads("a", "2")+`,
		{"name": "NEW", "value": "x"}, {"name": "OTHER", "value": "x"}]}]}}}`)}
	gate := hub("e", "github:index/repositoryEnvironment:RepositoryEnvironment", map[string]any{"environment": "dev"})
	report, err := find(t, map[string]string{
		webPath: `{"traffic": [{"revision": "web-1", "percent": 100}], "ingress": "INGRESS_TRAFFIC_ALL", "labels": {"app": "shop"},
			"template": {"labels": {"app": "shop"}, "executionEnvironment": "EXECUTION_ENVIRONMENT_GEN2", "timeout": "300s",
				"maxInstanceRequestConcurrency": 80,
				"serviceAccount": "web@p.iam.gserviceaccount.com", "scaling": {"maxInstanceCount": 2}, "containers": [{"image": "web@sha256:1",
					"env": [` + reads("a", "latest") + `, ` + reads("b", "latest") + `, {"name": "PLAIN", "value": "x"}]}]}}`,
		"/projects/p/secrets/a/versions/latest": `{"name": "projects/1/secrets/a/versions/2"}`,
		"/projects/p/secrets/b/versions/latest": `{"name": "projects/1/secrets/b/versions/5"}`,
		"/projects/p/secrets/a/versions/2":      `{"state": "ENABLED"}`, "/projects/p/secrets/b/versions/1": `{"state": "ENABLED"}`,
		jobPath:                       `{"template": {"taskCount": 1, "template": {"containers": [{"image": "web@sha256:1", "env": [{"name": "A", "value": "x"}]}]}}}`,
		jobPath + ":getIamPolicy":     `{"bindings": [{"role": "roles/run.invoker", "members": ["user:a@example.com"]}]}`,
		"/repos/o/r":                  `{"id": 1}`,
		"/repos/o/r/environments/dev": `{"protection_rules": [{"type": "wait_timer", "wait_timer": 5}]}`,
	}, hubProvider(), gate, service, job)
	require.NoError(t, err)
	lines := map[string][]string{}
	for _, change := range report.Changes {
		lines[change.Resource] = append(lines[change.Resource], change.String())
	}
	assert.Equal(t, []string{"variable B: secret b at latest (version 5) becomes secret b version 1; secrets.b.version keeps it",
		"variable PLAIN: a plain value is taken away; services.web.environment.PLAIN keeps it"}, lines[webPath[1:]])
	assert.Equal(t, []string{"variable A: a plain value becomes secret a version 2; jobs.migrate.environment.A keeps it"}, lines[jobPath[1:]])
	assert.Equal(t, []string{"minutes to wait: 5 becomes 0; github.environments keeps it"}, lines["repos/o/r/environments/dev"])
	assert.Contains(t, report.Unknown,
		adopt.Unknown{Resource: jobPath[1:], What: "user:a@example.com has roles/run.invoker there, and keeps it"})
	assert.Empty(t, report.Refused)
	assert.Equal(t, []adopt.Addition{{Resource: jobPath[1:], What: []string{"variable NEW", "variable OTHER"}},
		{Resource: webPath[1:], What: []string{"variable NEW"}}}, report.Added)
	var ids []string
	for _, adoption := range report.Existing {
		ids = append(ids, adoption.ID)
	}
	assert.Equal(t, []string{jobPath[1:], "r:dev"}, ids)
}

// TestServiceInAnotherRegion checks the warning about settings with another region, which would make a second service next to the one
// that people use.
func TestServiceInAnotherRegion(t *testing.T) {
	t.Parallel()
	report, err := find(t, map[string]string{pinned: `{"state": "ENABLED"}`,
		services: `{"items": [{"metadata": {"name": "web", "labels": {"cloud.googleapis.com/location": "m"}}}]}`}, web(t, true, "{}"))
	require.NoError(t, err)
	assert.Equal(t, []adopt.Unknown{{Resource: "projects/p/locations/m/services/web",
		What: "a service of the same name, and none runs in l: `up` makes a second one there; project.region says where"}}, report.Unknown)
}

// TestFailedQuestionsAreAllNamed checks that every question is asked, and that the error names each that failed.
func TestFailedQuestionsAreAllNamed(t *testing.T) {
	t.Parallel()
	_, err := find(t, map[string]string{pinned: "denied", webPath: "down", services: "down", "/projects/p/secrets": "no JSON"},
		web(t, true, "{}"))
	assert.EqualError(t, err, "service-web-service: find out whether projects/p/locations/l/services/web exists: "+
		"answered 503 Service Unavailable\n"+
		"find out whether the version is there from projects/p/secrets/mongodb-uri/versions/1: answered 403 Forbidden\n"+
		"find out how it is set from projects/p/locations/l/services/web: answered 503 Service Unavailable\n"+
		"find out which services there are from projects/p/locations/-/services: answered 503 Service Unavailable\n"+
		"find out which secrets there are from projects/p/secrets: read the answer: invalid character 'o' in literal null (expecting 'u')")
}
