package cloud

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
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
}

// Check refuses what makes no sense as the behaviour of a digest.
func (b Behaviour) Check(digest string) error {
	if !strings.HasPrefix(digest, "sha256:") || b.ErrorRate < 0 || b.ErrorRate > 1 || b.Latency < 0 || b.Startup < 0 {
		return fmt.Errorf("behaviour of %q: want a digest sha256:..., an error rate between 0 and 1, a latency and a startup that are "+
			"not negative", digest)
	}
	return nil
}

const behaviourPrefix = "behaviour:"

// SetBehaviour makes containers of the digest (sha256:...) behave so from now on, also after a restart. It does not
// change the fate of revisions that were started already.
func (c *Cloud) SetBehaviour(digest string, b Behaviour) error {
	if err := b.Check(digest); err != nil {
		return err
	}
	return c.store.Update(func(tx *store.Tx) error {
		return tx.Put(behaviourPrefix+digest, store.Document{"errorRate": b.ErrorRate, "latency": b.Latency.String(),
			"startup": b.Startup.String(), "neverReady": b.NeverReady})
	})
}

// Behaviour is what was set for the digest, healthy by default.
func (c *Cloud) Behaviour(digest string) Behaviour {
	var b Behaviour
	_ = c.store.View(func(tx *store.Tx) error { // the view itself cannot fail but for a closed store
		b = behaviour(tx, digest)
		return nil
	})
	return b
}

func behaviour(tx *store.Tx, digest string) Behaviour {
	document := tx.Get(behaviourPrefix + digest)
	latency, _ := time.ParseDuration(text(document, "latency"))
	startup, _ := time.ParseDuration(text(document, "startup"))
	return Behaviour{ErrorRate: number(document, "errorRate"), Latency: latency, Startup: startup, NeverReady: flag(document, "neverReady")}
}

// Digest is the digest in an image reference, "" when the image is not referred to by one.
func Digest(image string) string {
	_, digest, _ := strings.Cut(image, "@")
	return digest
}

// Service is a Cloud Run service as its front end sees it.
type Service struct {
	// Name is projects/P/locations/L/services/S; Project, Location and ID are its parts.
	Name, Project, Location, ID string
	// URI is the service's address in the real cloud.
	URI string
	// Public is true when anybody may call the service.
	Public bool
	// Internal is true when the service takes no requests from the internet.
	Internal bool
	// Traffic is the split in effect, by revision; entries with a tag are reachable by it.
	Traffic []run.Target
	// Revisions are the ready revisions by short name.
	Revisions map[string]Revision
}

// Revision is what serves.
type Revision struct {
	Name, Image string
	// Variables are the names of the environment variables, in order; values stay in the store.
	Variables []string
	// Timeout is a request's limit.
	Timeout time.Duration
}

// ErrNoService is returned by [Cloud.Service] when there is none of that name.
var ErrNoService = errors.New("no such service")

// Service reads one service. The error is [ErrNoService] when there is none.
func (c *Cloud) Service(fullName string) (Service, error) {
	if err := c.settle(c.now()); err != nil {
		return Service{}, err
	}
	var s Service
	err := c.store.View(func(tx *store.Tx) error {
		var err error
		s, err = c.service(tx, fullName)
		return err
	})
	return s, err
}

// Services are all services, by name.
func (c *Cloud) Services() []Service {
	var services []Service
	if err := c.settle(c.now()); err != nil {
		return nil
	}
	_ = c.store.View(func(tx *store.Tx) error {
		for _, key := range tx.List("//" + runHost + "/projects/") {
			if fullName := strings.TrimPrefix(key, "//"+runHost+"/"); strings.Count(fullName, "/") == 5 {
				if s, err := c.service(tx, fullName); err == nil {
					services = append(services, s)
				}
			}
		}
		return nil
	})
	return services
}

func (c *Cloud) service(tx *store.Tx, fullName string) (Service, error) {
	q := &request{cloud: c, tx: tx, now: c.now()}
	segments := strings.Split(fullName, "/")
	if len(segments) != 6 {
		return Service{}, fmt.Errorf("%w: %s", ErrNoService, fullName)
	}
	n := name{kind: kindOf(runHost, runServices), segments: segments}
	n.project, _ = findProject(tx, segments[1])
	document := q.get(n)
	if document == nil {
		return Service{}, fmt.Errorf("%w: %s", ErrNoService, fullName)
	}
	s := Service{Name: fullName, Project: segments[1], Location: segments[3], ID: segments[5], URI: text(document, "uri"),
		Revisions: map[string]Revision{}}
	s.Public = flag(document, "invokerIamDisabled") || q.holds(n, "allUsers", "roles/run.invoker", "roles/run.servicesInvoker")
	s.Internal = text(document, "ingress") != "INGRESS_TRAFFIC_ALL" || flag(document, "defaultUriDisabled")
	s.Traffic = run.Resolve(run.Targets(list(document, "trafficStatuses")), lastSegment(text(document, "latestReadyRevision")))
	for _, r := range q.children(name{kind: kindOf(runHost, runRevisions), project: n.project,
		segments: append(segments[:6:6], "revisions")}) {
		if revision := q.get(r); isReady(revision) {
			s.Revisions[r.id()] = viewRevision(r.id(), revision)
		}
	}
	return s, nil
}

func viewRevision(id string, document map[string]any) Revision {
	r := Revision{Name: id, Timeout: time.Duration(run.Seconds(document["timeout"]) * float64(time.Second))}
	for i, item := range list(document, "containers") {
		container := item.(map[string]any)
		if i > 0 && len(list(container, "ports")) == 0 {
			continue
		}
		r.Image = text(container, "image")
		for _, env := range list(container, "env") {
			r.Variables = append(r.Variables, text(env.(map[string]any), "name"))
		}
	}
	return r
}
