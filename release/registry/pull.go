package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/guiofsaints/procureflow-platform/internal/nextpage"
)

// maxManifest bounds a manifest, an image configuration or a list of referrers: 4 MiB, which the OCI distribution
// specification suggests and registries enforce.
const maxManifest = 4 << 20

// maxPages bounds a list of referrers whose pages never end.
const maxPages = 100

var acceptManifests = strings.Join([]string{
	string(types.OCIImageIndex), string(types.OCIManifestSchema1),
	string(types.DockerManifestList), string(types.DockerManifestSchema2),
}, ", ")

// manifest holds the bytes of an image's, an index's or an artifact's manifest, and their digest.
type manifest struct {
	digest    string
	mediaType types.MediaType
	raw       []byte
}

func (m manifest) size() int64 { return int64(len(m.raw)) }

// manifest reads a manifest by digest or tag. Bytes that do not hash to the digest are an error. For a manifest that
// does not exist, isNotFound holds for the error.
func (r *repository) manifest(ctx context.Context, reference string) (m manifest, err error) {
	err = r.attempt(ctx, "read manifest "+reference, maxManifest, func(ctx context.Context) error {
		m, err = r.tryManifest(ctx, reference)
		return err
	})
	return m, err
}

func (r *repository) tryManifest(ctx context.Context, reference string) (manifest, error) {
	resp, err := r.send(ctx, request{
		method: http.MethodGet, path: "manifests/" + reference,
		header: map[string]string{"Accept": acceptManifests}, expect: []int{http.StatusOK},
	})
	if err != nil {
		return manifest{}, err
	}
	defer resp.Body.Close()
	raw, err := readLimited(resp.Body)
	if err != nil {
		return manifest{}, err
	}
	found := hashOf(raw)
	expected := resp.Header.Get("Docker-Content-Digest")
	if isDigest(reference) {
		expected = reference
	}
	if isDigest(expected) && found != expected {
		return manifest{}, &digestError{found: found, expected: expected}
	}
	return manifest{digest: found, mediaType: mediaType(resp.Header), raw: raw}, nil
}

// tag reads the manifest that a tag names; present is false if there is no such tag.
func (r *repository) tag(ctx context.Context, tag string) (m manifest, present bool, err error) {
	m, err = r.manifest(ctx, tag)
	if isNotFound(err) {
		return manifest{}, false, nil
	}
	return m, err == nil, err
}

// referrers asks the referrers API which manifests name this one as their subject. supported is false if the registry
// lacks that API; then the tag sha256-HEX is the list.
func (r *repository) referrers(ctx context.Context, digest string) (list []v1.Descriptor, supported bool, err error) {
	err = r.attempt(ctx, "list referrers of "+digest, maxManifest, func(ctx context.Context) error {
		list, supported, err = r.tryReferrers(ctx, digest)
		return err
	})
	return list, supported, err
}

func (r *repository) tryReferrers(ctx context.Context, digest string) (list []v1.Descriptor, supported bool, err error) {
	query := request{
		method: http.MethodGet, path: "referrers/" + digest,
		header: map[string]string{"Accept": string(types.OCIImageIndex)},
		expect: []int{http.StatusOK, http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotAcceptable},
	}
	for range maxPages {
		page, next, err := r.referrersPage(ctx, query)
		if err != nil || page == nil {
			return nil, false, err
		}
		list = append(list, page.Manifests...)
		if next == "" {
			return list, true, nil
		}
		query.url, query.expect = next, []int{http.StatusOK}
	}
	return nil, false, refuse("the list of referrers has more than %d pages", maxPages)
}

// referrersPage reads one page; nil without an error means that there is no referrers API.
func (r *repository) referrersPage(ctx context.Context, query request) (page *v1.IndexManifest, next string, err error) {
	resp, err := r.send(ctx, query)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || mediaType(resp.Header) != types.OCIImageIndex {
		return nil, "", nil
	}
	raw, err := readLimited(resp.Body)
	if err != nil {
		return nil, "", err
	}
	page = &v1.IndexManifest{}
	if err := json.Unmarshal(raw, page); err != nil {
		return nil, "", refuse("the list of referrers is not an OCI index")
	}
	address, more, err := nextpage.Address(resp.Header)
	if err != nil {
		return nil, "", refuse("%v", err)
	}
	if more {
		next, err = r.follow(resp, address)
	}
	return page, next, err
}

