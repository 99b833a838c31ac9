package sqladmin

import (
	"regexp"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

func database() *rest.Kind {
	return &rest.Kind{
		Pattern: instances + "/*/databases", Message: "Database", Body: "database",
		Names: rest.Names{Missing: rest.NotFound("Not Found")},
		Read:  rest.Read{Items: "items"},
		Create: &rest.Create{
			IDInBody: true, ID: regexp.MustCompile(`^[^/]{1,63}$`), BadID: rest.Invalid("Invalid database name ({given})."),
			Taken: rest.Invalid("Invalid request: failed to create database {id}. Detail: pq: database \"{id}\" already exists"),
		},
		Update:  &rest.Update{Mask: rest.MaskPatches},
		Delete:  &rest.Delete{},
		Prepare: prepareDatabase,
		Finish: func(c *rest.Change, method string) (any, error) {
			return record(c, c.Name.Parent(), strings.ToUpper(method)+"_DATABASE")
		},
	}
}

func prepareDatabase(c *rest.Change) error {
	c.New["kind"], c.New["name"] = "sql#database", c.Name.ID()
	c.New["project"], c.New["instance"] = c.Name.Project.ID, c.Name.Parent().ID()
	c.New["selfLink"] = "https://sqladmin.googleapis.com/sql/v1beta4/" + c.Name.Path()
	doc.Default(c.New, "charset", "UTF8")
	doc.Default(c.New, "collation", "en_US.UTF8")
	return nil
}

// firstDatabase creates the database that every PostgreSQL instance has.
func firstDatabase(c *rest.Change) error {
	first := &rest.Change{Request: c.Request, Name: c.Name.Below("databases").Child("postgres"), New: map[string]any{}}
	_, err := first.Save()
	return err
}
