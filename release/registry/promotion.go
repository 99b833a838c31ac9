package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/google"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/guiofsaints/procureflow-platform/internal/wait"
)

// Promotion says what to copy, from where to where, and what the image has to fulfil.
type Promotion struct {
	// From and To are repositories, HOST/REPO without tag or digest. If both are the same, only the tag is new. Required.
	From, To string
	// Digest is the image's or index's manifest digest, sha256: and 64 lower-case hexadecimal digits. Required.
	Digest string
	// Tag is set at To after everything else. Required.
	Tag string
	// Verify returns the evidence of the digest's provenance, from the bundles next to it, or an error if that is not enough: see
	// provenance.Policy.Verify. Required.
	Verify func(digest string, bundles []Bundle) ([]Evidence, error)
	// AllowRootBecause is the reason why the image may run as root. Default empty: it may not.
	AllowRootBecause string
	// RehashAll reads every blob back from the target and hashes it, not only the ones that this run moved. Default false.
	RehashAll bool
	// Keychain finds credentials by repository. Default defaultKeychain.
	Keychain authn.Keychain
	// Transport carries the requests. Default: one like http.DefaultTransport.
	Transport http.RoundTripper
	// Sleep waits between attempts. It returns the context's error if the context ends first. Default: real time.
	Sleep func(context.Context, time.Duration) error
	// Log gets a line per step and per repeated request. Default: no log.
	Log *slog.Logger
}

// defaultKeychain finds credentials in Docker's files and, for Google's registries, through gcloud and the metadata server.
func defaultKeychain() authn.Keychain {
	return authn.NewMultiKeychain(authn.DefaultKeychain, google.Keychain)
}

// Result says what a promotion found and did.
type Result struct {
	// Image is what to deploy: HOST/REPO@sha256:….
	Image string `json:"image"`
	// Digest and Tag are the promotion's.
	Digest string `json:"digest"`
	Tag    string `json:"tag"`
	// AlreadyTagged says that the tag already named the digest.
	AlreadyTagged bool `json:"alreadyTagged"`
	// Platforms are the images that can run, each with its user. They are the evidence for rules about root.
	Platforms []Platform `json:"platforms"`
	// Provenance is what was verified before the copy, one entry for each kind of attestation that was asked for.
	Provenance []Evidence `json:"provenance"`
	// Manifests counts everything that belongs to the image. Referrers counts those manifests that refer to another.
	Manifests int `json:"manifests"`
	Referrers int `json:"referrers"`
	// Transfer counts the bytes that were moved.
	Transfer Transfer `json:"transfer"`
}

// Bundle is one Sigstore bundle found next to an image.
type Bundle struct {
	// Name identifies the bundle in errors: the digest of the manifest that holds it.
	Name string
	// JSON is the bundle as it was pushed.
	JSON []byte
}

// Evidence is one attestation that was verified.
type Evidence struct {
	// Bundle is the verified bundle's name.
	Bundle string `json:"bundle"`
	// PredicateType is the kind of the attestation.
	PredicateType string `json:"predicateType"`
	// Repository is the source repository's URL. Commit is the git commit that the workflow ran on.
	Repository string `json:"repository"`
	Commit     string `json:"commit"`
	// Ref is the git ref that the workflow ran on.
	Ref string `json:"ref"`
	// Builder is the workflow that signed, as URL@REF.
	Builder string `json:"builder"`
	// Run is the URL of the workflow run.
	Run string `json:"run"`
	// SignedAt is when a log or a timestamp authority confirmed the signature.
	SignedAt time.Time `json:"signedAt"`
}

