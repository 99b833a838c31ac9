// Package serviceusage emulates Service Usage: which APIs are enabled in a project.
package serviceusage

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// Host is the API's name.
const Host = "serviceusage.googleapis.com"

const services = "projects/*/services"

// API returns Service Usage v1. A service has a document only after it was enabled or disabled for the first time.
func API() *rest.API {
	service := &rest.Kind{
		Pattern: services,
		Names:   rest.Names{Numbered: true, Missing: rest.Denied("Not found or permission denied for service(s): {id}.")},
		Read:    rest.Read{Get: getService, List: listServices},
		Methods: rest.Methods{
			"POST enable":      func(c *rest.Change) (any, error) { return switchOne(c, "EnableServiceResponse", "ENABLED") },
			"POST disable":     func(c *rest.Change) (any, error) { return switchOne(c, "DisableServiceResponse", "DISABLED") },
			"POST batchEnable": batchEnable,
			"GET batchGet":     batchGet,
		},
	}
	return &rest.API{Prefix: "su/v1", Host: Host, Schema: "su", Kinds: []*rest.Kind{service}}
}

// alwaysOn lists the APIs that are enabled in every project, because without them no API could be enabled.
var alwaysOn = []string{"serviceusage.googleapis.com", "cloudresourcemanager.googleapis.com", "cloudbilling.googleapis.com"}

// apis maps the APIs that a project can enable to their titles.
var apis = map[string]string{
	"artifactregistry.googleapis.com":     "Artifact Registry API",
	"billingbudgets.googleapis.com":       "Cloud Billing Budget API",
	"binaryauthorization.googleapis.com":  "Binary Authorization API",
	"cloudbilling.googleapis.com":         "Cloud Billing API",
	"cloudbuild.googleapis.com":           "Cloud Build API",
	"cloudkms.googleapis.com":             "Cloud Key Management Service (KMS) API",
	"cloudresourcemanager.googleapis.com": "Cloud Resource Manager API",
	"cloudscheduler.googleapis.com":       "Cloud Scheduler API",
	"cloudtrace.googleapis.com":           "Cloud Trace API",
	"compute.googleapis.com":              "Compute Engine API",
	"containeranalysis.googleapis.com":    "Container Analysis API",
	"containerscanning.googleapis.com":    "Container Scanning API",
	"iam.googleapis.com":                  "Identity and Access Management (IAM) API",
	"iamcredentials.googleapis.com":       "IAM Service Account Credentials API",
	"logging.googleapis.com":              "Cloud Logging API",
	"monitoring.googleapis.com":           "Cloud Monitoring API",
	"ondemandscanning.googleapis.com":     "On-Demand Scanning API",
	"orgpolicy.googleapis.com":            "Organization Policy API",
	"pubsub.googleapis.com":               "Cloud Pub/Sub API",
	"run.googleapis.com":                  "Cloud Run Admin API",
	"secretmanager.googleapis.com":        "Secret Manager API",
	"servicenetworking.googleapis.com":    "Service Networking API",
	"serviceusage.googleapis.com":         "Service Usage API",
	"sql-component.googleapis.com":        "Cloud SQL",
	"sqladmin.googleapis.com":             "Cloud SQL Admin API",
	"storage.googleapis.com":              "Cloud Storage API",
	"sts.googleapis.com":                  "Security Token Service API",
}

// On reports whether an API is enabled in a project.
func On(q *rest.Request, p rest.Project, host string) bool {
	return slices.Contains(alwaysOn, host) || doc.Text(q.Tx.Get(key(p.ID, host)), "state") == "ENABLED"
}

func key(project, host string) string {
	return "//" + Host + "/projects/" + project + "/services/" + host
}

// Enable enables APIs in a project. Without names it enables all APIs. The error names the APIs that do not exist.
func Enable(q *rest.Request, project string, hosts ...string) error {
	if len(hosts) == 0 {
		hosts = slices.Sorted(maps.Keys(apis))
	}
	var problems []error
	for _, host := range hosts {
		if apis[host] == "" {
			problems = append(problems, fmt.Errorf("project %s: there is no API %q; there are %s", project, host,
				strings.Join(slices.Sorted(maps.Keys(apis)), ", ")))
			continue
		}
		problems = append(problems, q.Tx.Put(key(project, host), store.Document{"state": "ENABLED"}))
	}
	return errors.Join(problems...)
}

