package cloud

import (
	"regexp"
	"strings"
)

func accountKinds() []*kind {
	return []*kind{{
		prefix: "iam/v1", host: iamHost, pattern: "projects/*/serviceAccounts", message: "iam:ServiceAccount", body: "serviceAccount",
		create: "iam:CreateServiceAccountRequest", update: "iam:PatchServiceAccountRequest", idParam: "accountId", listField: "accounts",
		policy: true,
		rename: (*request).accountEmail,
		id:     regexp.MustCompile(`^[a-z][a-z0-9-]{4,28}[a-z0-9]$`),
		idFix: "Invalid account_id %q: it must be 6 to 30 lower-case letters, digits and hyphens, begin with a letter and not end " +
			"with a hyphen.",
		missing: func(n name) *Error { return notFound("Unknown service account: %s.", n.shown()) },
		taken: func(n name, _ map[string]any) *Error {
			id, _, _ := strings.Cut(n.id(), "@")
			return exists("Service account %s already exists within project projects/%s.", id, n.project.id)
		},
		prepare: func(c *change) error {
			if len(text(c.new, "displayName")) > 100 {
				return invalid("The display name is longer than 100 bytes.")
			}
			if len(text(c.new, "description")) > 256 {
				return invalid("The description is longer than 256 bytes.")
			}
			if c.old == nil {
				id := "1" + c.cloud.digits(20)
				c.new["projectId"], c.new["email"], c.new["uniqueId"], c.new["oauth2ClientId"] = c.name.project.id, c.name.id(), id, id
			}
			c.new["etag"] = newEtag(c.cloud)
			return nil
		},
		remove: func(c *change) (map[string]any, error) {
			return nil, c.forgetAccount(text(c.old, "email"), text(c.old, "uniqueId"))
		},
		verbs: map[string]func(*change) (any, error){
			"POST disable": func(c *change) (any, error) { return c.disableAccount(true) },
			"POST enable":  func(c *change) (any, error) { return c.disableAccount(false) },
		},
	}}
}

func (c *change) disableAccount(disabled bool) (any, error) {
	delete(c.old, "disabled")
	if disabled {
		c.old["disabled"] = true
	}
	return map[string]any{}, c.tx.Put(c.name.key(), c.old)
}

// accountEmail is the email an account id gets, and what a unique id stands for.
func (q *request) accountEmail(collection name, id string) string {
	if digitsForm.MatchString(id) {
		for _, n := range q.children(collection) {
			if text(q.get(n), "uniqueId") == id {
				return n.id()
			}
		}
	}
	if strings.Contains(id, "@") {
		return id
	}
	return id + "@" + collection.project.id + ".iam.gserviceaccount.com"
}
