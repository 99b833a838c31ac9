// Package cloudresourcemanager emulates Cloud Resource Manager: projects and their IAM policies. Projects exist before the first
// request.
package cloudresourcemanager

import (
	"fmt"

	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// Host is the API's name.
const Host = "cloudresourcemanager.googleapis.com"

// API returns Cloud Resource Manager v1.
func API() *rest.API {
	project := &rest.Kind{
		Pattern: "projects", Message: "Project", Policy: true,
		Names: rest.Names{Missing: rest.Denied("The caller does not have permission")},
		Read:  rest.Read{Items: "projects"},
	}
	return &rest.API{Prefix: "crm/v1", Host: Host, Schema: "crm", Kinds: []*rest.Kind{project}}
}

// Ensure creates the project if it does not exist. It refuses an id or a number that belongs to another project.
func Ensure(q *rest.Request, p rest.Project) error {
	if there, found := q.Project(p.ID); found && there.Number != p.Number {
		return fmt.Errorf("project %s has number %s in this emulator and %s in the settings; delete the emulator's state folder to start over",
			p.ID, there.Number, p.Number)
	}
	if there, found := q.Project(p.Number); found && there.ID != p.ID {
		return fmt.Errorf("project number %s belongs to %s in this emulator; give %s its own number", p.Number, there.ID, p.ID)
	}
	key := "//" + Host + "/projects/" + p.ID
	if q.Tx.Has(key) {
		return nil
	}
	return q.Tx.Put(key, store.Document{"projectId": p.ID, "projectNumber": p.Number, "name": p.ID, "lifecycleState": "ACTIVE",
		"createTime": rest.Timestamp(q.Now)})
}
