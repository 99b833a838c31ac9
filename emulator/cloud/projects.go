package cloud

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// Project is a project as its owner made it before the platform came.
type Project struct {
	// ID is the project's id, 6-30 characters. Required.
	ID string `json:"id"`
	// Number is the project's number, digits only. Required.
	Number string `json:"number"`
	// BillingAccount pays, XXXXXX-XXXXXX-XXXXXX. It is made when it is absent. Required.
	BillingAccount string `json:"billingAccount"`
	// Currency is the billing account's when it is made. Default: USD.
	Currency string `json:"currency,omitempty"`
}

var (
	projectIDForm = regexp.MustCompile(`^[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
	digitsForm    = regexp.MustCompile(`^[0-9]+$`)
)

// EnsureProject makes the project and its billing account when they are absent. The error says what is wrong with the
// project, or that the id or the number is another project's.
func (c *Cloud) EnsureProject(p Project) error {
	var problems []error
	if !projectIDForm.MatchString(p.ID) {
		problems = append(problems, fmt.Errorf("project id %q: want 6-30 lower-case letters, digits and hyphens", p.ID))
	}
	if !digitsForm.MatchString(p.Number) {
		problems = append(problems, fmt.Errorf("project number %q: want digits", p.Number))
	}
	if p.BillingAccount == "" || strings.Contains(p.BillingAccount, "/") {
		problems = append(problems, fmt.Errorf("billing account %q: want its id, XXXXXX-XXXXXX-XXXXXX", p.BillingAccount))
	}
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	return c.store.Update(func(tx *store.Tx) error {
		if there, found := findProject(tx, p.ID); found && there.number != p.Number {
			return fmt.Errorf("project %s has number %s in this emulator and %s in the settings; delete the emulator's state folder to "+
				"start anew", p.ID, there.number, p.Number)
		}
		if there, found := findProject(tx, p.Number); found && there.id != p.ID {
			return fmt.Errorf("project number %s belongs to %s in this emulator; give %s its own number", p.Number, there.id, p.ID)
		}
		now := timestamp(c.now())
		if !tx.Has(projectPrefix + p.ID) {
			if err := tx.Put(projectPrefix+p.ID, store.Document{"projectId": p.ID, "projectNumber": p.Number, "name": p.ID,
				"lifecycleState": "ACTIVE", "createTime": now}); err != nil {
				return err
			}
		}
		account := "billingAccounts/" + p.BillingAccount
		if key := "//cloudbilling.googleapis.com/" + account; !tx.Has(key) {
			currency := p.Currency
			if currency == "" {
				currency = "USD"
			}
			if err := tx.Put(key, store.Document{"name": account, "open": true, "displayName": "Sandbox billing account",
				"currencyCode": currency}); err != nil {
				return err
			}
		}
		return tx.Put("//cloudbilling.googleapis.com/projects/"+p.ID+"/billingInfo", store.Document{
			"name": "projects/" + p.ID + "/billingInfo", "projectId": p.ID, "billingAccountName": account, "billingEnabled": true})
	})
}

// EnableAPIs switches APIs on in a project, all that can be when none is named. The error names those that do not exist.
func (c *Cloud) EnableAPIs(projectID string, names ...string) error {
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(apis))
	}
	return c.store.Update(func(tx *store.Tx) error {
		var problems []error
		for _, name := range names {
			if apis[name] == "" {
				problems = append(problems, fmt.Errorf("project %s: there is no API %q; there are %s", projectID, name,
					strings.Join(slices.Sorted(maps.Keys(apis)), ", ")))
				continue
			}
			problems = append(problems, tx.Put(usagePrefix+projectID+"/services/"+name, store.Document{"state": "ENABLED"}))
		}
		return errors.Join(problems...)
	})
}

func projectKinds() []*kind {
	return []*kind{
		{prefix: "crm/v1", host: "cloudresourcemanager.googleapis.com", pattern: "projects", message: "crm:Project",
			listField: "projects", policy: true,
			missing: func(name) *Error { return denied("The caller does not have permission") }},
		{prefix: "cb/v1", host: "cloudbilling.googleapis.com", pattern: "billingAccounts", message: "cb:BillingAccount",
			listField: "billingAccounts", policy: true,
			missing: func(name) *Error { return denied("The caller does not have permission") }},
		{prefix: "cb/v1", host: "cloudbilling.googleapis.com", pattern: "projects/*/billingInfo", single: true,
			read: func(q *request, n name) (any, error) { return q.tx.Get(n.key()), nil }},
	}
}

// apis are the APIs a project can enable, with their titles. Those of the first group are on in every project of the
// sandbox, because without them nothing could be switched on.
var alwaysOn = []string{"serviceusage.googleapis.com", "cloudresourcemanager.googleapis.com", "cloudbilling.googleapis.com"}

var apis = map[string]string{
	"serviceusage.googleapis.com": "Service Usage API", "cloudresourcemanager.googleapis.com": "Cloud Resource Manager API",
	"cloudbilling.googleapis.com": "Cloud Billing API",
	"run.googleapis.com":          "Cloud Run Admin API", "iam.googleapis.com": "Identity and Access Management (IAM) API",
	"iamcredentials.googleapis.com": "IAM Service Account Credentials API",
	"sts.googleapis.com":            "Security Token Service API", "secretmanager.googleapis.com": "Secret Manager API",
	"artifactregistry.googleapis.com":  "Artifact Registry API",
	"containerscanning.googleapis.com": "Container Scanning API", "containeranalysis.googleapis.com": "Container Analysis API",
	"ondemandscanning.googleapis.com":    "On-Demand Scanning API",
	"binaryauthorization.googleapis.com": "Binary Authorization API", "cloudkms.googleapis.com": "Cloud Key Management Service (KMS) API",
	"monitoring.googleapis.com": "Cloud Monitoring API", "logging.googleapis.com": "Cloud Logging API",
	"cloudtrace.googleapis.com":     "Cloud Trace API",
	"billingbudgets.googleapis.com": "Cloud Billing Budget API", "compute.googleapis.com": "Compute Engine API",
	"storage.googleapis.com":        "Cloud Storage API",
	"cloudscheduler.googleapis.com": "Cloud Scheduler API", "cloudbuild.googleapis.com": "Cloud Build API",
	"pubsub.googleapis.com": "Cloud Pub/Sub API", "orgpolicy.googleapis.com": "Organization Policy API",
}

const usagePrefix = "//serviceusage.googleapis.com/projects/"

func (q *request) enabled(p project, api string) bool {
	return slices.Contains(alwaysOn, api) || text(q.tx.Get(usagePrefix+p.id+"/services/"+api), "state") == "ENABLED"
}

// requireAPI refuses when the API is off in the project.
func (q *request) requireAPI(p project, api string) error {
	if q.enabled(p, api) {
		return nil
	}
	link := fmt.Sprintf("https://console.developers.google.com/apis/api/%s/overview?project=%s", api, p.number)
	e := denied("%s has not been used in project %s before or it is disabled. Enable it by visiting %s then retry. If you enabled this "+
		"API recently, wait a few minutes for the action to propagate to our systems and retry.", apis[api], p.number, link)
	e.Details = []any{errorInfo("SERVICE_DISABLED", "projects/"+p.number, api)}
	return e
}

func serviceKinds() []*kind {
	k := &kind{prefix: "su/v1", host: "serviceusage.googleapis.com", pattern: "projects/*/services", numbered: true}
	k.missing = func(n name) *Error { return unknownAPI(n.id()) }
	k.verbs = map[string]func(*change) (any, error){
		"POST enable":      func(c *change) (any, error) { return c.switchAPIs("EnableServiceResponse", "ENABLED", c.name.id()) },
		"POST disable":     func(c *change) (any, error) { return c.switchAPIs("DisableServiceResponse", "DISABLED", c.name.id()) },
		"POST batchEnable": batchEnable,
		"GET batchGet":     batchGet,
	}
	return []*kind{k}
}

func unknownAPI(api string) *Error {
	return denied("Not found or permission denied for service(s): %s.", api)
}

// usage answers the reads of enabled APIs, whose documents exist only once they were switched.
func (q *request) usage(n name) (any, error) {
	if n.id() != "" {
		if apis[n.id()] == "" {
			return nil, unknownAPI(n.id())
		}
		return q.service(n), nil
	}
	var items []any
	for _, api := range slices.Sorted(maps.Keys(apis)) {
		service := q.service(n.child(api))
		switch filter := q.query.Get("filter"); filter {
		case "", "state:" + text(service, "state"):
			items = append(items, service)
		case "state:ENABLED", "state:DISABLED":
		default:
			return nil, invalid("Invalid filter: %s. Use state:ENABLED or state:DISABLED.", filter)
		}
	}
	return q.page("services", items)
}

func (q *request) service(n name) map[string]any {
	state := "DISABLED"
	if q.enabled(n.project, n.id()) {
		state = "ENABLED"
	}
	return map[string]any{"name": n.byNumber(), "parent": "projects/" + n.project.number, "state": state,
		"config": map[string]any{"name": n.id(), "title": apis[n.id()]}}
}

func (c *change) switchAPIs(response, state string, ids ...string) (any, error) {
	var services []any
	for _, id := range ids {
		if apis[id] == "" {
			return nil, unknownAPI(id)
		}
		if state == "DISABLED" && slices.Contains(alwaysOn, id) {
			return nil, precondition("The emulator keeps %s on in every project.", id)
		}
		n := name{kind: c.name.kind, project: c.name.project, segments: []string{"projects", c.name.project.id, "services", id}}
		if err := c.tx.Put(n.key(), store.Document{"state": state}); err != nil {
			return nil, err
		}
		services = append(services, c.service(n))
	}
	answer := map[string]any{"service": services[0]}
	if response == "BatchEnableServicesResponse" {
		answer = map[string]any{"services": services}
	}
	operation := fmt.Sprintf("operations/acat.p2-%s-%s", c.name.project.number, c.cloud.uuid())
	return c.recordOperation("su/v1", operation, c.now.Add(c.operationDelay()), "google.api.serviceusage.v1."+response, false, answer, nil)
}

func batchEnable(c *change) (any, error) {
	ids := stringsOf(list(c.body, "serviceIds"))
	if len(ids) == 0 || len(ids) > 20 {
		return nil, invalid("service_ids: between 1 and 20 services can be enabled at once.")
	}
	return c.switchAPIs("BatchEnableServicesResponse", "ENABLED", ids...)
}

func batchGet(c *change) (any, error) {
	var services []any
	for _, full := range c.query["names"] {
		api := full[strings.LastIndexByte(full, '/')+1:]
		if apis[api] == "" {
			return nil, unknownAPI(api)
		}
		services = append(services, c.service(name{kind: c.name.kind, project: c.name.project,
			segments: []string{"projects", c.name.project.id, "services", api}}))
	}
	return map[string]any{"services": services}, nil
}
