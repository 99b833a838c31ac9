package run

import (
	"fmt"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// Behaviour says how the emulated containers of one image digest behave. The zero value is healthy.
type Behaviour struct {
	// ErrorRate is the share of requests answered with 500, 0-1.
	ErrorRate float64 `json:"errorRate,omitempty"`
	// Latency is added to every answer.
	Latency time.Duration `json:"latency,omitempty"`
	// Startup is how long a new revision takes until it is ready or fails its startup probe.
	Startup time.Duration `json:"startup,omitempty"`
	// NeverReady makes a new revision fail its startup probe.
	NeverReady bool `json:"neverReady,omitempty"`
	// Path limits the behaviour to requests of this path. Requests of other paths are healthy. Default: all paths.
	Path string `json:"path,omitempty"`
}

// At returns the behaviour for requests of a path.
func (b Behaviour) At(path string) Behaviour {
	if b.Path != "" && b.Path != path {
		b.ErrorRate, b.Latency = 0, 0
	}
	return b
}

// Check refuses a behaviour that makes no sense, with all its mistakes. digest is for the error text.
func (b Behaviour) Check(digest string) error {
	var problems []string
	if !strings.HasPrefix(digest, "sha256:") {
		problems = append(problems, "it is no digest: use sha256:… or IMAGE@sha256:…")
	}
	if b.ErrorRate < 0 || b.ErrorRate > 1 {
		problems = append(problems, fmt.Sprintf("the error rate is %v: use 0 to 1", b.ErrorRate))
	}
	if b.Latency < 0 || b.Startup < 0 {
		problems = append(problems, fmt.Sprintf("the latency is %v and the startup %v: use times that are not negative", b.Latency, b.Startup))
	}
	if b.Path != "" && !strings.HasPrefix(b.Path, "/") {
		problems = append(problems, fmt.Sprintf("the path is %q: begin it with /", b.Path))
	}
	if len(problems) > 0 {
		return fmt.Errorf("behaviour of %q: %s", digest, strings.Join(problems, "; "))
	}
	return nil
}

const behaviourPrefix = "behaviour:"

// SetBehaviour sets how containers of the digest (sha256:...) behave from now on, also after a restart. Revisions that have
// already started keep their state.
func (a *API) SetBehaviour(digest string, b Behaviour) error {
	if err := b.Check(digest); err != nil {
		return err
	}
	return a.server.Update(func(q *rest.Request) error {
		return q.Tx.Put(behaviourPrefix+digest, store.Document{"errorRate": b.ErrorRate, "latency": b.Latency.String(),
			"startup": b.Startup.String(), "neverReady": b.NeverReady, "path": b.Path})
	})
}

// Behaviour returns the behaviour that was set for the digest, by default a healthy one.
func (a *API) Behaviour(digest string) Behaviour {
	var b Behaviour
	_ = a.server.View(func(q *rest.Request) error { // fails only if the store is closed
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

// Digest returns the digest in an image reference, or "" if the reference has no digest.
func Digest(image string) string {
	_, digest, _ := strings.Cut(image, "@")
	return digest
}
