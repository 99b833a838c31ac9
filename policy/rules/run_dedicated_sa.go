package rules

import (
	"slices"
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
	Options: []crossguard.Option{{Name: "others", Default: []string{"github-actions-*", "firebase-adminsdk-*", "terraform*", "pulumi*"},
		Description: "Names of accounts that are not for workloads, such as those that deploy; * stands for any characters."}},
	Types: append(runAny[:4:4], functions...),
	Check: func(r *crossguard.Resource) {
		path := templateOf(r) + ".serviceAccount"
		if r.Type == serviceV1 {
			path = "template.spec.serviceAccountName"
		}
		if isFunction(r) {
			path = functionPath(r, "serviceAccountEmail", "serviceAccountEmail")
		}
		account, set := r.String(path)
		switch account = strings.TrimSpace(account); {
		case !set:
			r.Violation("%s is absent, so the default compute account is used: set an account of its own", path)
		case isDefaultAccount(strings.ToLower(account)):
			r.Violation("%s is the default account %s: set an account of its own", path, account)
		case matchesAny(r.Config.Strings("others"), accountName(account)), strings.HasPrefix(accountName(account), "service-") &&
			isAgent(account):
			r.Violation("%s is %s, which is not for workloads: set an account of its own, or change others of run-dedicated-sa in "+
				"policy/STACK.json", path, account)
		}
	},
}

// isDefaultAccount reports whether an account is one that Google makes for a project and that many workloads share.
func isDefaultAccount(email string) bool {
	return email == "default" || strings.HasSuffix(email, "-compute@developer.gserviceaccount.com") ||
		strings.HasSuffix(email, "@appspot.gserviceaccount.com") || strings.HasSuffix(email, "@cloudbuild.gserviceaccount.com") ||
		strings.HasSuffix(email, "@cloudservices.gserviceaccount.com")
}

// accountName returns the part of an account before the @, in lower case. The account may also be a resource's name.
func accountName(account string) string {
	name, _, _ := strings.Cut(strings.ToLower(account[strings.LastIndex(account, "/")+1:]), "@")
	return name
}

// isAgent reports whether an account is one with which Google's services act.
func isAgent(account string) bool {
	_, domain, _ := strings.Cut(strings.ToLower(account), "@")
	project, google := strings.CutSuffix(domain, ".iam.gserviceaccount.com")
	return google && strings.HasPrefix(project, "gcp-sa-") || slices.Contains([]string{"serverless-robot-prod", "gcf-admin-robot",
		"container-engine-robot", "compute-system"}, project)
}
