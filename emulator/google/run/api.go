package run

import (
	"log/slog"

	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// Host is the API's name.
const Host = "run.googleapis.com"

// Dependencies are the functions of other APIs that Cloud Run needs.
type Dependencies struct {
	// Account reports whether a service account exists.
	Account func(q *rest.Request, email string) bool
	// Repository reports whether a repository of Artifact Registry exists, so that images can be pulled from it.
	Repository func(q *rest.Request, project, location, id string) bool
	// Secret finds the secret that a template refers to. Version returns the document of a version of it, or nil if there is no
	// such version.
	Secret  func(q *rest.Request, p rest.Project, ref string) (n rest.Name, found bool)
	Version func(q *rest.Request, secret rest.Name, ref string) map[string]any
	// Caller verifies an ID token for one of the audiences. It returns the account that the token belongs to, as a member of IAM.
	Caller func(q *rest.Request, token string, audiences []string) (member string, err error)
	// Verdict is Binary Authorization's decision on an image: whether it starts, and the reason if the policy denies it.
	Verdict func(q *rest.Request, p rest.Project, image string) (admitted bool, denied string)
}

// API is the emulated Cloud Run. Its methods may be called from several goroutines.
type API struct {
	server *rest.Server
	deps   Dependencies
	log    *slog.Logger
	views  store.Kept[view] // by a service's full name: the data plane looks with every request
}

// New adds Cloud Run to a server. log receives the entries that Google writes into audit logs. They name each image that Binary
// Authorization denied, and say whether a dry run or breakglass admitted it anyway.
func New(server *rest.Server, deps Dependencies, log *slog.Logger) *API {
	a := &API{server: server, deps: deps, log: log}
	server.Add(&rest.API{
		Prefix: "run/v2", Host: Host, Schema: "run", Kinds: []*rest.Kind{a.service(), revision(), a.job(), a.execution(), task()},
		OperationsInLocation: true,
		Before:               a.disturb, Due: due, Settle: a.settle,
	})
	return a
}

// absent refuses a request to a resource that does not exist.
func absent(kind string) *rest.Error {
	return rest.NotFound("Resource '{id}' of kind '%s' in region '{location}' in project '{project}' does not exist.", kind)
}

// taken refuses the name of a service or job that exists already.
var taken = rest.Exists("Resource '{id}' already exists.")
