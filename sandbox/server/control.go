package server

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/faults"
	"github.com/guiofsaints/procureflow-platform/emulator/github"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
)

// controlPrefix is where the sandbox's own calls are, next to the APIs:
//
//	GET status · POST stop · PUT project · PUT repository
//	GET, DELETE faults · PUT, DELETE faults/NAME · GET, PUT behaviours/DIGEST, jobs/NAME
const controlPrefix = "/sandbox/v1/"

// control adds the sandbox's own calls to the cloud's API.
func (p *process) control(api http.Handler) http.Handler {
	own := http.NewServeMux()
	own.HandleFunc("GET "+controlPrefix+"status", func(w http.ResponseWriter, _ *http.Request) {
		p.openServices()
		respond(w, p.snapshot(), nil)
	})
	own.HandleFunc("POST "+controlPrefix+"stop", func(w http.ResponseWriter, _ *http.Request) {
		respond(w, struct{}{}, nil)
		p.stop()
	})
	own.HandleFunc("PUT "+controlPrefix+"project", put(func(_ *http.Request,
		project cloud.Project) error {
		return p.cloud.EnsureProject(project)
	}))
	own.HandleFunc("GET "+controlPrefix+"project/{project}", func(w http.ResponseWriter, r *http.Request) {
		has, err := p.cloud.HasProject(r.PathValue("project"))
		respond(w, has, err)
	})
	own.HandleFunc("DELETE "+controlPrefix+"deleted/{project}", func(w http.ResponseWriter, r *http.Request) {
		respond(w, struct{}{}, p.cloud.ForgetDeleted(r.PathValue("project")))
	})
	own.HandleFunc("PUT "+controlPrefix+"repository", put(func(_ *http.Request,
		repository github.Repository) error {
		return p.cloud.GitHub.Ensure(repository)
	}))
	own.HandleFunc("GET "+controlPrefix+"faults", func(w http.ResponseWriter, _ *http.Request) { respond(w, p.faults.List(), nil) })
	own.HandleFunc("PUT "+controlPrefix+"faults/{name}", put(func(r *http.Request,
		fault faults.Fault) error {
		return p.faults.Set(r.PathValue("name"), fault)
	}))
	own.HandleFunc("DELETE "+controlPrefix+"faults/{name}", func(w http.ResponseWriter, r *http.Request) {
		respond(w, struct{}{}, p.faults.Clear(r.PathValue("name")))
	})
	own.HandleFunc("DELETE "+controlPrefix+"faults", func(w http.ResponseWriter, _ *http.Request) {
		p.faults.ClearAll()
		respond(w, struct{}{}, nil)
	})
	own.HandleFunc("GET "+controlPrefix+"behaviours/{digest}", func(w http.ResponseWriter, r *http.Request) {
		respond(w, p.cloud.Run.Behaviour(r.PathValue("digest")), nil)
	})
	own.HandleFunc("PUT "+controlPrefix+"behaviours/{digest}", put(func(r *http.Request, behaviour run.Behaviour) error {
		return p.cloud.Run.SetBehaviour(r.PathValue("digest"), behaviour)
	}))
	own.HandleFunc("GET "+controlPrefix+"jobs/{name...}", func(w http.ResponseWriter, r *http.Request) {
		respond(w, p.cloud.Run.JobBehaviour(r.PathValue("name")), nil)
	})
	own.HandleFunc("PUT "+controlPrefix+"jobs/{name...}", put(func(r *http.Request, behaviour run.JobBehaviour) error {
		return p.cloud.Run.SetJobBehaviour(r.PathValue("name"), behaviour)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, controlPrefix) {
			api.ServeHTTP(w, r)
			return
		}
		own.ServeHTTP(w, r)
	})
}

// put handles a call whose body is one value. It refuses unknown fields, because a misspelt fault would do nothing.
func put[T any](do func(*http.Request, T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var value T
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&value)
		if err == nil {
			err = do(r, value)
		}
		respond(w, struct{}{}, err)
	}
}

func respond(w http.ResponseWriter, body any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}
