// Package preflight finds out whether a person may do an environment's first run. It asks before the run, because a run
// that stops half-way leaves half an environment. It asks the clouds for the caller's rights, and changes nothing.
package preflight

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/firstrun/permissions"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// Asker returns which of the permissions the caller has on a resource: projects/P or billingAccounts/B. In both APIs the
// method is testIamPermissions.
type Asker interface {
	Held(ctx context.Context, resource string, wanted []string) ([]string, error)
	// Facts returns what a project and a billing account say of themselves.
	Facts(ctx context.Context, project, account string) (Facts, error)
}

// Facts are what the settings repeat of the project and of its billing account. A fact that the caller may not read is empty.
type Facts struct {
	// Number is the project's number, and Payer the id of the billing account that pays for it.
	Number, Payer string
	// Currency is the billing account's.
	Currency string
}

// Report is what a check found.
type Report struct {
	// Environment is the stack's name.
	Environment string `json:"environment"`
	// Places are the project and the billing account, in this order.
	Places []Finding `json:"places"`
	// Wrong are the settings that differ from what Google says, as sentences with the fix.
	Wrong []string `json:"wrong"`
	// Unread are the settings that could not be compared, because the caller may not read what they repeat.
	Unread []string `json:"unread"`
}

// Finding is what the caller lacks on one resource.
type Finding struct {
	// Resource is projects/P or billingAccounts/B.
	Resource string `json:"resource"`
	// Asked is how many permissions the first run needs there.
	Asked int `json:"asked"`
	// Missing are the permissions that the caller lacks, sorted.
	Missing []string `json:"missing"`
	// Roles are predefined roles that together hold the missing permissions, sorted. Grant them for the run and revoke them
	// after it.
	Roles []string `json:"roles"`
}

// Ready says whether nothing is missing or wrong.
func (r Report) Ready() bool {
	return len(r.Wrong) == 0 && !slices.ContainsFunc(r.Places, func(f Finding) bool { return len(f.Missing) > 0 })
}

// Place lists what the first run needs on one resource.
type Place struct {
	// Resource is projects/P or billingAccounts/B.
	Resource string `json:"resource"`
	// Permissions are the needed permissions, sorted.
	Permissions []string `json:"permissions"`
	// Roles are predefined roles that together hold them, sorted.
	Roles []string `json:"roles"`
}

// Wanted returns what the first run of an environment needs on its project and on its billing account, in this order. It sends
// no requests.
func Wanted(settings stacks.Settings) ([]Place, error) {
	wanted, err := wantedFor(Types(settings))
	if err != nil {
		return nil, err
	}
	places := []Place{
		{Resource: "projects/" + settings.Project.ID, Permissions: wanted[permissions.OnProject]},
		{Resource: "billingAccounts/" + settings.Project.BillingAccount, Permissions: wanted[permissions.OnBillingAccount]},
	}
	for i, place := range places {
		if places[i].Roles, err = rolesFor(place.Permissions, rolesOn(place.Resource)); err != nil {
			return nil, err
		}
	}
	return places, nil
}

// Check asks whether the caller may make everything that an environment's settings ask for.
func Check(ctx context.Context, asker Asker, settings stacks.Settings) (Report, error) {
	places, err := Wanted(settings)
	if err != nil {
		return Report{}, err
	}
	report := Report{Environment: settings.Environment, Wrong: []string{}, Unread: []string{}}
	for _, place := range places {
		held, err := asker.Held(ctx, place.Resource, place.Permissions)
		if err != nil {
			return Report{}, fmt.Errorf("ask what you may do on %s: %w", place.Resource, err)
		}
		finding := Finding{Resource: place.Resource, Asked: len(place.Permissions), Missing: []string{}}
		for _, permission := range place.Permissions {
			if !slices.Contains(held, permission) {
				finding.Missing = append(finding.Missing, permission)
			}
		}
		if finding.Roles, err = rolesFor(finding.Missing, rolesOn(place.Resource)); err != nil {
			return Report{}, err
		}
		report.Places = append(report.Places, finding)
	}
	return report, report.compare(ctx, asker, settings)
}

// compare finds the settings that Google contradicts. The first run would stop half-way because of them.
func (r *Report) compare(ctx context.Context, asker Asker, s stacks.Settings) error {
	facts, err := asker.Facts(ctx, s.Project.ID, s.Project.BillingAccount)
	if err != nil {
		return err
	}
	for _, one := range []struct{ path, says, is, of string }{
		{"project.number", s.Project.Number, facts.Number, "the number of project " + s.Project.ID},
		{"project.billingAccount", s.Project.BillingAccount, facts.Payer, "the billing account that pays for project " + s.Project.ID},
		{"budget.currency", s.Budget.Currency, facts.Currency, "the currency of billing account " + s.Project.BillingAccount},
	} {
		switch one.is {
		case one.says:
		case "":
			r.Unread = append(r.Unread, fmt.Sprintf("%s: you may not read %s; compare it yourself", one.path, one.of))
		default:
			r.Wrong = append(r.Wrong, fmt.Sprintf("%s is %s, and %s is %s: write that", one.path, one.says, one.of, one.is))
		}
	}
	return nil
}

