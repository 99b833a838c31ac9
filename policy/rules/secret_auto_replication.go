package rules

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var secretAutoReplication = crossguard.Policy{
	Name:             "secret-auto-replication",
	Description:      "Secrets are replicated automatically, so that the loss of a region does not lose them.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Medium,
	Framework:        own("Secrets must use automatic replication"),
	Tags:             []string{"reliability", "secrets"},
	RemediationSteps: "Set replication to {auto: {}}. This makes a new secret: add its versions again before the old one is deleted.",
	Types:            []string{secret, regionalSecret},
	Check: func(r *crossguard.Resource) {
		switch {
		case r.Type == regionalSecret:
			r.Violation("is a regional secret, which is not replicated: use secretmanager.Secret with replication.auto")
		case r.Has("replication.userManaged"):
			r.Violation("replication.userManaged names the regions by hand: use replication.auto")
		default:
			if _, set := r.Block("replication.auto"); !set { // an empty object sets it
				r.Violation("replication.auto is absent: set it to {}")
			}
		}
	},
}
