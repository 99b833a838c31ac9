package images

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/command"
	"github.com/guiofsaints/procureflow-platform/release/registry/provenance/provenancetest"
	"github.com/guiofsaints/procureflow-platform/release/registry/registrytest"
)

// shelf is a registry with an image of dev, and files that say whom to trust.
type shelf struct {
	t                   *testing.T
	from, to, digest    string
	image               v1.Image
	policy, root, dir   string
	signer              *provenancetest.Signer
	attestor, key, base string
	occurrences         []json.RawMessage
	signed              int
}

func newShelf(t *testing.T, user string) *shelf {
	t.Helper()
	host := registrytest.Serve(t).Host
	s := &shelf{t: t, from: host + "/dev/web", to: host + "/prod/web", image: registrytest.Image(t, "amd64", user), dir: t.TempDir(),
		attestor: "projects/prod/attestors/release",
		key:      "projects/prod/locations/us-central1/keyRings/release/cryptoKeys/attest/cryptoKeyVersions/1"}
	s.digest = registrytest.Push(t, s.from, s.image)
	var err error
	s.signer, err = provenancetest.NewSigner()
	require.NoError(t, err)
	trusted, err := s.signer.TrustedRootJSON()
	require.NoError(t, err)
	s.root, s.policy = filepath.Join(s.dir, "root.json"), filepath.Join(s.dir, "policy.yaml")
	require.NoError(t, os.WriteFile(s.root, trusted, 0o600))
	require.NoError(t, os.WriteFile(s.policy, []byte("repository: acme/shop\nrepositoryId: \"42\"\nworkflow: "+
		".github/workflows/ci.yml\nref: refs/heads/main\n"), 0o600))
	return s
}

// attest attaches build provenance that names the ref.
func (s *shelf) attest(ref string) {
	s.t.Helper()
	registrytest.Attest(s.t, s.from, s.image, s.signer, provenancetest.Build{Repository: "acme/shop", RepositoryID: "42",
		Workflow: ".github/workflows/ci.yml", Ref: ref, Commit: "0123456789abcdef0123456789abcdef01234567"})
}

func (s *shelf) run(verb string, arguments ...string) (int, string, string) {
	s.t.Helper()
	var out, errs bytes.Buffer
	arguments = append([]string{verb, "--provenance", s.policy, "--trusted-root", s.root}, arguments...)
	exit := command.Run(s.t.Context(), arguments, command.Streams{Out: &out, Err: &errs}, Commands)
	return exit, out.String(), errs.String()
}

func TestPromoteRecords(t *testing.T) {
	t.Parallel()
	s := newShelf(t, "node")
	outputs, record := filepath.Join(s.dir, "outputs"), filepath.Join(s.dir, "record.json")
	arguments := []string{"--digest", s.digest, "--from", s.from, "--to", s.to, "--tag", "v1", "--github-output", outputs, "--record", record}
	exit, _, errs := s.run("promote", arguments...)
	assert.Equal(t, command.ExitRefused, exit, errs)
	assert.NoFileExists(t, outputs)
	assert.NoFileExists(t, record)

	s.attest("refs/heads/main")
	require.NoError(t, os.WriteFile(outputs, []byte("before=1\n"), 0o600))
	exit, _, errs = s.run("promote", arguments...)
	require.Equal(t, command.ExitDone, exit, errs)
	written, err := os.ReadFile(outputs)
	require.NoError(t, err)
	assert.Equal(t, "before=1\nimage="+s.to+"@"+s.digest+"\ndigest="+s.digest+"\nimage-user=node@"+s.digest+
		"\ncommit=0123456789abcdef0123456789abcdef01234567\n", string(written))
	raw, err := os.ReadFile(record)
	require.NoError(t, err)
	var recorded struct {
		Platforms []struct {
			User string
			Root bool
		}
	}
	require.NoError(t, json.Unmarshal(raw, &recorded))
	require.Len(t, recorded.Platforms, 1)
	assert.Equal(t, "node", recorded.Platforms[0].User)
	assert.False(t, recorded.Platforms[0].Root)
}

// wroteNothing fails if the target has a tag.
func (s *shelf) wroteNothing() {
	s.t.Helper()
	response, err := http.Get("http://" + strings.Replace(s.to, "/", "/v2/", 1) + "/tags/list")
	require.NoError(s.t, err)
	assert.NoError(s.t, response.Body.Close())
	assert.Equal(s.t, http.StatusNotFound, response.StatusCode, "the target does not even exist")
}

