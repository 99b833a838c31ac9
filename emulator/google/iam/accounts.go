package iam

import (
	"regexp"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

const accounts = "projects/*/serviceAccounts"

var digits = regexp.MustCompile(`^[0-9]+$`)

func account() *rest.Kind {
	return &rest.Kind{
		Pattern: accounts, Message: "ServiceAccount", Body: "serviceAccount", Policy: true,
		Names: rest.Names{Rename: accountEmail, ProjectOf: ProjectOfAccount, Missing: rest.NotFound("Unknown service account: {name}.")},
		Read:  rest.Read{Items: "accounts"},
		Create: &rest.Create{
			Request: "CreateServiceAccountRequest", IDParam: "accountId", ID: regexp.MustCompile(`^[a-z][a-z0-9-]{4,28}[a-z0-9]$`),
			BadID: rest.Invalid("Invalid account_id \"{given}\": it must be 6 to 30 lower-case letters, digits and hyphens, begin with a letter " +
				"and not end with a hyphen."),
			Taken: rest.Exists("Service account {given} already exists within project projects/{project}."),
		},
		Update:  &rest.Update{Request: "PatchServiceAccountRequest"},
		Delete:  &rest.Delete{Before: forgetAccount},
		Prepare: prepareAccount,
		Methods: rest.Methods{
			"POST disable": func(c *rest.Change) (any, error) { return disableAccount(c, true) },
			"POST enable":  func(c *rest.Change) (any, error) { return disableAccount(c, false) },
		},
	}
}

func prepareAccount(c *rest.Change) error {
	if len(doc.Text(c.New, "displayName")) > 100 {
		return rest.Invalid("The display name is longer than 100 bytes.")
	}
	if len(doc.Text(c.New, "description")) > 256 {
		return rest.Invalid("The description is longer than 256 bytes.")
	}
	if c.Old == nil {
		id := "1" + c.IDs.Digits(20)
		c.New["projectId"], c.New["email"] = c.Name.Project.ID, c.Name.ID()
		c.New["uniqueId"], c.New["oauth2ClientId"] = id, id
	}
	c.New["etag"] = c.IDs.Etag()
	return nil
}

func disableAccount(c *rest.Change, disabled bool) (any, error) {
	delete(c.Old, "disabled")
	if disabled {
		c.Old["disabled"] = true
	}
	return map[string]any{}, c.Put(c.Name, c.Old)
}

// accountEmail returns the email of an account. id may be the account's id, its unique id or its email.
func accountEmail(q *rest.Request, collection rest.Name, id string) string {
	if digits.MatchString(id) {
		for _, n := range q.Children(collection) {
			if doc.Text(q.Get(n), "uniqueId") == id {
				return n.ID()
			}
		}
	}
	if strings.Contains(id, "@") {
		return id
	}
	return id + "@" + collection.Project.ID + ".iam.gserviceaccount.com"
}

// ProjectOfAccount finds the project of an account whose name does not say it. The project is in the account's email.
func ProjectOfAccount(n rest.Name) string {
	_, domain, _ := strings.Cut(n.Variable("serviceAccounts"), "@")
	return strings.TrimSuffix(domain, ".iam.gserviceaccount.com")
}

// forgetAccount turns a deleted account's grants into grants to deleted:serviceAccount:EMAIL?uid=ID, as the API shows them. A new
// account with the same email does not receive these grants.
func forgetAccount(c *rest.Change) error {
	member := "serviceAccount:" + doc.Text(c.Old, "email")
	return c.RenameMember(member, "deleted:"+member+"?uid="+doc.Text(c.Old, "uniqueId"))
}

// Account returns the document of a service account, or nil if it does not exist. An account that Google makes for a project has
// only an email and a unique id.
func Account(q *rest.Request, email string) map[string]any {
	local, domain, _ := strings.Cut(email, "@")
	project, isAccount := strings.CutSuffix(domain, ".iam.gserviceaccount.com")
	switch number, isDefault := strings.CutSuffix(local, "-compute"); {
	case domain == "developer.gserviceaccount.com" && isDefault:
		return ofGoogle(q, email, number)
	case domain == "serverless-robot-prod.iam.gserviceaccount.com" || strings.HasPrefix(domain, "gcp-sa-"):
		if number, found := strings.CutPrefix(local, "service-"); found {
			return ofGoogle(q, email, number)
		}
		return nil
	case !isAccount:
		return nil
	}
	_, account := q.Find(Host, accounts, "projects/"+project+"/serviceAccounts/"+email)
	return account
}

func ofGoogle(q *rest.Request, email, project string) map[string]any {
	if _, found := q.Project(project); !found {
		return nil
	}
	return map[string]any{"email": email, "uniqueId": email}
}

// AccountExists reports whether a service account has that email.
func AccountExists(q *rest.Request, email string) bool { return Account(q, email) != nil }
