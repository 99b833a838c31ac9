package cloud

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/google/cloudbilling"
	"github.com/guiofsaints/procureflow-platform/emulator/google/cloudresourcemanager"
	"github.com/guiofsaints/procureflow-platform/emulator/google/iam"
	"github.com/guiofsaints/procureflow-platform/emulator/google/serviceusage"
	"github.com/guiofsaints/procureflow-platform/emulator/google/sqladmin"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
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
	numberForm    = regexp.MustCompile(`^[0-9]+$`)
)

// EnsureProject makes the project and its billing account when they are absent. The error says what is wrong with the
// project, or that the id or the number is another project's.
func (c *Cloud) EnsureProject(p Project) error {
	var problems []error
	if !projectIDForm.MatchString(p.ID) {
		problems = append(problems, fmt.Errorf("project id %q: want 6-30 lower-case letters, digits and hyphens", p.ID))
	}
	if !numberForm.MatchString(p.Number) {
		problems = append(problems, fmt.Errorf("project number %q: want digits", p.Number))
	}
	if p.BillingAccount == "" || strings.Contains(p.BillingAccount, "/") {
		problems = append(problems, fmt.Errorf("billing account %q: want its id, XXXXXX-XXXXXX-XXXXXX", p.BillingAccount))
	}
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	return c.apis.Update(func(q *rest.Request) error {
		if err := cloudresourcemanager.Ensure(q, rest.Project{ID: p.ID, Number: p.Number}); err != nil {
			return err
		}
		return cloudbilling.Ensure(q, p.ID, p.BillingAccount, cmp.Or(p.Currency, "USD"))
	})
}

// EnableAPIs switches APIs on in a project, all that can be when none is named. The error names those that do not exist.
func (c *Cloud) EnableAPIs(projectID string, names ...string) error {
	return c.apis.Update(func(q *rest.Request) error { return serviceusage.Enable(q, projectID, names...) })
}

// ForgetDeleted does at once what the cloud does after thirty days: it forgets the project's deleted pools, providers
// and databases, whose ids cannot be used until then.
func (c *Cloud) ForgetDeleted(projectID string) error {
	return c.apis.Update(func(q *rest.Request) error {
		return errors.Join(iam.ForgetDeleted(q, projectID), sqladmin.ForgetDeleted(q, projectID))
	})
}
