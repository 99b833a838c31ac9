package registry

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"
)

// startUpload begins an upload; location is where the content goes. With from, the registry is asked to take the blob from
// that repository of its own instead; it may, and then nothing is left to do, or it may not.
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

// finishUpload sends a blob's content to where startUpload said.
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

// checkAnswered compares the digest the registry computed, where it says so, with the expected one.
func checkAnswered(resp *http.Response, expected string) error {
	if found := resp.Header.Get("Docker-Content-Digest"); found != "" && found != expected {
		return &digestError{found: found, expected: expected}
	}
	return nil
}

// compare says whether a tag is there, as compareTag does, with repeated attempts.
func (r *repository) compare(ctx context.Context, tag, digest string) (there bool, err error) {
	err = r.attempt(ctx, "read tag "+tag, maxManifest, func(ctx context.Context) error {
		there, err = r.compareTag(ctx, tag, digest)
		return err
	})
	return there, err
}

// setTag makes a tag name a manifest that is there already. A tag that exists is left alone: that is fine when it names the
// manifest, and a TagTakenError otherwise. Every attempt looks first, for an answer that was lost may have been a success.
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
		return refuse("the registry took the tag and does not know it")
	})
	return written, err
}

// compareTag says whether a tag is there; a tag that names something else is a TagTakenError.
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
