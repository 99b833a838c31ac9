package chains_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Each of these tests walks the whole chain from a repository of another shape, with what init wrote: pull request, main's build, a
// good and a bad deployment, rollback, infrastructure and drift. What all shapes have in common is checked in one of them.

// push returns the event of a push to the branch that deploys, with the changes since the last commit.
func (c *checkout) push() event {
	return event{name: "push", payload: map[string]any{"before": c.git("rev-parse", "HEAD")}}
}

// emergency starts platform-rollback.yml.
func emergency(stack, service string) event {
	return event{name: "workflow_dispatch", payload: map[string]any{"inputs": map[string]any{"stack": stack, "service": service}}}
}

// bad releases an image whose every answer is an error. The release is rolled back, and the revision that served before has all
// requests.
func (c *chain) bad(service, good string) {
	c.t.Helper()
	bad := c.builtAs(service, newImage(c.t))
	c.must("behaviour", bad, "--error-rate", "1")
	r := c.run("platform-release.yml", deployment("dev", bad).with("service", service))
	if r.ok {
		c.t.Errorf("the run of a bad image succeeded\n%v", r)
	}
	c.servesIn("dev", service, good, r)
	for _, wanted := range []string{"rolled back", "## Release of " + service + " to dev: failure", "Digest `" + bad,
		"What to do: docs/pipeline.md#a-deployment-failed"} {
		if !strings.Contains(r.log, wanted) {
			c.t.Errorf("the log does not say %q\n%v", wanted, r)
		}
	}
	r = c.run("platform-rollback.yml", emergency("dev", service))
	if !r.ok || !strings.Contains(r.log, "already serves everything") {
		c.t.Errorf("what was taken back is taken back once more\n%v", r)
	}
	c.servesIn("dev", service, good, r)
}

func TestTheMonorepo(t *testing.T) {
	t.Parallel()
	of := newShape(t, monorepo)
	of.withPnpm()
	of.commitWithHooks(of.message)
	c := newChainOf(of, "dev", "staging", "prod")
	c.pnpm("runs-nothing")

	// A pull request renames a service. Its comment says what is lost, for that stack only.
	base := c.git("rev-parse", "HEAD")
	c.git("checkout", "--quiet", "-b", "feature")
	rename := strings.NewReplacer(of.of.name+"-web", of.of.name+"-site")
	c.edit("Pulumi.staging.yaml", rename.Replace)
	c.edit("policy/staging.json", rename.Replace)
	c.commit("feat: another name")
	body := c.previews(base, "dev", "staging", "prod")
	if !strings.Contains(body, "This change deletes these for good in staging:") ||
		!strings.Contains(body, "replaced: the service `service-web-service`: its address") ||
		!strings.Contains(body, "/docs/howto/region.md)") {
		t.Errorf("the comment does not say what the new name replaces:\n%s", body)
	}
	if strings.Count(body, "> [!CAUTION]") != 1 {
		t.Errorf("a stack that keeps everything is warned:\n%s", body)
	}
	if gone := c.read("artifacts/preview-prod/prod.gone"); gone != "" {
		t.Errorf("prod would lose %s", gone)
	}
	c.git("checkout", "--quiet", "main")

	// On main the one build is scanned, attested and deployed to dev by its digest. An image that the scan refuses is neither
	// attested nor deployed. A variable reaches dev with the release.
	image := newImage(t)
	good := c.builtOf(image)
	c.layout(image)
	push := c.push()
	c.write("packages/web/src/other.js", "export const other = 1;\n")
	c.routine("dev", "web", "debug")
	c.commit("feat: a critical finding")
	c.answer("vulnerability", "CRITICAL")
	r := c.run("platform-ci.yml", push)
	want := map[string]string{"changes": success, "check/settings": success, "lint": success, "test": success, "compile": success,
		"image/settings": success,
		"image/build":    success, "image/scan": failure}
	if r.ok || !maps.Equal(r.results, want) {
		t.Errorf("%v, want %v\n%v", r.results, want, r)
	}
	if calls := c.calls(); strings.Contains(calls, "actions/attest") || strings.Contains(calls, "skopeo") || strings.Contains(calls,
		"pulumi") || !strings.Contains(calls, "upload-sarif") {
		t.Errorf("what the scan refused was published, attested or deployed, or nobody can read why:\n%s", calls)
	}
	c.serves("dev", sample, r)

	// The repository's own action with the name of a platform action is not used.
	c.write(".github/actions/setup-platform/action.yml", "name: evil\nruns:\n  using: composite\n  steps:\n    - shell: bash\n      run: "+
		"echo evil >> \"$CHAIN_KEPT/calls\"\n")
	c.commit("feat: an action of its own")
	c.answer("vulnerability", "MEDIUM")
	r = c.run("platform-ci.yml", push)
	if !r.ok || r.results["image/attest"] != success || r.results["ci-ok"] != success ||
		r.results["deploy-dev/deploy"] != success || strings.Contains(c.calls(), "evil") {
		t.Errorf("main did not deploy, or not by the platform\n%v", r)
	}
	c.serves("dev", good, r)
	if level, instances := c.level("dev", "web"), c.instances("dev", "web"); level != "debug" || instances != 3 {
		t.Errorf("the variable of dev is %q, and its instances are %d: they did not come with main's release\n%v", level, instances, r)
	}
	subject := c.dev.repository + "@" + good
	c.inOrder(r, "of packages/infra/docker/Dockerfile.web with cache none and GIT_COMMIT_SHA=", "aquasecurity/trivy-action sarif image",
		"github/codeql-action/upload-sarif", "aquasecurity/trivy-action spdx-json image",
		"google-github-actions/auth ci@dev", "skopeo copy docker://"+c.dev.repository+":git-", "google-github-actions/auth ci@dev",
		"docker login",
		"actions/attest provenance "+subject+" push=true", "actions/attest sbom.spdx.json "+subject+" push=true",
		"google-github-actions/auth deploy@dev", "gh attestation verify oci://"+subject,
		"pulumi/auth-actions "+of.of.owner+" team:"+of.of.name+"-dev",
		of.of.name+":platform.services.web.digest="+good, "release rollout")

	testDrift(t, c, good)
	testInfrastructure(t, c)
	c.settled("web")
	c.pnpm("runs-scripts") // They look at what init wrote.
	c.green()
}

