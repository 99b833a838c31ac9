package preflight

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/api/cloudbilling/v1"
	"google.golang.org/api/cloudresourcemanager/v1"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
)

// Endpoints are the base addresses of the two APIs. An empty address means Google's.
type Endpoints struct{ Projects, Billing string }

// Google asks Google Cloud with the application default credentials, or as opts say.
func Google(ctx context.Context, endpoints Endpoints, opts ...option.ClientOption) (Asker, error) {
	projects, err := cloudresourcemanager.NewService(ctx, append(slices.Clone(opts), option.WithEndpoint(endpoints.Projects))...)
	if err != nil {
		return nil, fmt.Errorf("log in with `gcloud auth application-default login` first: %w", err)
	}
	billing, err := cloudbilling.NewService(ctx, append(slices.Clone(opts), option.WithEndpoint(endpoints.Billing))...)
	if err != nil {
		return nil, fmt.Errorf("log in with `gcloud auth application-default login` first: %w", err)
	}
	return &google{projects, billing}, nil
}

type google struct {
	projects *cloudresourcemanager.Service
	billing  *cloudbilling.APIService
}

func (g *google) Facts(ctx context.Context, project, account string) (Facts, error) {
	var facts Facts
	about, err := g.projects.Projects.Get(project).Context(ctx).Do()
	if err := readable(err); err != nil {
		return Facts{}, fmt.Errorf("read project %s: %w", project, err)
	}
	if about != nil {
		facts.Number = strconv.FormatInt(about.ProjectNumber, 10)
	}
	paid, err := g.billing.Projects.GetBillingInfo("projects/" + project).Context(ctx).Do()
	if err := readable(err); err != nil {
		return Facts{}, fmt.Errorf("read who pays for project %s: %w", project, err)
	}
	if paid != nil {
		facts.Payer = cmp.Or(strings.TrimPrefix(paid.BillingAccountName, "billingAccounts/"), "absent")
	}
	payer, err := g.billing.BillingAccounts.Get("billingAccounts/" + account).Context(ctx).Do()
	if err := readable(err); err != nil {
		return Facts{}, fmt.Errorf("read billing account %s: %w", account, err)
	}
	if payer != nil {
		facts.Currency = payer.CurrencyCode
	}
	return facts, nil
}

// readable returns the error of a read, unless Google refuses it to the caller. Google also refuses what does not exist.
func readable(err error) error {
	var refused *googleapi.Error
	if errors.As(err, &refused) && (refused.Code == http.StatusForbidden || refused.Code == http.StatusNotFound) {
		return nil
	}
	return err
}

// mostAtOnce is the limit of one testIamPermissions call (cloud.google.com/iam/docs/testing-permissions).
const mostAtOnce = 100

func (g *google) Held(ctx context.Context, resource string, wanted []string) ([]string, error) {
	var held []string
	for chunk := range slices.Chunk(wanted, mostAtOnce) {
		var some []string
		if strings.HasPrefix(resource, "billingAccounts/") {
			request := &cloudbilling.TestIamPermissionsRequest{Permissions: chunk}
			answer, err := g.billing.BillingAccounts.TestIamPermissions(resource, request).Context(ctx).Do()
			if err != nil {
				return nil, err
			}
			some = answer.Permissions
		} else {
			request := &cloudresourcemanager.TestIamPermissionsRequest{Permissions: chunk}
			answer, err := g.projects.Projects.TestIamPermissions(strings.TrimPrefix(resource, "projects/"), request).Context(ctx).Do()
			if err != nil {
				return nil, err
			}
			some = answer.Permissions
		}
		held = append(held, some...)
	}
	return held, nil
}
