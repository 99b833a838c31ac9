package run

import (
	"strconv"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
)

const (
	services       = "projects/*/locations/*/services"
	serviceMessage = "GoogleCloudRunV2Service"
	serviceType    = "google.cloud.run.v2.Service"
)

func (a *API) service() *rest.Kind {
	return &rest.Kind{
		Pattern: services, Message: serviceMessage, Body: "service", Policy: true,
		Names:      rest.Names{Missing: absent("SERVICE")},
		Read:       rest.Read{Items: "services"},
		Create:     &rest.Create{IDParam: "serviceId", Taken: taken},
		Update:     &rest.Update{Mask: rest.MaskReplaces},
		Delete:     &rest.Delete{},
		Stamps:     rest.Stamps{Etag: "etag", Created: "createTime", Deleted: "deleteTime"},
		Operations: rest.Operations{Type: serviceType, Methods: []string{"create", "update", "delete"}},
		Prepare:    a.prepareService,
		Finish:     a.finishService,
		Annexes:    []string{templatePrefix, pendingPrefix},
	}
}

// prepareService fills in and checks the desired state. It creates the revision that the state asks for.
func (a *API) prepareService(c *rest.Change) error {
	s := c.New
	if err := a.checkService(c); err != nil {
		return err
	}
	changed := c.Old == nil || c.Query.Get("forceNewRevision") == "true" || desiredChanged(c.Old, s)
	if c.Old == nil {
		host := c.Name.ID() + "-" + c.Name.Project.Number + "." + c.Name.Location() + ".run.app"
		s["uid"], s["creator"], s["generation"] = c.IDs.UUID(), rest.Caller, "0"
		s["uri"], s["urls"] = "https://"+host, []any{"https://" + host}
	}
	if changed {
		s["generation"] = increment(doc.Text(s, "generation"))
		s["updateTime"], s["lastModifier"] = rest.Timestamp(c.Now), rest.Caller
	}
	asked, err := makeRevision(c)
	if err != nil {
		return err
	}
	s["latestCreatedRevision"] = asked.Shown()
	err = CheckTraffic(c.Name.ID(), Targets(doc.List(s, "traffic")), func(id string) bool {
		return c.Get(revisionOf(c.Name, id)) != nil
	})
	if err != nil {
		return rest.Invalid("service.%s", err)
	}
	return nil
}

func (a *API) checkService(c *rest.Change) error {
	if doc.Object(c.New, "template") == nil {
		return rest.Invalid("service.template: Required")
	}
	Defaults(c.New, c.Name.Project.Number+"-compute@developer.gserviceaccount.com")
	if err := Check(c.Name.ID(), c.New); err != nil {
		return rest.Invalid("%s", err)
	}
	if err := rest.CheckLabels(doc.Object(c.New, "labels")); err != nil {
		return err
	}
	if err := checkAdmission(c.New); err != nil {
		return err
	}
	if account := doc.Text(c.New, "template", "serviceAccount"); !a.its.Account(c.Request, account) {
		return rest.Denied("Permission 'iam.serviceaccounts.actAs' denied on service account %s (or it may not exist).", account)
	}
	return nil
}

// desiredChanged reports whether the caller changed anything. Only then does the API increase the generation.
func desiredChanged(old, fresh map[string]any) bool {
	for _, side := range []struct{ a, b map[string]any }{{old, fresh}, {fresh, old}} {
		for field := range side.a {
			_, output, found := schema.MaskPath("run:"+serviceMessage, field)
			if found && !output && field != "etag" && !doc.Equal(side.a[field], side.b[field]) {
				return true
			}
		}
	}
	return false
}

func increment(generation string) string {
	n, _ := strconv.Atoi(generation) // cannot fail: this function wrote it
	return strconv.Itoa(n + 1)
}