// blobSize asks whether a blob exists, and for its size.
func (r *repository) blobSize(ctx context.Context, digest string) (size int64, present bool, err error) {
	err = r.attempt(ctx, "look for blob "+digest, 0, func(ctx context.Context) error {
		size, present, err = r.tryBlobSize(ctx, digest)
		return err
	})
	return size, present, err
}

func (r *repository) tryBlobSize(ctx context.Context, digest string) (int64, bool, error) {
	resp, err := r.send(ctx, request{
		method: http.MethodHead, path: "blobs/" + digest, expect: []int{http.StatusOK, http.StatusNotFound},
	})
	if err != nil {
		return 0, false, err
	}
	defer resp.Body.Close()
	return resp.ContentLength, resp.StatusCode == http.StatusOK, nil
}

// openBlob starts reading a blob. Its reader returns the last bytes only after it has checked digest and size, so that
// no consumer can take a wrong or truncated blob for a whole one.
func (r *repository) openBlob(ctx context.Context, blob blob) (*verified, error) {
	resp, err := r.send(ctx, request{
		method: http.MethodGet, path: "blobs/" + blob.digest, expect: []int{http.StatusOK},
	})
	if err != nil {
		return nil, err
	}
	return &verified{from: resp.Body, blob: blob, hash: sha256.New()}, nil
}

// checkBlob reads a whole blob and returns an error unless it has the digest and size.
func (r *repository) checkBlob(ctx context.Context, b blob) error {
	return r.attempt(ctx, "read back blob "+b.digest, b.size, func(ctx context.Context) error {
		body, err := r.openBlob(ctx, b)
		if err != nil {
			return err
		}
		defer body.Close()
		_, err = io.Copy(io.Discard, body)
		return err
	})
}

// smallBlob reads a blob, such as an image's configuration or a signature bundle, into memory.
func (r *repository) smallBlob(ctx context.Context, b blob) (content []byte, err error) {
	if b.size > maxManifest {
		return nil, refuse("%s: blob %s has %d bytes; at most %d are read", r, b.digest, b.size, maxManifest)
	}
	err = r.attempt(ctx, "read blob "+b.digest, b.size, func(ctx context.Context) error {
		body, err := r.openBlob(ctx, b)
		if err != nil {
			return err
		}
		defer body.Close()
		content, err = io.ReadAll(body)
		return err
	})
	return content, err
}

// blob is what a manifest says about a layer or a configuration.
type blob struct {
	digest string
	size   int64
}

// verified reads a blob and checks it meanwhile.
type verified struct {
	from io.ReadCloser
	blob blob
	hash hash.Hash
	read int64
	err  error // The cause of a failed read; an HTTP client that gets the reader rewrites the error.
}

// Read returns bytes, and the last of them only after the check.
func (v *verified) Read(p []byte) (int, error) {
	n, err := v.from.Read(p)
	v.hash.Write(p[:n])
	v.read += int64(n)
	switch {
	case v.read > v.blob.size:
		v.err = &sizeError{expected: v.blob.size, more: true}
	case err == io.EOF && v.read < v.blob.size:
		v.err = &sizeError{found: v.read, expected: v.blob.size}
	case err != nil && err != io.EOF:
		v.err = err
	case v.read == v.blob.size:
		if found := "sha256:" + hex.EncodeToString(v.hash.Sum(nil)); found != v.blob.digest {
			v.err = &digestError{found: found, expected: v.blob.digest}
		}
	}
	if v.err != nil {
		return 0, v.err
	}
	return n, err
}

// Close ends reading.
func (v *verified) Close() error { return v.from.Close() }

func readLimited(from io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(from, maxManifest+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxManifest {
		return nil, refuse("a manifest or list has more than %d bytes", maxManifest)
	}
	return raw, nil
}

func mediaType(header http.Header) types.MediaType {
	parsed, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return types.MediaType(parsed)
}

func hashOf(raw []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(raw)) }

var digestPattern = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

func isDigest(text string) bool { return digestPattern.MatchString(text) }
