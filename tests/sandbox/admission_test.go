package sandbox_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	release "github.com/guiofsaints/procureflow-platform/release/command"
	"github.com/guiofsaints/procureflow-platform/release/images"
	"github.com/guiofsaints/procureflow-platform/release/registry/provenance/provenancetest"
	"github.com/guiofsaints/procureflow-platform/release/registry/registrytest"
	"github.com/guiofsaints/procureflow-platform/sandbox/command"
)

// built is a registry with an image of two platforms, and the authority whose attestations count.
type built struct {
	t     *testing.T
	from  string
	index v1.ImageIndex
	// digest is the index's digest; platforms are those of its images.
	digest    string
	platforms []string
	signer    *provenancetest.Signer
	root      string
}

func build(t *testing.T) *built {
	t.Helper()
	b := &built{t: t, from: registrytest.Serve(t).Host + "/procureflow-dev/procureflow/web", root: filepath.Join(t.TempDir(), "root.jsonl")}
	amd, arm := registrytest.Image(t, "amd64", "1001"), registrytest.Image(t, "arm64", "1001")
	b.index = registrytest.Index(amd, arm)
	b.digest = registrytest.Push(t, b.from, b.index)
	for _, image := range []v1.Image{amd, arm} {
		digest, err := image.Digest()
		require.NoError(t, err)
		b.platforms = append(b.platforms, digest.String())
	}
	var err error
	b.signer, err = provenancetest.NewSigner()
	require.NoError(t, err)
	trusted, err := b.signer.TrustedRootJSON()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(b.root, trusted, 0o600))
	return b
}

// attest attaches the provenance that the platform's build.yml writes when platform-ci.yml on main calls it.
func (b *built) attest() {
	b.t.Helper()
	const commit = "0123456789abcdef0123456789abcdef01234567"
	registrytest.Attest(b.t, b.from, b.index, b.signer, provenancetest.Build{Repository: "guiofsaints/procureflow", RepositoryID: "100000001",
		Workflow: ".github/workflows/platform-ci.yml", Ref: "refs/heads/main", Commit: commit,
		Builder: "guiofsaints/procureflow-platform/.github/workflows/build.yml@" + commit})
}

// TestProdStartsOnlySignedImages checks that prod's Cloud Run refuses every image that `release sign` did not sign. The engine, the
// program, the signing command and the emulated cloud's check of the signature work together.
func TestProdStartsOnlySignedImages(t *testing.T) {
	t.Parallel()
	const (
		service  = "/run/v2/projects/procureflow-prod/locations/us-central1/services/procureflow-web"
		attestor = "projects/procureflow-prod/attestors/release"
		image    = "us-central1-docker.pkg.dev/procureflow-prod/procureflow/web"
	)
	b := build(t)
	s, _ := deployed(t, "prod")
	s.readAlike("prod") // Here, because prod alone has an attestor.
	_, before := s.api(http.MethodGet, service, nil)
	bootstrap := dig(before, "template", "revision").(string)
	assert.Equal(t, true, dig(before, "binaryAuthorization", "useDefault"))
	assert.Equal(t, "CONDITION_SUCCEEDED", dig(before, "terminalCondition", "state"), "the bootstrap image is exempt")

	deploy := func(attempt string) result {
		s.writeProject(func(_, content string) string {
			return strings.Replace(content, "        image: web\n", "        image: web\n        digest: "+b.digest+"\n        attempt: "+
				attempt+"\n", 1)
		})
		return s.run("up", "prod", "--skip-preview")
	}
	still := func() {
		t.Helper()
		_, now := s.api(http.MethodGet, service, nil)
		assert.Equal(t, "CONDITION_FAILED", dig(now, "terminalCondition", "state"))
		assert.Equal(t, before["trafficStatuses"], now["trafficStatuses"])
		assert.Contains(t, now["latestReadyRevision"], bootstrap, "the serving revision keeps its requests")
		status, body := s.get(s.status().Services[0].Address)
		assert.Equal(t, http.StatusOK, status)
		assert.Contains(t, body, bootstrap)
	}
	refused := func(of result) {
		t.Helper()
		assert.NotEqual(t, command.ExitDone, of.exit, "%s", of)
		assert.Contains(t, of.String(), "uses an unauthorized container image. Container image '"+image+"@"+b.digest+
			"' is not authorized by policy.")
		assert.Contains(t, of.String(), "denied by attestor "+attestor+
			": No attestations found that were valid and signed by a key trusted by the attestor")
		still()
	}
	refused(deploy("0"))

	sign := func() (int, string) {
		var out, errs bytes.Buffer
		api := s.status().API
		exit := release.Run(t.Context(), []string{"sign", "--image", image + "@" + b.digest, "--from", b.from, "--attestor", attestor,
			"--key", "projects/procureflow-prod/locations/us-central1/keyRings/attestation/cryptoKeys/release/cryptoKeyVersions/1",
			"--provenance", filepath.Join(s.dir, "provenance.yaml"), "--trusted-root", b.root,
			"--token-file", filepath.Join(s.state, "keys", "token"), "--kms-endpoint", api + "/kms/", "--analysis-endpoint", api +
				"/ca/", "--binauthz-endpoint", api + "/ba/",
		}, release.Streams{Out: &out, Err: &errs}, images.Commands)
		return exit, out.String() + errs.String()
	}
	exit, said := sign()
	assert.Equal(t, release.ExitRefused, exit, said)
	assert.Contains(t, said, "no Sigstore bundle refers to it")
	refused(deploy("1"))

	b.attest()
	exit, said = sign()
	require.Equal(t, release.ExitDone, exit, said)
	for _, digest := range append([]string{b.digest}, b.platforms...) {
		assert.Regexp(t, image+"@"+digest+` is attested: projects/procureflow-prod/occurrences/\d+\n`, said)
	}
	exit, said = sign()
	require.Equal(t, release.ExitDone, exit, said)
	assert.Equal(t, 3, strings.Count(said, "was attested before"), said)

	// The outcome of a revision is decided once, and the engine sees that the service asks for it already.
	assert.Contains(t, deploy("1").out, "Stack prod: no changes")
	still()
	up := deploy("2")
	require.Equal(t, command.ExitDone, up.exit, "%s", up)
	_, after := s.api(http.MethodGet, service, nil)
	assert.Equal(t, "CONDITION_SUCCEEDED", dig(after, "terminalCondition", "state"))
	assert.Equal(t, image+"@"+b.digest, dig(after, "template", "containers", 0, "image"))
	assert.Contains(t, after["latestReadyRevision"], dig(after, "template", "revision"))
	assert.Equal(t, before["trafficStatuses"], after["trafficStatuses"], "traffic is the controller's")
	s.unchanged("prod")
}
