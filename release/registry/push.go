package registry

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"
)

// startUpload begins an upload and returns the location to send the content to. With from, it first asks the registry to take the blob
// from that repository of the same registry. mounted says that the registry did, and that nothing is left to send.
func (r *repository) startUpload(ctx context.Context, b blob, from *repository) (location string, mounted bool, err error) {
	path := "blobs/uploads/"
	if from != nil {
		path += "?" + url.Values{"mount": {b.digest}, "from": {from.name.RepositoryStr()}}.Encode()
	}
	resp, err := r.send(ctx, request{
		method: http.MethodPost, path: path, expect: []int{http.StatusCreated, http.StatusAccepted},
	})
	if err != nil {
		return "", false, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusCreated {
		return "", true, nil
	}
	location, err = r.follow(resp, resp.Header.Get("Location"))
	return location, false, err
}

// finishUpload sends a blob's content to the location that startUpload returned.
func (r *repository) finishUpload(ctx context.Context, location string, b blob, content *verified) error {
	mark := "?"
	if strings.Contains(location, "?") {
		mark = "&"
	}
	resp, err := r.send(ctx, request{
		method: http.MethodPut, url: location + mark + "digest=" + url.QueryEscape(b.digest),
		header: map[string]string{"Content-Type": "application/octet-stream"},
		body:   content, size: b.size, expect: []int{http.StatusCreated},
	})
	if content.err != nil {
		if err == nil {
			resp.Body.Close()
		}
		return content.err
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return checkAnswered(resp, b.digest)
}

// putManifest writes a manifest under its digest or a tag.
func (r *repository) putManifest(ctx context.Context, reference string, m manifest) error {
	resp, err := r.send(ctx, request{
		method: http.MethodPut, path: "manifests/" + reference,
		header: map[string]string{"Content-Type": string(m.mediaType)},
		body:   bytes.NewReader(m.raw), size: m.size(),
		expect: []int{http.StatusOK, http.StatusCreated, http.StatusAccepted},
	})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return checkAnswered(resp, m.digest)
}

// checkAnswered compares the digest that the registry computed, if it returned one, with the expected one.
func checkAnswered(resp *http.Response, expected string) error {
	if found := resp.Header.Get("Docker-Content-Digest"); found != "" && found != expected {
		return &digestError{found: found, expected: expected}
	}
	return nil
}

// compare does the same as compareTag, and repeats failed requests.
func (r *repository) compare(ctx context.Context, tag, digest string) (there bool, err error) {
	err = r.attempt(ctx, "read tag "+tag, maxManifest, func(ctx context.Context) error {
		there, err = r.compareTag(ctx, tag, digest)
		return err
	})
	return there, err
}

// setTag makes a tag name a manifest at the registry. It never moves an existing tag: a tag that names the manifest is fine, and any
// other is a TagTakenError. Every attempt reads the tag first, because an earlier attempt may have succeeded although its answer was
// lost.
func (r *repository) setTag(ctx context.Context, tag string, m manifest) (written bool, err error) {
	err = r.attempt(ctx, "set tag "+tag, m.size(), func(ctx context.Context) error {
		if there, err := r.compareTag(ctx, tag, m.digest); err != nil || there {
			return err
		}
		failed := r.putManifest(ctx, tag, m)
		there, err := r.compareTag(ctx, tag, m.digest)
		switch {
		case err != nil:
			return err
		case there:
			written = true
			return nil
		case failed != nil:
			return failed
		}
		return refuse("the registry took the tag and does not know it: promote again")
	})
	return written, err
}

// compareTag says whether a tag exists. It returns a TagTakenError if the tag names something else.
func (r *repository) compareTag(ctx context.Context, tag, digest string) (there bool, err error) {
	found, err := r.tryManifest(ctx, tag)
	switch {
	case isNotFound(err):
		return false, nil
	case err != nil:
		return false, err
	case found.digest != digest:
		return false, &TagTakenError{Repository: r.String(), Tag: tag, Existing: found.digest, Wanted: digest}
	}
	return true, nil
}
