package cloud

import (
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

// Project is a project as it exists before the platform is set up.
type Project struct {
	// ID is the project's id, 6-30 characters. Required.
	ID string `json:"id"`
	// Number is the project's number, digits only. Required.
	Number string `json:"number"`
	// BillingAccount is the account that pays, in the form XXXXXX-XXXXXX-XXXXXX. It is created if it does not exist. Required.
	BillingAccount string `json:"billingAccount"`
	// Currency is the billing account's currency. Default: that of an account that exists; USD for a new one.
	Currency string `json:"currency,omitempty"`
}

var (
	projectIDForm = regexp.MustCompile(`^[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
	numberForm    = regexp.MustCompile(`^[0-9]+$`)
)

// EnsureProject creates the project and its billing account if they do not exist. The error says what is wrong with the project,
// or that another project has the id or the number.
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
		return cloudbilling.Ensure(q, p.ID, p.BillingAccount, p.Currency)
	})
}

// HasProject reports whether the project exists.
func (c *Cloud) HasProject(id string) (has bool, err error) {
	err = c.apis.View(func(q *rest.Request) error {
		_, has = q.Project(id)
		return nil
	})
	return has, err
}

// EnableAPIs enables APIs in a project. Without names it enables all APIs. The error names the APIs that do not exist.
func (c *Cloud) EnableAPIs(projectID string, names ...string) error {
	return c.apis.Update(func(q *rest.Request) error { return serviceusage.Enable(q, projectID, names...) })
}

// ForgetDeleted forgets the project's deleted pools, providers and databases, so that their ids can be used again. The real cloud
// does so after thirty days.
func (c *Cloud) ForgetDeleted(projectID string) error {
	return c.apis.Update(func(q *rest.Request) error {
		return errors.Join(iam.ForgetDeleted(q, projectID), sqladmin.ForgetDeleted(q, projectID))
	})
}