func TestTheOrganization(t *testing.T) {
	t.Parallel()
	of := newShape(t, organization)
	c := newChainOf(of, "dev")
	of.commit(of.message)

	base := c.git("rev-parse", "HEAD")
	image := newImage(t)
	c.layout(image)
	c.write("services/web/index.html", "<h1>Our desk</h1>\n")
	head := c.commit("a change")
	r := c.run("platform-ci.yml", c.pullRequest(base, head, false))
	want := map[string]string{"changes": success, "check/settings": success, "scan-api/build": success, "scan-api/scan": success,
		"scan-web/build": success, "scan-web/scan": success, "ci-ok": success}
	if !r.ok || !maps.Equal(r.results, want) {
		t.Errorf("%v, want %v\n%v", r.results, want, r)
	}

	// Both services are built from their own Dockerfiles, and deployed one after the other.
	push := event{name: "push", payload: map[string]any{"before": base}}
	good := c.builtAs("api", image)
	c.builtAs("web", image)
	r = c.run("platform-ci.yml", push)
	if !r.ok || r.results["deploy-dev-api/deploy"] != success || r.results["deploy-dev-web/deploy"] != success {
		t.Errorf("main did not deploy both\n%v", r)
	}
	for _, call := range []string{"of services/api/Dockerfile with cache none and REVISION=", "of services/web/Dockerfile with cache none " +
		"and no arguments", "desk:platform.services.web.digest=" + good} {
		if !strings.Contains(c.calls(), call) {
			t.Errorf("%q was not called:\n%s", call, c.calls())
		}
	}
	c.servesIn("dev", "api", good, r)
	c.servesIn("dev", "web", good, r)

	release := func(digest string) run {
		return c.run("platform-release.yml", deployment("dev", digest).with("service", "api"))
	}
	r = release(c.dev.image("api").push(newImage(t)))
	if r.ok || !strings.Contains(r.log, "no Sigstore bundle refers to it") || strings.Contains(c.calls(), "pulumi up") {
		t.Errorf("what nobody attested was deployed, or not refused for that:\n%s\n%v", c.calls(), r)
	}
	c.bad("api", good)
	better := c.builtAs("api", newImage(t))
	if r = release(better); !r.ok {
		t.Errorf("the better image is not released\n%v", r)
	}
	c.servesIn("dev", "api", better, r)
	c.inOrder(r, "google-github-actions/auth deploy@dev", "gh attestation verify oci://"+c.dev.image("api").repository+"@"+better,
		"release verify", "pulumi/auth-actions acme team:desk-dev", "imageUser=node@"+better, "release guard", "pulumi up --yes",
		"release rollout", "release status", "actions/upload-artifact release-dev")
	if calls := c.calls(); strings.Contains(calls, "release rollback") {
		t.Errorf("what succeeded was taken back:\n%s", calls)
	}
	if r = c.run("platform-rollback.yml", emergency("dev", "api")); !r.ok {
		t.Errorf("the emergency did not end well\n%v", r)
	}
	c.servesIn("dev", "api", good, r)
	c.servesIn("dev", "web", good, r)
	if calls := c.calls(); strings.Contains(calls, "pulumi up") || strings.Contains(calls, "gh attestation") {
		t.Errorf("a rollback did more than give requests back:\n%s", calls)
	}

	// With one environment, nothing waits for another, and no drift is found.
	c.edit("Pulumi.dev.yaml", func(text string) string { return strings.Replace(text, "amount: 10", "amount: 25", 1) })
	r = c.run("platform-infrastructure.yml", event{name: "workflow_dispatch"})
	if want := called("infrastructure", map[string]string{"check": success, "dev": success}); !r.ok || !maps.Equal(r.results,
		want) || strings.Contains(r.log, "Changes of services of dev") {
		t.Errorf("%v, want %v\n%v", r.results, want, r)
	}
	c.drift("gh issue list", "gh issue create")
	c.settled("api")
}