// Require refuses the request if the API is not enabled in the project.
func Require(q *rest.Request, p rest.Project, host string) error {
	if On(q, p, host) {
		return nil
	}
	link := fmt.Sprintf("https://console.developers.google.com/apis/api/%s/overview?project=%s", host, p.Number)
	e := rest.Denied("%s has not been used in project %s before or it is disabled. Enable it by visiting %s then retry. If you enabled this "+
		"API recently, wait a few minutes for the action to propagate to our systems and retry.", apis[host], p.Number, link)
	e.Details = []any{rest.ErrorInfo("SERVICE_DISABLED", "projects/"+p.Number, host)}
	return e
}

func getService(q *rest.Request, n rest.Name) (any, error) {
	if apis[n.ID()] == "" {
		return nil, n.Missing()
	}
	return service(q, n), nil
}

func listServices(q *rest.Request, n rest.Name) (any, error) {
	var items []any
	for _, api := range slices.Sorted(maps.Keys(apis)) {
		one := service(q, n.Child(api))
		switch filter := q.Query.Get("filter"); filter {
		case "", "state:" + doc.Text(one, "state"):
			items = append(items, one)
		case "state:ENABLED", "state:DISABLED":
		default:
			return nil, rest.Invalid("Invalid filter: %s. Use state:ENABLED or state:DISABLED.", filter)
		}
	}
	return q.Page("services", items)
}

func service(q *rest.Request, n rest.Name) map[string]any {
	state := "DISABLED"
	if On(q, n.Project, n.ID()) {
		state = "ENABLED"
	}
	return map[string]any{"name": n.ByNumber(), "parent": "projects/" + n.Project.Number, "state": state,
		"config": map[string]any{"name": n.ID(), "title": apis[n.ID()]}}
}

// setState enables or disables APIs of the collection. It returns their new states.
func setState(c *rest.Change, collection rest.Name, state string, ids ...string) ([]any, error) {
	var services []any
	for _, id := range ids {
		n := collection.Child(id)
		if apis[id] == "" {
			return nil, n.Missing()
		}
		if state == "DISABLED" && slices.Contains(alwaysOn, id) {
			return nil, rest.Precondition("The emulator keeps %s on in every project.", id)
		}
		if err := c.Put(n, store.Document{"state": state}); err != nil {
			return nil, err
		}
		services = append(services, service(c.Request, n))
	}
	return services, nil
}

func switchOne(c *rest.Change, response, state string) (any, error) {
	services, err := setState(c, c.Name.Collection(), state, c.Name.ID())
	if err != nil {
		return nil, err
	}
	return operation(c, response, map[string]any{"service": services[0]})
}

func batchEnable(c *rest.Change) (any, error) {
	ids := doc.Texts(c.Body, "serviceIds")
	if len(ids) == 0 || len(ids) > 20 {
		return nil, rest.Invalid("service_ids: between 1 and 20 services can be enabled at once.")
	}
	services, err := setState(c, c.Name, "ENABLED", ids...)
	if err != nil {
		return nil, err
	}
	return operation(c, "BatchEnableServicesResponse", map[string]any{"services": services})
}

func operation(c *rest.Change, response string, answer map[string]any) (any, error) {
	name := fmt.Sprintf("operations/acat.p2-%s-%s", c.Name.Project.Number, c.IDs.UUID())
	return c.RecordOperation(c.Name.Kind, name, c.Now.Add(c.OperationDelay()),
		rest.Outcome{TypeURL: "google.api.serviceusage.v1." + response, Response: answer})
}

func batchGet(c *rest.Change) (any, error) {
	var services []any
	for _, full := range c.Query["names"] {
		n := c.Name.Child(doc.Last(full))
		if apis[n.ID()] == "" {
			return nil, n.Missing()
		}
		services = append(services, service(c.Request, n))
	}
	return map[string]any{"services": services}, nil
}
