package sqladmin

import (
	"regexp"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// user returns the kind of an instance's users. A user has a password, which is never shown, or logs in by IAM. Users are changed
// and deleted at the collection, with their name in a query parameter.
func user(account func(q *rest.Request, email string) bool) *rest.Kind {
	return &rest.Kind{
		Pattern: instances + "/*/users", Message: "User", Body: "user",
		Names: rest.Names{Missing: rest.NotFound("User '{id}' does not exist.")},
		Read:  rest.Read{Items: "items"},
		Create: &rest.Create{
			IDInBody: true, ID: regexp.MustCompile(`^[^/]{1,63}$`), BadID: rest.Invalid("Invalid user name ({given})."),
			Taken: rest.Exists("User '{id}' already exists."),
		},
		Update:  &rest.Update{},
		Delete:  &rest.Delete{},
		Prepare: func(c *rest.Change) error { return prepareUser(c, account) },
		Finish: func(c *rest.Change, method string) (any, error) {
			return record(c, c.Name.Parent(), strings.ToUpper(method)+"_USER")
		},
		Methods: rest.Methods{
			"PUT":    func(c *rest.Change) (any, error) { return c.Update(c.Name.Child(c.Query.Get("name")), c.Body, "*") },
			"DELETE": func(c *rest.Change) (any, error) { return c.Delete(c.Name.Child(c.Query.Get("name")), "") },
		},
	}
}

func prepareUser(c *rest.Change, account func(q *rest.Request, email string) bool) error {
	id := c.Name.ID()
	switch kind := doc.Text(c.New, "type"); kind {
	case "", "BUILT_IN":
		if c.Old == nil && doc.Text(c.New, "password") == "" {
			return rest.Invalid("Invalid request: a user of the type BUILT_IN needs a password.")
		}
	case "CLOUD_IAM_SERVICE_ACCOUNT":
		// PostgreSQL's names have at most 63 characters, so an account's user name leaves out the ending that all accounts share.
		if strings.HasSuffix(id, ".gserviceaccount.com") || !account(c.Request, id+".gserviceaccount.com") {
			return rest.Invalid("Invalid request: Service account %s does not exist; a PostgreSQL user's name is the account's email without "+
				".gserviceaccount.com.", id)
		}
	case "CLOUD_IAM_USER", "CLOUD_IAM_GROUP":
		if !rest.IsEmail(id) {
			return rest.Invalid("Invalid request: %s is not an email address.", id)
		}
	default:
		return rest.Invalid("The emulator has no users of the type %s.", kind)
	}
	delete(c.New, "password")
	doc.Default(c.New, "type", "BUILT_IN")
	c.New["kind"], c.New["name"] = "sql#user", id
	c.New["project"], c.New["instance"] = c.Name.Project.ID, c.Name.Parent().ID()
	return nil
}
