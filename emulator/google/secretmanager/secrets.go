// Package secretmanager emulates Secret Manager: secrets and their versions. The store keeps the payloads encrypted.
package secretmanager

import (
	"regexp"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// Host is the API's name.
const Host = "secretmanager.googleapis.com"

const secrets = "projects/*/secrets"

// API returns Secret Manager v1.
func API() *rest.API {
	return &rest.API{Prefix: "sm/v1", Host: Host, Schema: "sm", Kinds: []*rest.Kind{secret(), version()}}
}

func secret() *rest.Kind {
	return &rest.Kind{
		Pattern: secrets, Message: "Secret", Body: "secret", Policy: true,
		Names: rest.Names{Numbered: true, Missing: rest.NotFound("Secret [{name}] not found.")},
		Read:  rest.Read{Items: "secrets"},
		Create: &rest.Create{
			IDParam: "secretId", ID: regexp.MustCompile(`^[a-zA-Z0-9_-]{1,255}$`),
			BadID: rest.Invalid("The provided Secret ID [{given}] does not match the expected format [[a-zA-Z_0-9]+]."),
			Taken: rest.Exists("Secret [{name}] already exists."),
		},
		Update:  &rest.Update{Immutable: []string{"replication"}},
		Delete:  &rest.Delete{},
		Stamps:  rest.Stamps{Etag: "etag", Created: "createTime"},
		Methods: rest.Methods{"POST addVersion": addVersion},
		Prepare: prepareSecret,
	}
}

func prepareSecret(c *rest.Change) error {
	replication := doc.Object(c.New, "replication")
	if (replication["automatic"] == nil) == (replication["userManaged"] == nil) {
		return rest.Invalid("Secret.replication must set exactly one of automatic and user_managed.")
	}
	return rest.CheckLabels(doc.Object(c.New, "labels"))
}

// Secret returns the name of a secret that another API refers to, either by its id in the project or by projects/P/secrets/S.
// found is false if the project does not exist.
func Secret(q *rest.Request, p rest.Project, ref string) (n rest.Name, found bool) {
	if n, found := q.Resolve(Host, secrets, "projects/"+p.ID+"/secrets/"+ref); found {
		return n, true
	}
	return q.Resolve(Host, secrets, ref)
}