// Transfer counts the bytes of blobs and manifests that a promotion moved.
type Transfer struct {
	// Moved counts the bytes that went once from the source through this program to the target.
	Moved int64 `json:"movedBytes"`
	// Mounted counts the bytes that the target took over from the source's repository in the same registry.
	Mounted int64 `json:"mountedBytes"`
	// Present counts the bytes that were at the target before.
	Present int64 `json:"presentBytes"`
	// Resent counts the bytes of uploads that failed and were repeated.
	Resent int64 `json:"resentBytes"`
	// ReadBack counts the bytes that were read from the target after the copy and hashed.
	ReadBack int64 `json:"readBackBytes"`
}

// Promote verifies a digest at its source and copies it, with everything that belongs to it, to the target; then it sets the tag. The
// package's documentation says what is true when it returns without an error. It can be repeated: content at the target is not moved
// again, and a tag that names the digest already is a success.
//
// It returns these errors:
//   - an *ArgumentsError if the promotion itself is wrong; nothing was asked;
//   - a *TagTakenError if the tag names another digest; the tag may be taken while the copy runs;
//   - a *RootUserError if a platform runs as root and no reason is given; nothing was written;
//   - an error that wraps that of Verify, such as provenance.ErrUnproven, if the provenance is missing or wrong; nothing was written;
//   - a *RequestError if a registry refuses or keeps failing.
//
// The Result holds what was found out before the error.
func Promote(ctx context.Context, p Promotion) (Result, error) {
	result := Result{Digest: p.Digest, Tag: p.Tag}
	source, target, err := p.open()
	if err != nil {
		return result, fmt.Errorf("promote: %w", err)
	}
	result.Image = target.String() + "@" + p.Digest
	if err := p.run(ctx, source, target, &result); err != nil {
		return result, fmt.Errorf("promote %s@%s to %s:%s: %w", source, p.Digest, target, p.Tag, err)
	}
	return result, nil
}

// Verify makes a promotion's checks without the copy: it reads From and Digest, and checks provenance and users. It ignores
// To and Tag, and writes nothing. The Result's Image is the one at From. It returns the same errors as Promote.
func Verify(ctx context.Context, p Promotion) (Result, error) {
	p.To, p.Tag = p.From, "none"
	result := Result{Digest: p.Digest}
	source, _, err := p.open()
	if err != nil {
		return result, fmt.Errorf("verify: %w", err)
	}
	result.Image = source.String() + "@" + p.Digest
	g, err := discover(ctx, source, p.Digest)
	if err == nil {
		result.Manifests = len(g.nodes)
		err = p.admit(ctx, source, g, &result)
	}
	if err != nil {
		return result, fmt.Errorf("verify %s: %w", result.Image, err)
	}
	return result, nil
}

func (p Promotion) run(ctx context.Context, source, target *repository, result *Result) error {
	existing, present, err := target.tag(ctx, p.Tag)
	if err != nil {
		return err
	}
	if present && existing.digest != p.Digest {
		return &TagTakenError{Repository: target.String(), Tag: p.Tag, Existing: existing.digest, Wanted: p.Digest}
	}
	result.AlreadyTagged = present
	g, err := discover(ctx, source, p.Digest)
	if err != nil {
		return err
	}
	result.Manifests = len(g.nodes)
	for _, referrers := range g.referrers {
		result.Referrers += len(referrers)
	}
	if err := p.admit(ctx, source, g, result); err != nil {
		return err
	}
	for _, tag := range slices.Sorted(maps.Keys(g.tags)) {
		if _, err := target.compare(ctx, tag, g.tags[tag]); err != nil {
			return err
		}
	}
	c := &copying{source: source, target: target, graph: g, rehashAll: p.RehashAll}
	err = c.run(ctx, p.Tag)
	result.Transfer = c.tally.Transfer
	return err
}

