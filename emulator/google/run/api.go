package run

import (
	"log/slog"

	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// Host is the API's name.
const Host = "run.googleapis.com"

// Neighbours are what Cloud Run asks other APIs.
type Neighbours struct {
	// Account says whether a service account exists.
	Account func(q *rest.Request, email string) bool
	// Repository says whether images can be pulled from a repository of Artifact Registry.
	Repository func(q *rest.Request, project, location, id string) bool
	// Secret finds the secret that a template refers to, and Version the document of one of its versions, nil when there is none.
	Secret  func(q *rest.Request, p rest.Project, ref string) (n rest.Name, found bool)
	Version func(q *rest.Request, secret rest.Name, ref string) map[string]any
	// Caller says whose ID token it is that is for one of the audiences, as a member of IAM.
	Caller func(q *rest.Request, token string, audiences []string) (member string, err error)
	// Verdict is Binary Authorization's on an image: whether it starts, and why the policy denies it.
	Verdict func(q *rest.Request, p rest.Project, image string) (admitted bool, denied string)
}

// API is Cloud Run. Its methods may be called from several goroutines.
type API struct {
	server *rest.Server
	its    Neighbours
	log    *slog.Logger
}

// New adds Cloud Run to a server. The log receives what Google writes into audit logs: what Binary Authorization denied, and whether a
// dry run or breakglass let it in all the same.
func New(server *rest.Server, its Neighbours, log *slog.Logger) *API {
	a := &API{server: server, its: its, log: log}
	server.Add(&rest.API{
		Prefix: "run/v2", Host: Host, Schema: "run", Kinds: []*rest.Kind{a.service(), revision(), a.job(), a.execution(), task()},
		OperationsInLocation: true,
		Before:               a.disturb, Due: due, Settle: a.settle,
	})
	return a
}

// absent is the refusal of what is not there.
func absent(kind string) func(rest.Name) *rest.Error {
	return func(n rest.Name) *rest.Error {
		return rest.NotFound("Resource '%s' of kind '%s' in region '%s' in project '%s' does not exist.", n.ID(), kind, n.Location(),
			n.Project.ID)
	}
}
