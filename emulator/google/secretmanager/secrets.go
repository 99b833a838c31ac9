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
		Pattern: secrets, Message: "Secret", Body: "secret", ListField: "secrets", Numbered: true, Policy: true,
		IDParam: "secretId", Immutable: []string{"replication"}, Etag: "etag", Created: "createTime",
		ID:      regexp.MustCompile(`^[a-zA-Z0-9_-]{1,255}$`),
		IDFix:   "The provided Secret ID [%s] does not match the expected format [[a-zA-Z_0-9]+].",
		Missing: func(n rest.Name) *rest.Error { return rest.NotFound("Secret [%s] not found.", n.Shown()) },
		Taken: func(n rest.Name, _ map[string]any) *rest.Error {
			return rest.Exists("Secret [%s] already exists.", n.Shown())
		},
		Prepare: func(c *rest.Change) error {
			replication := doc.Object(c.New, "replication")
			if (replication["automatic"] == nil) == (replication["userManaged"] == nil) {
				return rest.Invalid("Secret.replication must set exactly one of automatic and user_managed.")
			}
			return rest.CheckLabels(doc.Object(c.New, "labels"))
		},
		Verbs: map[string]func(*rest.Change) (any, error){"POST addVersion": addVersion},
	}
}

// Secret returns the name of a secret that another API refers to, either by its id in the project or by projects/P/secrets/S.
// found is false if the project does not exist.
func Secret(q *rest.Request, p rest.Project, ref string) (n rest.Name, found bool) {
	if n, found := q.Resolve(Host, secrets, "projects/"+p.ID+"/secrets/"+ref); found {
		return n, true
	}
	return q.Resolve(Host, secrets, ref)
}
