package rules

import (
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var runNoPublicInvoker = crossguard.Policy{
	Name:        "run-no-public-invoker",
	Description: "Nobody may call a Cloud Run service without credentials unless it is meant to be public.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.High,
	Framework: crossguard.Framework{Name: "Checkov", Reference: "CKV_GCP_102",
		Specification: "Ensure that GCP Cloud Run services are not anonymously or publicly accessible"},
	Tags: []string{"security", "cloud-run", "iam"},
	RemediationSteps: "Grant roles/run.invoker to the accounts that call the service, and leave invokerIamDisabled unset. " +
		"For a public service, name it in publicServices.",
	Options: []crossguard.Option{publicServices},
	Types:   slices.Concat(services, runIAM, functionIAM, wideIAM),
	Check: func(r *crossguard.Resource) {
		switch r.Type {
		case serviceV1:
			checkInvoker(r, v1Service("run.googleapis.com/invoker-iam-disabled"), serviceName(r))
		case serviceV2:
			checkInvoker(r, "invokerIamDisabled", serviceName(r))
		default:
			if slices.Contains(wideIAM, r.Type) {
				everybody(r, "roles/run.", func(role, member string) {
					r.Violation("grants %s to %s on %s, and with it every service: grant it on the service that is public", role, member, scope(r))
				})
				return
			}
			grant{member: public}.each(r, func(role, member string) {
				name := grantedService(r)
				switch {
				case !slices.Contains(serviceIAM, r.Type) && !slices.Contains(functionIAM, r.Type): // a job or pool may have a public service's name
					r.Violation("grants %s to %s on %s: name who may run it", role, member, name)
				case !slices.Contains(r.Config.Strings("publicServices"), name):
					r.Violation("grants %s to %s on %s, which is not among the public services (%s): name who may call it, or add the "+
						"service to publicServices of run-no-public-invoker in policy/STACK.json",
						role, member, name, list(r.Config.Strings("publicServices")))
				case !r.IsKnown("role"):
					r.StringOr("role", "") // ends the rule, naming the role
				case !invokes(strings.ToLower(role)):
					r.Violation("grants %s to %s on %s: anybody may call a public service and do nothing else with it: grant roles/run.invoker",
						role, member, name)
				}
			})
		}
	},
}

// invokes matches the roles that only allow calling a service.
var invokes = roles("roles/run.invoker", "roles/run.servicesinvoker", "roles/cloudfunctions.invoker")

func checkInvoker(r *crossguard.Resource, path, name string) {
	if r.BoolOr(path, false) && !slices.Contains(r.Config.Strings("publicServices"), name) {
		r.Violation("%s lets anybody call %s, which is not among the public services (%s): remove it",
			path, name, list(r.Config.Strings("publicServices")))
	}
}

// grantedService returns the last segment of the resource that a Cloud Run IAM resource grants on.
func grantedService(r *crossguard.Resource) string {
	name, set := r.String("service")
	if !set {
		name, set = r.String("cloudFunction")
	}
	if !set {
		name = r.StringOr("name", "an unnamed service")
	}
	return name[strings.LastIndex(name, "/")+1:]
}
