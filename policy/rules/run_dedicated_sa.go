package rules

import (
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var runDedicatedSA = crossguard.Policy{
	Name:             "run-dedicated-sa",
	Description:      "Everything on Cloud Run runs as an account of its own, not as the default account that other workloads share.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.High,
	Framework:        own("Least-privilege: scoped IAM roles for runtime"),
	Tags:             []string{"security", "cloud-run", "iam"},
	RemediationSteps: "Make a service account for the workload, grant it what it needs, and set it as the template's service account.",
	Types:            runAny,
	Check: func(r *crossguard.Resource) {
		path := templateOf(r) + ".serviceAccount"
		if r.Type == serviceV1 {
			path = "template.spec.serviceAccountName"
		}
		switch account, set := r.String(path); {
		case !set:
			r.Violation("%s is absent, so the default compute account is used: set an account of its own", path)
		case isDefaultAccount(strings.ToLower(account)):
			r.Violation("%s is the default account %s: set an account of its own", path, account)
		}
	},
}

// isDefaultAccount tells the accounts that Google makes for a project and that many workloads share.
func isDefaultAccount(email string) bool {
	return strings.HasSuffix(email, "-compute@developer.gserviceaccount.com") ||
		strings.HasSuffix(email, "@appspot.gserviceaccount.com") || strings.HasSuffix(email, "@cloudbuild.gserviceaccount.com") ||
		strings.HasSuffix(email, "@cloudservices.gserviceaccount.com")
}
