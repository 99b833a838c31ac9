package run

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// Service is a Cloud Run service as its front end sees it.
type Service struct {
	// Name is projects/P/locations/L/services/S. Project, Location and ID are its parts.
	Name, Project, Location, ID string
	// URI is the service's address in the real cloud.
	URI string
	// Public is true when anybody may call the service.
	Public bool
	// Internal is true when the service accepts no requests from the internet.
	Internal bool
	// Traffic is the split in effect, by revision. An entry with a tag can be reached by the tag.
	Traffic []Target
	// Revisions are the ready revisions by short name.
	Revisions map[string]Revision
}

// Revision is a revision that can serve requests.
type Revision struct {
	// Name is the short name. Image is the image of the container that takes the requests, by digest.
	Name, Image string
	// Variables are the names of the environment variables, in order. The values stay in the store.
	Variables []string
	// Timeout is the time limit of a request.
	Timeout time.Duration
	// Sticky says that the revision has session affinity.
	Sticky bool
	// Headers are the headers that a front adds to each answer. A front is a container that is started as `caddy reverse-proxy
	// --header-down "NAME: VALUE"`.
	Headers map[string]string
}

// errNoService is returned by [API.Service] if no service has that name.
var errNoService = errors.New("no such service")

// view is what a service looks like until something changes in the cloud.
type view struct {
	Service
	name rest.Name
	open bool // the service asks nobody for a permission
}

// Service reads one service. The error is [errNoService] if it does not exist. The caller must not change its revisions.
func (a *API) Service(fullName string) (Service, error) {
	var s Service
	err := a.server.View(func(q *rest.Request) error {
		seen, found := a.view(q, fullName)
		if !found {
			return fmt.Errorf("%w: %s", errNoService, fullName)
		}
		s = seen.now(q)
		return nil
	})
	return s, err
}

func (a *API) view(q *rest.Request, fullName string) (view, bool) {
	return a.views.Get(q.Tx, fullName, func() (view, bool) {
		n, document := q.Find(Host, services, fullName)
		if document == nil {
			return view{}, false
		}
		return viewService(q, n, document), true
	})
}

// now says whether the service is public by now: a binding's condition may depend on the time.
func (v view) now(q *rest.Request) Service {
	v.Public = v.open || q.Holds(v.name, "allUsers", "roles/run.invoker", "roles/run.servicesInvoker")
	return v.Service
}

// Services returns all services, sorted by name. The caller must not change their revisions.
func (a *API) Services() []Service {
	var all []Service
	_ = a.server.View(func(q *rest.Request) error { // fails only if the store is closed
		for _, key := range q.Tx.List("//" + Host + "/projects/") {
			if seen, found := a.view(q, strings.TrimPrefix(key, "//"+Host+"/")); found {
				all = append(all, seen.now(q))
			}
		}
		return nil
	})
	return all
}

func viewService(q *rest.Request, n rest.Name, document map[string]any) view {
	s := Service{Name: n.Path(), Project: n.Project.ID, Location: n.Location(), ID: n.ID(), URI: doc.Text(document, "uri"),
		Revisions: map[string]Revision{}}
	s.Internal = doc.Text(document, "ingress") != "INGRESS_TRAFFIC_ALL" || doc.Flag(document, "defaultUriDisabled")
	s.Traffic = Resolve(Targets(doc.List(document, "trafficStatuses")), doc.Last(doc.Text(document, "latestReadyRevision")))
	for _, r := range q.Children(n.Below("revisions")) {
		if revision := q.Get(r); isReady(revision) {
			s.Revisions[r.ID()] = viewRevision(r.ID(), revision)
		}
	}
	return view{Service: s, name: n, open: doc.Flag(document, "invokerIamDisabled")}
}

func viewRevision(id string, document map[string]any) Revision {
	r := Revision{Name: id, Timeout: time.Duration(doc.Seconds(doc.Text(document, "timeout")) * float64(time.Second)),
		Sticky: doc.Flag(document, "sessionAffinity")}
	containers := doc.Objects(document, "containers")
	if len(containers) == 0 {
		return r
	}
	main := containers[ingressContainer(containers)]
	r.Image = doc.Text(main, "image")
	r.Headers = added(doc.List(main, "args"))
	for _, env := range doc.Objects(main, "env") {
		r.Variables = append(r.Variables, doc.Text(env, "name"))
	}
	return r
}

// added returns the headers that a front's arguments ask for.
func added(arguments []any) map[string]string {
	headers := map[string]string{}
	for i, argument := range arguments {
		if argument == "--header-down" && i+1 < len(arguments) {
			text, _ := arguments[i+1].(string)
			if name, value, found := strings.Cut(text, ":"); found {
				headers[strings.TrimSpace(name)] = strings.TrimSpace(value)
			}
		}
	}
	return headers
}