func TestWithoutNode(t *testing.T) {
	t.Parallel()
	of := newShape(t, python)
	c := newChainOf(of, "dev", "staging")
	of.commit(of.message)

	base := c.git("rev-parse", "HEAD")
	image := newImage(t)
	c.layout(image)
	c.write("main.py", "print('changed')\n")
	head := c.commit("a change")
	r := c.run("platform-ci.yml", c.pullRequest(base, head, false))
	want := map[string]string{"changes": success, "check/settings": success, "scan/build": success, "scan/scan": success, "ci-ok": success}
	if !r.ok || !maps.Equal(r.results, want) || strings.Contains(c.calls(), "setup-node") {
		t.Errorf("%v, want %v\n%v", r.results, want, r)
	}

	good := c.builtOf(image)
	push := event{name: "push", payload: map[string]any{"before": base}}
	if r = c.run("platform-ci.yml", push); !r.ok {
		t.Errorf("main did not deploy\n%v", r)
	}
	c.serves("dev", good, r)

	staging := newStore(t, c.of)
	testPromotion(t, c, staging, good)

	// A variable of staging is not for the infrastructure workflow. Its summary says so, and names what applies the change: a
	// release of the serving image.
	c.routine("staging", "web", "debug")
	r = c.run("platform-infrastructure.yml", event{name: "workflow_dispatch"})
	if want := called("infrastructure", map[string]string{"check": success, "dev": success,
		"staging": success}); !r.ok || !maps.Equal(r.results, want) {
		t.Errorf("%v, want %v\n%v", r.results, want, r)
	}
	if level := c.level("staging", "web"); level != "" {
		t.Errorf("infrastructure changed what a service runs with, to %q\n%v", level, r)
	}
	named := regexp.MustCompile("serving digest again: `gh workflow run platform-release.yml -f stack=(staging) -f service=(web) -f " +
		"digest=(sha256:[0-9a-f]{64})`").FindStringSubmatch(r.log)
	if len(named) != 4 || named[3] != good || !strings.Contains(r.log, "### Changes of services of staging that need a release") {
		t.Fatalf("the summary names %q, want a release of %s\n%v", named, good, r)
	}
	c.drift("gh issue create", "gh issue close")
	if body := c.read("body"); !strings.Contains(body, named[0]) || strings.Contains(body, "### dev") {
		t.Errorf("the issue does not name what brings the settings, or names another stack:\n%s", body)
	}
	r = c.run("platform-release.yml", promotion(named[1], named[3], staging).with("service", named[2]))
	if !r.ok || r.results["release/describe"] != success || r.results["promote/promote"] != success {
		t.Errorf("the command of the summary does not bring the settings, by all gates\n%v", r)
	}
	c.serves("staging", good, r)
	if level := c.level("staging", "web"); level != "debug" {
		t.Errorf("the variable of staging is %q\n%v", level, r)
	}
	c.drift("gh issue close 7", "gh issue create")

	// A rollback restores the variable's value, which belongs to the revision.
	if r = c.run("platform-rollback.yml", emergency("staging", "web")); !r.ok {
		t.Errorf("the emergency did not end well\n%v", r)
	}
	c.serves("staging", good, r)
	if level := c.level("staging", "web"); level != "" {
		t.Errorf("the variable of staging is still %q\n%v", level, r)
	}
	c.settled("web")
}

