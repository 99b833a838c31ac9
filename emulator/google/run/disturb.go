package run

import (
	"net/http"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/disturb"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// ServiceOf returns the full name of the service in the request's path, or "" if the path names no service.
func ServiceOf(r *http.Request) string {
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(path) >= 8 && path[0] == "run" && path[1] == "v2" && path[2] == "projects" && path[4] == "locations" && path[6] == "services" {
		id, _, _ := strings.Cut(path[7], ":")
		return strings.Join(path[2:7], "/") + "/" + id
	}
	if region := regionOf(r.Host); region != "" && strings.HasPrefix(r.URL.Path, v1Prefix) && len(path) >= 7 && path[5] == "services" {
		return "projects/" + path[4] + "/locations/" + region + "/services/" + path[6]
	}
	return ""
}

// disturb applies to a service the disturbance that is due just before the request.
func (a *API) disturb(r *http.Request) error {
	d, service := disturb.Of(r.Context()), ServiceOf(r)
	if service == "" || !d.Conflict && d.LoseRevision == "" {
		return nil
	}
	return a.server.Update(func(q *rest.Request) error {
		n, document := q.Find(Host, services, service)
		if document == nil {
			return nil
		}
		if d.Conflict {
			document["etag"], document["updateTime"] = q.IDs.Etag(), rest.Timestamp(q.Now)
			if err := q.Put(n, document); err != nil {
				return err
			}
		}
		return q.Tx.Delete(revisionOf(n, d.LoseRevision).Key()) // its template stays: a write does not make it again
	})
}