// TestPromoteRefusesProvenance checks with Sigstore's own bundles that provenance has to be about this image, from this repository and of
// this signer, and that nothing is written without it.
func TestPromoteRefusesProvenance(t *testing.T) {
	t.Parallel()
	build := provenancetest.Build{Repository: "acme/shop", RepositoryID: "42", Workflow: ".github/workflows/ci.yml", Ref: "refs/heads/main",
		Commit: "0123456789abcdef0123456789abcdef01234567"}
	fork := build
	fork.RepositoryID = "43"
	for name, test := range map[string]struct {
		attest func(s *shelf)
		says   string
	}{
		"none": {func(*shelf) {}, "has no valid attestation https://slsa.dev/provenance/v1\n  no Sigstore bundle refers to it"},
		"of another repository": {func(s *shelf) { registrytest.Attest(t, s.from, s.image, s.signer, fork) },
			`source repository id: found "43", expected "42"`},
		"of another image": {func(s *shelf) {
			raw, err := s.signer.Attest(provenancetest.GitHub("sha256:"+strings.Repeat("0", 64), build))
			require.NoError(t, err)
			registrytest.Refer(t, s.from, s.image, raw)
		}, "signature: failed to verify signature: provided artifact digest does not match"},
		"of a signer whom nobody trusts": {func(s *shelf) {
			stranger, err := provenancetest.NewSigner()
			require.NoError(t, err)
			registrytest.Attest(t, s.from, s.image, stranger, build)
		}, "signature: "},
		"of one platform only": {func(s *shelf) {
			s.attest("refs/heads/main")
			s.digest = registrytest.Push(t, s.from, registrytest.Index(s.image))
		}, "no Sigstore bundle refers to it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t, "node")
			test.attest(s)
			exit, out, errs := s.run("promote", "--digest", s.digest, "--from", s.from, "--to", s.to, "--tag", "v1")
			assert.Equal(t, command.ExitRefused, exit, errs)
			assert.Contains(t, errs, test.says)
			assert.Empty(t, out)
			s.wroteNothing()
		})
	}
}

// TestPromoteOfAnImageThatDoesNotExist checks that it is a failure which says what to look at, and that nothing is written.
func TestPromoteOfAnImageThatDoesNotExist(t *testing.T) {
	t.Parallel()
	s := newShelf(t, "node")
	exit, out, errs := s.run("promote", "--digest", "sha256:"+strings.Repeat("1", 64), "--from", s.from, "--to", s.to, "--tag", "v1")
	assert.Equal(t, command.ExitFailed, exit, errs)
	assert.Contains(t, errs, "check the repository's name, and that the digest was pushed to it")
	assert.Empty(t, out)
	s.wroteNothing()
}

// TestBadDigestIsAUsageError checks that a wrong call is not reported as a registry's failure, which a retry might cure.
func TestBadDigestIsAUsageError(t *testing.T) {
	t.Parallel()
	s := newShelf(t, "node")
	for _, digest := range []string{"sha256:" + strings.Repeat("A", 64), "sha512:" + strings.Repeat("a", 128), strings.Repeat("a", 64),
		"latest", "sha256:"} {
		exit, _, errs := s.run("promote", "--digest", digest, "--from", s.from, "--to", s.to, "--tag", "v1")
		assert.Equal(t, command.ExitUsage, exit, errs)
		assert.Contains(t, errs, "give sha256: and 64 lower-case hexadecimal digits")
		exit, _, errs = s.run("verify", "--image", s.from+"@"+digest)
		assert.Equal(t, command.ExitUsage, exit, errs)
	}
	exit, _, errs := s.run("promote", "--digest", s.digest, "--from", s.from, "--to", s.to, "--tag", "-v1")
	assert.Equal(t, command.ExitUsage, exit, errs)
}

// TestPromoteRecordsNoForgedOutput checks that the name of an image's user cannot add an output.
func TestPromoteRecordsNoForgedOutput(t *testing.T) {
	t.Parallel()
	s := newShelf(t, "node\ndigest=sha256:evil")
	s.attest("refs/heads/main")
	outputs := filepath.Join(s.dir, "outputs")
	exit, _, errs := s.run("promote", "--digest", s.digest, "--from", s.from, "--to", s.to, "--tag", "v1", "--github-output", outputs)
	assert.Equal(t, command.ExitFailed, exit)
	assert.Contains(t, errs, "or a control character")
	assert.NoFileExists(t, outputs)
}

func TestVerifyCommand(t *testing.T) {
	t.Parallel()
	s := newShelf(t, "1001:1001")
	image := s.from + "@" + s.digest
	outputs := filepath.Join(s.dir, "outputs")
	exit, _, errs := s.run("verify", "--image", image, "--github-output", outputs)
	assert.Equal(t, command.ExitRefused, exit, errs)
	assert.Contains(t, errs, "no Sigstore bundle refers to it")
	assert.NoFileExists(t, outputs)

	s.attest("refs/heads/main")
	exit, out, errs := s.run("verify", "--image", image, "--github-output", outputs)
	require.Equal(t, command.ExitDone, exit, errs)
	assert.Equal(t, "verified "+image+": it runs as 1001:1001@"+s.digest+"\n", out)
	written, err := os.ReadFile(outputs)
	require.NoError(t, err)
	assert.Equal(t, "image="+image+"\ndigest="+s.digest+"\nimage-user=1001:1001@"+s.digest+
		"\ncommit=0123456789abcdef0123456789abcdef01234567\n", string(written))

	exit, _, errs = s.run("verify", "--image", s.from+":latest")
	assert.Equal(t, command.ExitUsage, exit)
	assert.Contains(t, errs, "a tag can name another image tomorrow")
}

