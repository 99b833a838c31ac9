package registry

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// copying is one promotion's copy of a verified graph from the source to the target.
type copying struct {
	source, target *repository
	graph          *graph
	rehashAll      bool

	mu    sync.Mutex
	tally struct {
		Transfer
		put   []manifest // manifests this run wrote
		moved []blob     // blobs this run sent
	}
}

func (c *copying) count(f func(*Transfer)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.tally.Transfer)
}

// run copies in the order that keeps the target consistent at every moment: first blobs, then each manifest after
// everything that it names, then the lists and the tags of signatures. The image's tag comes last, when everything that
// it reaches has been read back.
func (c *copying) run(ctx context.Context, tag string) error {
	if err := concurrently(ctx, c.graph.allBlobs(), c.blob); err != nil {
		return err
	}
	for _, n := range c.graph.order() {
		if err := c.manifest(ctx, n.manifest); err != nil {
			return err
		}
	}
	if err := c.readBack(ctx); err != nil {
		return err
	}
	for _, subject := range slices.Sorted(maps.Keys(c.graph.referrers)) {
		if err := c.list(ctx, subject); err != nil {
			return err
		}
	}
	for _, signature := range slices.Sorted(maps.Keys(c.graph.tags)) {
		if _, err := c.target.setTag(ctx, signature, c.graph.nodes[c.graph.tags[signature]].manifest); err != nil {
			return err
		}
	}
	written, err := c.target.setTag(ctx, tag, c.graph.nodes[c.graph.root].manifest)
	if err != nil {
		return err
	}
	c.target.log.Info("promoted", "repository", c.target.String(), "tag", tag, "digest", c.graph.root, "tagWritten", written,
		"movedBytes", c.tally.Moved, "mountedBytes", c.tally.Mounted, "presentBytes", c.tally.Present)
	return nil
}

// blob makes sure that a blob is at the target.
func (c *copying) blob(ctx context.Context, b blob) error {
	size, present, err := c.target.blobSize(ctx, b.digest)
	if err != nil {
		return err
	}
	if present {
		if size >= 0 && size != b.size {
			return fmt.Errorf("%s has blob %s with %d bytes and its manifest says %d: delete it there and promote again", c.target,
				b.digest, size, b.size)
		}
		c.count(func(t *Transfer) { t.Present += b.size })
		return nil
	}
	first := true
	return c.target.attempt(ctx, "upload blob "+b.digest, b.size, func(ctx context.Context) error {
		if !first {
			// The registry may have received everything although its answer was lost.
			if _, present, err := c.target.tryBlobSize(ctx, b.digest); err != nil || present {
				if present {
					c.sent(b)
				}
				return err
			}
		}
		first = false
		return c.send(ctx, b)
	})
}

// send mounts or uploads a blob, once.
func (c *copying) send(ctx context.Context, b blob) error {
	var mountFrom *repository
	if c.source.name.RegistryStr() == c.target.name.RegistryStr() {
		mountFrom = c.source
	}
	location, mounted, err := c.target.startUpload(ctx, b, mountFrom)
	if err != nil {
		return err
	}
	if mounted {
		c.count(func(t *Transfer) { t.Mounted += b.size })
		return nil
	}
	if err := c.source.login(ctx); err != nil {
		return err
	}
	content, err := c.source.openBlob(ctx, b)
	if err != nil {
		return &sourceError{source: c.source.String(), err: clean(err)}
	}
	defer content.Close()
	if err := c.target.finishUpload(ctx, location, b, content); err != nil {
		c.count(func(t *Transfer) { t.Resent += content.read })
		if content.err != nil {
			return &sourceError{source: c.source.String(), err: clean(content.err)}
		}
		return err
	}
	c.sent(b)
	return nil
}

func (c *copying) sent(b blob) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tally.Moved += b.size
	c.tally.moved = append(c.tally.moved, b)
}

// manifest makes sure that a manifest is at the target, under its digest.
func (c *copying) manifest(ctx context.Context, m manifest) error {
	_, err := c.target.manifest(ctx, m.digest)
	switch {
	case err == nil:
		c.tally.Present += m.size()
		c.tally.ReadBack += m.size()
		return nil
	case !isNotFound(err):
		return err
	}
	err = c.target.attempt(ctx, "write manifest "+m.digest, m.size(), func(ctx context.Context) error {
		return c.target.putManifest(ctx, m.digest, m)
	})
	if err != nil {
		return err
	}
	c.tally.Moved += m.size()
	c.tally.put = append(c.tally.put, m)
	return nil
}

// readBack reads from the target what this run wrote, and hashes it.
func (c *copying) readBack(ctx context.Context) error {
	blobs := c.tally.moved
	if c.rehashAll {
		blobs = c.graph.allBlobs()
	}
	err := concurrently(ctx, blobs, func(ctx context.Context, b blob) error {
		err := c.target.checkBlob(ctx, b)
		c.count(func(t *Transfer) { t.ReadBack += b.size })
		return err
	})
	if err != nil {
		return err
	}
	return concurrently(ctx, c.tally.put, func(ctx context.Context, m manifest) error {
		_, err := c.target.manifest(ctx, m.digest)
		c.count(func(t *Transfer) { t.ReadBack += m.size() })
		return err
	})
}

// sourceError says that an upload failed because its content could not be read from the source.
type sourceError struct {
	source string
	err    error
}

func (e *sourceError) Error() string  { return fmt.Sprintf("read it from %s: %v", e.source, e.err) }
func (e *sourceError) Unwrap() error  { return e.err }
func (e *sourceError) canRetry() bool { return retryable(e.err) }
