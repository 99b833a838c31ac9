package iam

import (
	"regexp"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// principalForm matches the principals of a workload identity pool. They contain the project's number and the pool's id.
var principalForm = regexp.MustCompile(`^principal(?:Set)?://iam\.googleapis\.com/projects/([0-9]+)/locations/global/` +
	`workloadIdentityPools/([^/]+)/(subject/.+|group/.+|attribute\.[a-z0-9_]+/.+|\*)$`)

// CheckMember refuses a binding's member that does not exist.
func CheckMember(q *rest.Request, member string) error {
	prefix, who, _ := strings.Cut(member, ":")
	switch prefix {
	case "allUsers", "allAuthenticatedUsers":
		if who == "" {
			return nil
		}
	case "user", "group":
		if rest.IsEmail(who) {
			return nil
		}
		return rest.Invalid("Invalid member %s: %s is not an email address.", member, who)
	case "domain":
		if strings.Contains(who, ".") {
			return nil
		}
	case "projectOwner", "projectEditor", "projectViewer":
		if _, found := q.Project(who); found {
			return nil
		}
	case "deleted":
		if strings.Contains(who, "?uid=") {
			return nil
		}
	case "serviceAccount":
		if AccountExists(q, who) {
			return nil
		}
		return rest.Invalid("Service account %s does not exist.", who)
	case "principal", "principalSet":
		parts := principalForm.FindStringSubmatch(member)
		if parts == nil {
			break
		}
		pool := "projects/" + parts[1] + "/locations/global/workloadIdentityPools/" + parts[2]
		if _, document := q.Find(Host, pools, pool); doc.Text(document, "state") == "ACTIVE" {
			return nil
		}
		return rest.Invalid("Identity Pool does not exist (%s). Please check that you specified a valid resource name as returned in the "+
			"`name` attribute in the configuration API.", pool)
	}
	return rest.Invalid("The member %s is of an unknown type. Please set a valid type prefix for the member.", member)
}
