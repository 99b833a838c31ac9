package engine

import (
	"bytes"
	"io"
	"regexp"
	"sync"
)

// heldPreview keeps back what the CLI prints while it previews, until the CLI begins to update. What the CLI prints on standard error is
// never lost: it says that once for both.
type heldPreview struct {
	to io.Writer

	mu sync.Mutex
	// all is what was held, in its order; out and errs are the same by stream.
	all, out, errs bytes.Buffer
	searched       int // the length of out's lines in which no update begins
	begun          bool
}

// updating is how the CLI's output of an update begins.
var updating = regexp.MustCompile(`(?m)^(\x1b\[[0-9;]*m)*Updating \(`)

type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(data []byte) (int, error) { return w(data) }

func (h *heldPreview) stdout() io.Writer {
	return writerFunc(func(data []byte) (int, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.begun {
			return h.to.Write(data)
		}
		h.all.Write(data)
		h.out.Write(data)
		text := h.out.Bytes()[h.searched:]
		at := updating.FindIndex(text)
		if at == nil {
			h.searched += bytes.LastIndexByte(text, '\n') + 1
			return len(data), nil
		}
		h.begun = true
		if _, err := h.errs.WriteTo(h.to); err != nil {
			return 0, err
		}
		_, err := h.to.Write(text[at[0]:])
		return len(data), err
	})
}

func (h *heldPreview) stderr() io.Writer {
	return writerFunc(func(data []byte) (int, error) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.begun {
			return h.to.Write(data)
		}
		h.errs.Write(data)
		return h.all.Write(data)
	})
}

// release prints what is held, if no update has begun.
func (h *heldPreview) release() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.begun {
		return nil
	}
	_, err := h.all.WriteTo(h.to)
	return err
}
