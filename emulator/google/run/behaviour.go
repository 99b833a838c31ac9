package run

import (
	"fmt"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// Behaviour is how the simulated containers of one image digest behave. The zero value is healthy.
type Behaviour struct {
	// ErrorRate is the share of requests answered with 500, 0-1.
	ErrorRate float64 `json:"errorRate,omitempty"`
	// Latency is added to every answer.
	Latency time.Duration `json:"latency,omitempty"`
	// Startup is how long a new revision takes until it is ready, or fails its startup probe.
	Startup time.Duration `json:"startup,omitempty"`
	// NeverReady makes a new revision fail its startup probe.
	NeverReady bool `json:"neverReady,omitempty"`
	// Path is the one path whose requests fail or are late; the others are healthy. Default: all paths.
	Path string `json:"path,omitempty"`
}

// At is how a request of the path is answered.
func (b Behaviour) At(path string) Behaviour {
	if b.Path != "" && b.Path != path {
		b.ErrorRate, b.Latency = 0, 0
	}
	return b
}

// Check refuses what makes no sense as the behaviour of a digest.
func (b Behaviour) Check(digest string) error {
	if !strings.HasPrefix(digest, "sha256:") || b.ErrorRate < 0 || b.ErrorRate > 1 || b.Latency < 0 || b.Startup < 0 ||
		b.Path != "" && !strings.HasPrefix(b.Path, "/") {
		return fmt.Errorf("behaviour of %q: want a digest sha256:..., an error rate between 0 and 1, a latency and a startup that are not "+
			"negative, and a path that begins with /", digest)
	}
	return nil
}

const behaviourPrefix = "behaviour:"

// SetBehaviour makes containers of the digest (sha256:...) behave so from now on, also after a restart. It does not
// change the fate of revisions that were started already.
func (a *API) SetBehaviour(digest string, b Behaviour) error {
	if err := b.Check(digest); err != nil {
		return err
	}
	return a.server.Update(func(q *rest.Request) error {
		return q.Tx.Put(behaviourPrefix+digest, store.Document{"errorRate": b.ErrorRate, "latency": b.Latency.String(),
			"startup": b.Startup.String(), "neverReady": b.NeverReady, "path": b.Path})
	})
}

// Behaviour is what was set for the digest, healthy by default.
func (a *API) Behaviour(digest string) Behaviour {
	var b Behaviour
	_ = a.server.View(func(q *rest.Request) error { // the view itself cannot fail but for a closed store
		b = behaviour(q, digest)
		return nil
	})
	return b
}

func behaviour(q *rest.Request, digest string) Behaviour {
	document := q.Tx.Get(behaviourPrefix + digest)
	latency, _ := time.ParseDuration(doc.Text(document, "latency"))
	startup, _ := time.ParseDuration(doc.Text(document, "startup"))
	return Behaviour{ErrorRate: doc.Number(document, "errorRate"), Latency: latency, Startup: startup,
		NeverReady: doc.Flag(document, "neverReady"), Path: doc.Text(document, "path")}
}

// Digest is the digest in an image reference, "" when the image is not referred to by one.
func Digest(image string) string {
	_, digest, _ := strings.Cut(image, "@")
	return digest
}
