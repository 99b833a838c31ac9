package sqladmin

import (
	"regexp"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

func database() *rest.Kind {
	return &rest.Kind{
		Pattern: instances + "/*/databases", Message: "Database", Body: "database", ListField: "items",
		IDParam: "name", Put: true, Mask: rest.MaskPatches,
		ID:      regexp.MustCompile(`^[^/]{1,63}$`),
		IDFix:   "Invalid database name (%s).",
		Missing: func(rest.Name) *rest.Error { return rest.NotFound("Not Found") },
		Taken: func(n rest.Name, _ map[string]any) *rest.Error {
			return rest.Invalid("Invalid request: failed to create database %s. Detail: pq: database \"%s\" already exists", n.ID(), n.ID())
		},
		Prepare: func(c *rest.Change) error {
			c.New["kind"], c.New["name"] = "sql#database", c.Name.ID()
			c.New["project"], c.New["instance"] = c.Name.Project.ID, c.Name.Parent().ID()
			c.New["selfLink"] = "https://sqladmin.googleapis.com/sql/v1beta4/" + c.Name.Path()
			doc.Default(c.New, "charset", "UTF8")
			doc.Default(c.New, "collation", "en_US.UTF8")
			return nil
		},
		Finish: func(c *rest.Change, method string) (any, error) {
			return record(c, c.Name.Parent(), strings.ToUpper(method)+"_DATABASE")
		},
		Deleted: func(c *rest.Change) (map[string]any, error) { return record(c, c.Name.Parent(), "DELETE_DATABASE") },
	}
}

// firstDatabase creates the database that every PostgreSQL instance has.
func firstDatabase(c *rest.Change) error {
	first := &rest.Change{Request: c.Request, Name: c.Name.Below("databases").Child("postgres"), New: map[string]any{"name": "postgres"}}
	_, err := first.Save()
	return err
}
