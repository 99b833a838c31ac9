package cloud

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// Disturbance changes how the cloud carries out one request. The zero value changes nothing. What it says of a service
// is about the Cloud Run service in the request's path (see [ServiceOf]); other requests are not touched by it.
type Disturbance struct {
	// OperationDelay is how long the operation that the request starts runs, when it is longer than
	// [Options.OperationDelay].
	OperationDelay time.Duration
	// HoldTraffic leaves the split in effect: the desired one is stored, the service says that it is not ready, and the
	// next undisturbed write brings the two together.
	HoldTraffic bool
	// Conflict lets somebody else write the service just before the request, so that its etag is a new one.
	Conflict bool
	// LoseRevision is the short name of a revision of the service that is gone just before the request, traffic or not.
	LoseRevision string
	// MetricsLag is how far behind the answer to a read of time series is, when it is more than [Options.MetricsLag].
	MetricsLag time.Duration
}

type disturbanceKey struct{}

// Disturb returns the context of a request that is carried out so. A fault injector hands it to the handler it wraps.
func Disturb(ctx context.Context, d Disturbance) context.Context {
	return context.WithValue(ctx, disturbanceKey{}, d)
}

func disturbanceOf(ctx context.Context) Disturbance {
	d, _ := ctx.Value(disturbanceKey{}).(Disturbance)
	return d
}

// ServiceOf is the full name of the Cloud Run service that the request is about, "" when it is about none.
func ServiceOf(r *http.Request) string {
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(path) >= 8 && path[0] == "run" && path[1] == "v2" && path[2] == "projects" && path[4] == "locations" && path[6] == "services" {
		id, _, _ := strings.Cut(path[7], ":")
		return strings.Join(path[2:7], "/") + "/" + id
	}
	if region := regionOf(r.Host); region != "" && strings.HasPrefix(r.URL.Path, knativePrefix) && len(path) >= 7 && path[5] == "services" {
		return "projects/" + path[4] + "/locations/" + region + "/services/" + path[6]
	}
	return ""
}

func (q *request) operationDelay() time.Duration {
	return max(q.cloud.options.OperationDelay, q.disturbance.OperationDelay)
}

// disturb does what is to happen before the request. It is a transaction of its own: it stays when the request fails.
func (q *request) disturb(r *http.Request) error {
	service := ServiceOf(r)
	if service == "" || !q.disturbance.Conflict && q.disturbance.LoseRevision == "" {
		return nil
	}
	return q.cloud.store.Update(func(tx *store.Tx) error {
		n := name{kind: kindOf(runHost, runServices), segments: strings.Split(service, "/")}
		var found bool
		if n.project, found = findProject(tx, n.segments[1]); !found {
			return nil
		}
		n.segments[1] = n.project.id
		document := tx.Get(n.key())
		if document == nil {
			return nil
		}
		if q.disturbance.Conflict {
			document["etag"], document["updateTime"] = newEtag(q.cloud), timestamp(q.now)
			if err := tx.Put(n.key(), document); err != nil {
				return err
			}
		}
		lost := name{kind: kindOf(runHost, runRevisions), project: n.project,
			segments: slices.Concat(n.segments, []string{"revisions", q.disturbance.LoseRevision})}
		_, err := tx.Delete(lost.key()) // its template stays: a service that is written does not make it again
		return err
	})
}
