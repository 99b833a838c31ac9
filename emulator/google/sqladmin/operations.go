package sqladmin

import (
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// operation returns the kind of Cloud SQL's operations, which differ from those of other APIs. They name the instance and the
// change, and have no result.
func operation() *rest.Kind {
	return &rest.Kind{
		Pattern: "projects/*/operations",
		Names:   rest.Names{Missing: rest.NotFound("The Cloud SQL operation does not exist.")},
		Read: rest.Read{Show: func(q *rest.Request, _ rest.Name, operation map[string]any) map[string]any {
			return visible(operation, q.Now)
		}},
	}
}

// record stores an operation of an instance and answers with it.
func record(c *rest.Change, instance rest.Name, kind string) (map[string]any, error) {
	n := instance.Sibling("operations").Child(c.IDs.UUID())
	operation := map[string]any{"kind": "sql#operation", "name": n.ID(), "operationType": kind, "targetId": instance.ID(),
		"targetProject": instance.Project.ID, "user": rest.Caller, "insertTime": rest.Timestamp(c.Now), "startTime": rest.Timestamp(c.Now),
		"endTime": rest.Timestamp(c.Now.Add(c.OperationDelay())), "selfLink": "https://sqladmin.googleapis.com/sql/v1beta4/" + n.Path(),
		"targetLink": "https://sqladmin.googleapis.com/sql/v1beta4/" + instance.Path()}
	if err := c.Put(n, operation); err != nil {
		return nil, err
	}
	return visible(operation, c.Now), nil
}

// visible returns an operation as a client sees it at the time now. Until the operation has ended, its end is left out.
func visible(operation map[string]any, now time.Time) map[string]any {
	end, err := time.Parse(time.RFC3339Nano, doc.Text(operation, "endTime"))
	if err == nil && now.Before(end) {
		return doc.With(doc.Without(operation, "endTime"), "RUNNING", "status")
	}
	return doc.With(operation, "DONE", "status")
}