// Types returns the Google Cloud resource types that the first run of an environment makes. Types for signatures, jobs,
// schedules, databases and buckets are included if the settings have any.
func Types(settings stacks.Settings) []string {
	scheduled := slices.ContainsFunc(slices.Collect(maps.Values(settings.Jobs)), func(job stacks.Job) bool { return job.Schedule != nil })
	has := map[string]bool{
		"gcp:kms/": settings.BinaryAuthorization != nil, "gcp:containeranalysis/": settings.BinaryAuthorization != nil,
		"gcp:binaryauthorization/": settings.BinaryAuthorization != nil, "gcp:cloudrunv2/job": len(settings.Jobs) > 0,
		"gcp:cloudscheduler/": scheduled, "gcp:sql/": len(settings.Databases) > 0, "gcp:storage/": len(settings.Buckets) > 0,
	}
	var types []string
	for _, token := range slices.Sorted(maps.Keys(permissions.Types)) {
		unused := false
		for prefix, used := range has {
			unused = unused || strings.HasPrefix(token, prefix) && !used
		}
		if !unused {
			types = append(types, token)
		}
	}
	return types
}

// wantedFor returns the permissions for making, changing and removing the types, sorted. In an empty project nothing
// narrower than the project exists yet, so all of them except the billing account's are needed on the project.
func wantedFor(types []string) (map[permissions.Place][]string, error) {
	sets := map[permissions.Place]map[string]bool{permissions.OnProject: {}, permissions.OnBillingAccount: {}}
	for _, token := range types {
		needs, err := permissions.ForType(token, permissions.Creates)
		if err != nil {
			return nil, err
		}
		for _, need := range needs {
			place := permissions.OnProject
			if need.Place == permissions.OnBillingAccount {
				place = permissions.OnBillingAccount
			}
			sets[place][need.Permission] = true
		}
	}
	wanted := map[permissions.Place][]string{}
	for place, set := range sets {
		wanted[place] = slices.Sorted(maps.Keys(set))
	}
	return wanted, nil
}

// The roles that a person gets for the first run, narrow ones first. Basic roles are left out, because they would hide
// which rights are needed.
var (
	projectRoles = []string{
		"roles/serviceusage.serviceUsageAdmin", "roles/resourcemanager.projectIamAdmin", "roles/iam.roleAdmin", "roles/iam.serviceAccountAdmin",
		"roles/iam.serviceAccountUser", "roles/iam.workloadIdentityPoolAdmin", "roles/artifactregistry.admin", "roles/secretmanager.admin",
		"roles/run.admin", "roles/monitoring.editor", "roles/logging.configWriter", "roles/cloudkms.admin", "roles/cloudkms.publicKeyViewer",
		"roles/containeranalysis.admin", "roles/binaryauthorization.attestorsAdmin", "roles/binaryauthorization.policyEditor",
		"roles/cloudscheduler.admin", "roles/cloudsql.admin", "roles/storage.admin",
	}
	billingRoles = []string{"roles/billing.costsManager", "roles/billing.admin"}
)

func rolesOn(resource string) []string {
	if strings.HasPrefix(resource, "billingAccounts/") {
		return billingRoles
	}
	return projectRoles
}

// rowOf returns a role's permissions. Only this function knows the admin roles that no account of the program may hold.
func rowOf(role string) []string {
	switch role {
	case "roles/secretmanager.admin":
		return []string{"secretmanager.*"}
	case "roles/containeranalysis.admin":
		return []string{"containeranalysis.*"}
	case "roles/cloudsql.admin":
		return []string{"cloudsql.*"}
	case "roles/storage.admin":
		return []string{"storage.*"}
	}
	return permissions.Roles[role]
}

// rolesFor returns roles that together hold the missing permissions: for each permission, the first role in the list
// that holds it.
func rolesFor(missing, roles []string) ([]string, error) {
	chosen := map[string]bool{}
	for _, permission := range missing {
		found := slices.IndexFunc(roles, func(role string) bool { return permissions.Holds(rowOf(role), permission) })
		if found < 0 {
			return nil, fmt.Errorf("no role is known that holds %s: add one to firstrun/preflight", permission)
		}
		chosen[roles[found]] = true
	}
	return append([]string{}, slices.Sorted(maps.Keys(chosen))...), nil
}