// testPromotion promotes to staging. Staging gets a copy of what main built, by its digest, with the proof of where it was built.
// Without that proof, or if the copy fails, no tag is set and nothing is deployed. release/images tests what else is refused.
func testPromotion(t *testing.T, c *chain, staging *store, digest string) {
	elsewhere := newImage(t)
	none, branch := c.dev.push(newImage(t)), c.dev.push(elsewhere)
	c.dev.attest(c.signer, elsewhere, "refs/heads/feature")
	c.attested(branch, "refs/heads/feature")
	described, promoted := map[string]string{"check": success, "describe": failure}, map[string]string{"check": success, "describe": success,
		"promote/promote": failure}
	for _, test := range []struct {
		name, digest, says string
		full, kept         bool // full: the registry refuses writes; kept: GitHub has an attestation of main
		results            map[string]string
	}{
		{"without provenance", none, "HTTP 404", false, false, described},
		{"built on a branch", branch, `source ref: found "refs/heads/feature"`, false, false, described},
		{"built on a branch, by the registry", branch, `source ref: found "refs/heads/feature"`, false, true, promoted},
		{"a registry that refuses", digest, "or give this identity access to the repository", true, true, promoted},
	} {
		staging.Full.Store(test.full)
		if test.kept {
			c.attested(test.digest, c.ref())
		}
		r := c.run("platform-release.yml", promotion("staging", test.digest, staging))
		want := called("release", test.results)
		if r.ok || !maps.Equal(r.results, want) || !strings.Contains(r.log, test.says) {
			t.Errorf("%s: %v, want %v and a log that says %q\n%v", test.name, r.results, want, test.says, r)
		}
		if tags, referrers := staging.holds(test.digest); len(tags) > 0 || referrers > 0 {
			t.Errorf("%s: staging has %v and %d that refer to it, want nothing", test.name, tags, referrers)
		}
		if strings.Contains(c.calls(), "deploy@staging") || strings.Contains(c.calls(), "pulumi stack") {
			t.Errorf("%s: it went on:\n%s", test.name, c.calls())
		}
		c.serves("staging", sample, r)
	}
	staging.Full.Store(false)

	r := c.run("platform-release.yml", promotion("staging", digest, staging))
	if !r.ok || r.results["promote/promote"] != success || r.results["release/deploy"] != success {
		t.Errorf("it was not promoted and deployed\n%v", r)
	}
	c.serves("staging", digest, r)
	tags, referrers := staging.holds(digest)
	if tag := "release-" + digest[7:19]; !slices.Equal(names(tags), []string{tag}) || tags[tag] != digest || referrers != 1 {
		t.Errorf("staging has %v and %d that refer to it, want %s and its provenance", tags, referrers, tag)
	}
	for _, wanted := range []string{"## To approve: deploy of web in staging", "* Digest: `" + digest + "`",
		"* Built from: [0123456789abcdef0123456789abcdef01234567](",
		"started by dora", "* Serves now: `" + sample + "`, which nobody attested. So the changes since then are not known"} {
		if !strings.Contains(r.log, wanted) {
			t.Errorf("an approver is not told %q\n%v", wanted, r)
		}
	}
	c.inOrder(r, "google-github-actions/auth preview@staging", "release built", "google-github-actions/auth ci@staging", "release promote",
		"google-github-actions/auth deploy@staging",
		"gh attestation verify oci://"+staging.repository+"@"+digest, "platform.services.web.digest="+digest)
	if strings.Contains(c.calls(), "release approvals") || strings.Contains(c.calls(), "release sign") {
		t.Errorf("staging asked for prod's approvals or signature:\n%s", c.calls())
	}
}
