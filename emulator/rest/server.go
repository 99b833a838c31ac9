package rest

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/disturb"
	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/ids"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// Caller is the member that every request comes from. The emulator has only this one caller.
const Caller = "sandbox@example.com"

// Options configure a [Server]. All are required except OperationDelay, Elsewhere and Conditions.
type Options struct {
	// Store holds the documents of all resources.
	Store *store.Store
	// Now is the clock.
	Now func() time.Time
	// IDs is the source of the ids that the server assigns.
	IDs *ids.Source
	// OperationDelay is how long a long-running operation runs. Default: 0; the operation is then done at once.
	OperationDelay time.Duration
	// Elsewhere is the address of an API that another server serves in addition to this one. The error about an unknown address names it.
	Elsewhere string
	// On refuses a request to an API that is not enabled in the project.
	On func(q *Request, p Project, host string) error
	// Role refuses a role that cannot be granted on a resource. Member refuses a member that does not exist.
	Role   func(q *Request, n Name, role string) error
	Member func(q *Request, member string) error
	// Conditions evaluates the conditions of grants. Default: a grant with a condition is refused.
	Conditions Conditions
}

// Server serves APIs from one store. It is an http.Handler. Its methods may be called from several goroutines.
type Server struct {
	options Options
	apis    []*API
}

// New returns a server without APIs; [Server.Add] adds them.
func New(options Options) *Server { return &Server{options: options} }

// APIs returns the APIs that the server serves.
func (s *Server) APIs() []*API { return s.apis }

// ServeHTTP answers one request to one of the APIs.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.Serve(w, r, (*Request).handle) }

// maxBody is the largest request body that is read. The largest bodies that the APIs accept are a secret's 64 KiB and a
// dashboard.
const maxBody = 4 << 20

// Serve answers a request with the result of work. An API that does its own routing calls it too.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, work func(*Request) (any, error)) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		refusal := Invalid("Request payload size exceeds the limit: %d bytes.", maxBody)
		doc.Respond(w, http.StatusRequestEntityTooLarge, refusal.body())
		return
	}
	for _, api := range s.apis {
		if api.Before == nil {
			continue
		}
		if err := api.Before(r); err != nil {
			doc.Respond(w, http.StatusInternalServerError, asError(err).body())
			return
		}
	}
	q := s.request(nil)
	q.Method, q.Host, q.Path, q.Query, q.raw = r.Method, r.Host, r.URL.EscapedPath(), r.URL.Query(), body
	q.quotaProject, q.Disturbance = r.Header.Get("X-Goog-User-Project"), disturb.Of(r.Context())
	answer, err := work(q)
	if err != nil {
		refusal := asError(err)
		doc.Respond(w, refusal.Code, refusal.body())
		return
	}
	doc.Respond(w, http.StatusOK, answer)
}

// Now returns the server's time, in UTC.
func (s *Server) Now() time.Time { return s.options.Now().UTC() }

// request returns a request in the transaction, for work that no client has asked for.
func (s *Server) request(tx *store.Tx) *Request {
	return &Request{server: s, Tx: tx, IDs: s.options.IDs, Now: s.Now()}
}

// View reads the state outside a client's request, after all changes that are due have happened.
func (s *Server) View(read func(*Request) error) error {
	if err := s.settle(); err != nil {
		return err
	}
	return s.options.Store.View(func(tx *store.Tx) error { return read(s.request(tx)) })
}

// Update changes the state outside a client's request, as one transaction.
func (s *Server) Update(change func(*Request) error) error {
	return s.options.Store.Update(func(tx *store.Tx) error { return change(s.request(tx)) })
}

// Due returns the keys with a prefix whose documents say, in the field at, a time that has come.
func (q *Request) Due(prefix string) []string {
	return slices.DeleteFunc(q.Tx.List(prefix), func(key string) bool {
		at, err := time.Parse(time.RFC3339Nano, doc.Text(q.Tx.Get(key), "at"))
		return err != nil || q.Now.Before(at)
	})
}

// settle carries out the changes that are due by now.
func (s *Server) settle() error {
	due := func(q *Request) (due []*API) {
		for _, api := range s.apis {
			if api.Due != nil && api.Due(q) {
				due = append(due, api)
			}
		}
		return due
	}
	some := false
	err := s.options.Store.View(func(tx *store.Tx) error {
		some = len(due(s.request(tx))) > 0
		return nil
	})
	if err != nil || !some {
		return err
	}
	return s.Update(func(q *Request) error {
		for _, api := range due(q) {
			if err := api.Settle(q); err != nil {
				return err
			}
		}
		return nil
	})
}

// transact runs the request's work as one transaction, after all changes that are due have happened.
func (q *Request) transact(work func() (any, error)) (any, error) {
	if err := q.server.settle(); err != nil {
		return nil, err
	}
	run := q.server.options.Store.Update
	if q.Method == http.MethodGet {
		run = q.server.options.Store.View
	}
	var answer any
	err := run(func(tx *store.Tx) error {
		q.Tx = tx
		var err error
		answer, err = work()
		if err == nil && q.DryRun {
			return errRollBack
		}
		return err
	})
	if errors.Is(err, errRollBack) {
		err = nil
	}
	return answer, err
}

// unknownAddress refuses a path at which no API is served. It lists the addresses of the APIs.
func (s *Server) unknownAddress(path string) *Error {
	var places []string
	for _, api := range s.apis {
		places = append(places, api.Prefix)
	}
	list := strings.Join(places, ", ")
	if s.options.Elsewhere != "" {
		list += " and " + s.options.Elsewhere
	}
	return NotFound("The requested URL /%s was not found: the emulator serves %s.", path, list)
}