func TestVerifyRefusesRoot(t *testing.T) {
	t.Parallel()
	s := newShelf(t, "")
	s.attest("refs/heads/main")
	exit, out, errs := s.run("verify", "--image", s.from+"@"+s.digest)
	assert.Equal(t, command.ExitRefused, exit, errs)
	assert.Empty(t, out)
	// With a reason in the policy the image is admitted, and reported as running as root. The rule run-nonroot then reports it.
	policy, err := os.ReadFile(s.policy)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(s.policy, append(policy, "allowRootBecause: a vendor's image\n"...), 0o600))
	exit, out, errs = s.run("verify", "--image", s.from+"@"+s.digest)
	require.Equal(t, command.ExitDone, exit, errs)
	assert.Contains(t, out, "it runs as root@"+s.digest)
}

// google serves what sign needs of the three APIs.
func (s *shelf) google() {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(s.t, err)
	der, err := x509.MarshalPKIXPublicKey(private.Public())
	require.NoError(s.t, err)
	key := map[string]any{"id": "//cloudkms.googleapis.com/v1/" + s.key,
		"pkixPublicKey": map[string]any{"signatureAlgorithm": "ECDSA_P256_SHA256",
			"publicKeyPem": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var answer any
		switch r.URL.Path {
		case "/v1/" + s.attestor:
			answer = map[string]any{"userOwnedGrafeasNote": map[string]any{"noteReference": "projects/prod/notes/release", "publicKeys": []any{key}}}
		case "/v1/projects/prod/notes/release/occurrences":
			answer = map[string]any{"occurrences": s.occurrences}
		case "/v1/" + s.key + ":asymmetricSign":
			s.signed++
			var asked struct{ Digest struct{ Sha256 []byte } }
			assert.NoError(s.t, json.NewDecoder(r.Body).Decode(&asked))
			signature, err := ecdsa.SignASN1(rand.Reader, private, asked.Digest.Sha256)
			assert.NoError(s.t, err)
			sum := crc32.Checksum(signature, crc32.MakeTable(crc32.Castagnoli))
			answer = map[string]any{"name": s.key, "verifiedDigestCrc32c": true, "signature": base64.StdEncoding.EncodeToString(signature),
				"signatureCrc32c": strconv.FormatUint(uint64(sum), 10)}
		case "/v1/projects/prod/occurrences":
			var made map[string]any
			assert.NoError(s.t, json.NewDecoder(r.Body).Decode(&made))
			made["name"] = "projects/prod/occurrences/1"
			raw, err := json.Marshal(made)
			assert.NoError(s.t, err)
			s.occurrences, answer = append(s.occurrences, raw), made
		}
		w.Header().Set("Content-Type", "application/json")
		assert.NoError(s.t, json.NewEncoder(w).Encode(answer))
	}))
	s.t.Cleanup(server.Close)
	s.base = server.URL
}

func TestSignCommand(t *testing.T) {
	t.Parallel()
	s := newShelf(t, "1000")
	s.google()
	image := s.from + "@" + s.digest
	arguments := []string{"--image", image, "--attestor", s.attestor, "--key", s.key,
		"--kms-endpoint", s.base, "--analysis-endpoint", s.base, "--binauthz-endpoint", s.base}

	// Nothing is signed without provenance, or with that of another branch.
	exit, _, errs := s.run("sign", arguments...)
	assert.Equal(t, command.ExitRefused, exit, errs)
	assert.Contains(t, errs, "no Sigstore bundle refers to it")
	s.attest("refs/heads/feature")
	exit, _, errs = s.run("sign", arguments...)
	assert.Equal(t, command.ExitRefused, exit, errs)
	assert.Contains(t, errs, `source ref: found "refs/heads/feature"`)
	assert.Zero(t, s.signed)
	assert.Empty(t, s.occurrences)

	s.attest("refs/heads/main")
	exit, out, errs := s.run("sign", arguments...)
	require.Equal(t, command.ExitDone, exit, errs)
	assert.Equal(t, image+" is attested: projects/prod/occurrences/1\n", out)
	exit, out, errs = s.run("sign", arguments...)
	require.Equal(t, command.ExitDone, exit, errs)
	assert.Equal(t, image+" was attested before: projects/prod/occurrences/1\n", out)
	assert.Equal(t, 1, s.signed)
	assert.Len(t, s.occurrences, 1)

	exit, _, errs = s.run("sign", "--image", s.from+":latest")
	assert.Equal(t, command.ExitUsage, exit)
	assert.Contains(t, errs, "a tag can name another image tomorrow")
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"promote":                   "promote needs --digest, --from, --to and --tag: --digest, --from, --to, --tag missing",
		"promote --digest sha256:1": "promote needs --digest, --from, --to and --tag: --from, --to, --tag missing",
		"promote --digest sha256:1 --from r/a --to r/b --tag v1 --provenance none.yaml": "none.yaml",
		"sign more": `takes no arguments, got more; usage: release sign`,
	} {
		var out, errs bytes.Buffer
		assert.Equal(t, command.ExitUsage, command.Run(t.Context(), strings.Fields(line), command.Streams{Out: &out, Err: &errs}, Commands))
		assert.Contains(t, errs.String(), want, line)
	}
}
