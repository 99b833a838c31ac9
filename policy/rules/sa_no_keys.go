package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var saNoKeys = crossguard.Policy{
	Name:             "sa-no-keys",
	Description:      "There are no service account keys: they do not expire and can be copied.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Critical,
	Framework:        cis("1.4", "Ensure that there are only GCP-managed service account keys for each service account"),
	Tags:             []string{"security", "iam"},
	RemediationSteps: "Let the workload impersonate the account by workload identity federation, and delete the key.",
	Types:            []string{accountKey, hmacKey, apiKey},
	Check: func(r *crossguard.Resource) {
		switch {
		case r.Type == accountKey && (!r.IsKnown("publicKeyData") || r.StringOr("publicKeyData", "") != ""):
			r.NotApplicable("uploads the public half of the user's own key, which has its own expiry")
		case r.Type == apiKey && !r.Has("serviceAccountEmail"):
			r.NotApplicable("is an API key without an account")
		}
		r.Violation("makes a key that does not expire: use workload identity federation")
	},
}