// admit decides whether the image may be copied. It writes nothing.
func (p Promotion) admit(ctx context.Context, source *repository, g *graph, result *Result) (err error) {
	bundles, err := bundlesOf(ctx, source, g)
	if err != nil {
		return err
	}
	if result.Provenance, err = p.Verify(p.Digest, bundles); err != nil {
		return err
	}
	if result.Platforms, err = platforms(ctx, source, g); err != nil {
		return err
	}
	var root []Platform
	for _, platform := range result.Platforms {
		if platform.Root {
			root = append(root, platform)
		}
	}
	if len(root) > 0 && p.AllowRootBecause == "" {
		return &RootUserError{Digest: p.Digest, Platforms: root}
	}
	return nil
}

// bundlesOf reads the Sigstore bundles that refer to the promoted digest itself.
func bundlesOf(ctx context.Context, source *repository, g *graph) (bundles []Bundle, err error) {
	for _, referrer := range g.referrers[g.root] {
		n := g.nodes[referrer]
		if n.image == nil {
			continue
		}
		for _, layer := range n.image.Layers {
			if !strings.HasPrefix(string(layer.MediaType), "application/vnd.dev.sigstore.bundle") {
				continue
			}
			raw, err := source.smallBlob(ctx, blob{digest: layer.Digest.String(), size: layer.Size})
			if err != nil {
				return nil, err
			}
			bundles = append(bundles, Bundle{Name: referrer, JSON: raw})
		}
	}
	return bundles, nil
}

var tagPattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)

// open checks all arguments and makes the clients of both ends. It sends nothing.
func (p Promotion) open() (source, target *repository, err error) {
	var problems []error
	if !isDigest(p.Digest) {
		problems = append(problems, fmt.Errorf("digest is %q; give sha256: and 64 lower-case hexadecimal digits: a tag can move between "+
			"the check and the copy", p.Digest))
	}
	switch {
	case !tagPattern.MatchString(p.Tag):
		problems = append(problems,
			fmt.Errorf("tag is %q; give letters, digits, '_', '.' and '-', at most 128, and none of '.' and '-' first", p.Tag))
	case reservedTag.MatchString(p.Tag):
		problems = append(problems, fmt.Errorf("tag is %q; tags of this form belong to signatures and lists of referrers", p.Tag))
	}
	from, err := parseRepository("from", p.From)
	problems = append(problems, err)
	to, err := parseRepository("to", p.To)
	problems = append(problems, err)
	if p.Verify == nil {
		problems = append(problems, errors.New("nothing verifies the provenance; give a policy's Verify"))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, nil, &ArgumentsError{err}
	}
	sameRegistry := from.RegistryStr() == to.RegistryStr()
	toScopes := []string{to.Scope(transport.PushScope)}
	if sameRegistry && from != to {
		toScopes = append(toScopes, from.Scope(transport.PullScope)) // to mount from it
	}
	return p.end(from, []string{from.Scope(transport.PullScope)}), p.end(to, toScopes), nil
}

var reservedTag = regexp.MustCompile(`^sha256-[0-9a-f]{64}`)

func parseRepository(key, value string) (name.Repository, error) {
	repository, err := name.NewRepository(value, name.StrictValidation)
	if err != nil || strings.ContainsAny(value, "@") || !strings.Contains(value, "/") {
		return name.Repository{}, fmt.Errorf("%s is %q; give HOST/REPOSITORY without tag or digest", key, value)
	}
	return repository, nil
}

func (p Promotion) end(repo name.Repository, scopes []string) *repository {
	r := &repository{name: repo, scopes: scopes, keychain: p.Keychain, base: p.Transport, sleep: p.Sleep, log: p.Log}
	if r.keychain == nil {
		r.keychain = defaultKeychain()
	}
	if r.base == nil {
		r.base = defaultTransport
	}
	if r.sleep == nil {
		r.sleep = wait.For
	}
	r.log = cmp.Or(r.log, slog.New(slog.DiscardHandler))
	return r
}

// defaultTransport keeps connections open for all requests of a promotion, and bounds the wait for an answer to begin.
var defaultTransport = func() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = time.Minute
	t.MaxIdleConnsPerHost = 2 * parallel
	return t
}()
