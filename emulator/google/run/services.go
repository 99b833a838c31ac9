package run

import (
	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
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
	if doc.Object(s, "template") == nil {
		return rest.Invalid("service.template: Required")
	}
	serviceDefaults(s, defaultAccount(c.Name.Project))
	if err := a.checkDesired(c.Request, c.Name.ID(), s); err != nil {
		return err
	}
	if c.Old == nil {
		host := c.Name.ID() + "-" + c.Name.Project.Number + "." + c.Name.Location() + ".run.app"
		s["uri"], s["urls"] = "https://"+host, []any{"https://" + host}
	}
	stampGeneration(c, serviceMessage, c.Query.Get("forceNewRevision") == "true")
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

// defaultAccount returns the service account that containers run as if nobody names another one.
func defaultAccount(p rest.Project) string {
	return p.Number + "-compute@developer.gserviceaccount.com"
}

// checkDesired refuses a desired state that the API refuses. checkService refuses what can be refused without the other APIs.
func (a *API) checkDesired(q *rest.Request, id string, service map[string]any) error {
	if err := checkService(id, service); err != nil {
		return rest.Invalid("%s", err)
	}
	if err := rest.CheckLabels(doc.Object(service, "labels")); err != nil {
		return err
	}
	if err := checkAdmission(service); err != nil {
		return err
	}
	return a.checkAccount(q, doc.Text(service, "template", "serviceAccount"))
}

// checkAccount refuses a service account that does not exist, as the API does with one that the caller may not act as.
func (a *API) checkAccount(q *rest.Request, account string) error {
	if !a.deps.Account(q, account) {
		return rest.Denied("Permission 'iam.serviceaccounts.actAs' denied on service account %s (or it may not exist).", account)
	}
	return nil
}
