package cloud

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud/schema"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// policyPrefix stands before a resource's key in the key of its IAM policy.
const policyPrefix = "iam:"

// noPolicyEtag is what the APIs answer for a resource whose policy was never set.
const noPolicyEtag = "ACAB"

// iam answers getIamPolicy, setIamPolicy and testIamPermissions.
func (q *request) iam(n name, verb string) (any, error) {
	if q.get(n) == nil {
		return nil, n.kind.missing(n)
	}
	switch {
	case verb == "getIamPolicy":
		return q.policy(n), nil
	case verb == "setIamPolicy" && q.method == http.MethodPost:
		return q.setPolicy(n)
	case verb == "testIamPermissions" && q.method == http.MethodPost:
		// The emulator has one caller, who may do everything.
		answer := map[string]any{}
		if permissions := list(q.body, "permissions"); len(permissions) > 0 {
			answer["permissions"] = permissions
		}
		return answer, nil
	}
	return nil, errNoMethod
}

func (q *request) policy(n name) map[string]any {
	if policy := q.tx.Get(policyPrefix + n.key()); policy != nil {
		return policy
	}
	return map[string]any{"etag": noPolicyEtag}
}

func (q *request) setPolicy(n name) (any, error) {
	body, err := schema.Normalize("sm:SetIamPolicyRequest", "", q.body) // the same message in every API but Cloud Run's
	if err != nil {
		return nil, err
	}
	given := object(body, "policy")
	if given == nil {
		return nil, invalid("Request contains an invalid argument: policy is required.")
	}
	current := q.policy(n)
	if etag := text(given, "etag"); etag != "" && etag != text(current, "etag") {
		return nil, aborted("There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff. "+
			"The request's ETag '%s' did not match the current policy's ETag '%s'.", etag, text(current, "etag"))
	}
	bindings, conditional, err := q.bindings(n, list(given, "bindings"))
	if err != nil {
		return nil, err
	}
	version := number(given, "version")
	if !slices.Contains([]float64{0, 1, 3}, version) {
		return nil, invalid("Invalid policy version: %g. Valid values are 0, 1 and 3.", version)
	}
	if conditional && version != 3 {
		return nil, invalid("Specifying a condition requires policy version 3.")
	}
	policy := store.Document{"etag": newEtag(q.cloud), "version": max(version, 1)}
	if len(bindings) > 0 {
		policy["bindings"] = bindings
	}
	audit := list(current, "auditConfigs")
	if strings.Contains(text(body, "updateMask"), "auditConfigs") || strings.Contains(text(body, "updateMask"), "audit_configs") {
		audit = list(given, "auditConfigs")
	}
	if len(audit) > 0 {
		policy["auditConfigs"] = audit
	}
	return policy, q.tx.Put(policyPrefix+n.key(), policy)
}

// bindings checks bindings and merges those of the same role and condition, as the API does.
func (q *request) bindings(n name, given []any) (merged []any, conditional bool, err error) {
	index := map[string]map[string]any{}
	for _, item := range given {
		binding, _ := item.(map[string]any)
		role, condition := text(binding, "role"), object(binding, "condition")
		if err := q.checkRole(n, role); err != nil {
			return nil, false, err
		}
		conditional = conditional || condition != nil
		if condition != nil && text(condition, "expression") == "" {
			return nil, false, invalid("The condition of the binding for %s has no expression.", role)
		}
		if len(list(binding, "members")) == 0 {
			continue
		}
		group := fmt.Sprint(role, condition)
		into := index[group]
		if into == nil {
			into = map[string]any{"role": role, "members": []any{}}
			if condition != nil {
				into["condition"] = condition
			}
			index[group], merged = into, append(merged, into)
		}
		for _, m := range list(binding, "members") {
			member, _ := m.(string)
			if err := q.checkMember(member); err != nil {
				return nil, false, err
			}
			if !slices.Contains(into["members"].([]any), m) {
				into["members"] = append(into["members"].([]any), m)
			}
		}
	}
	for _, binding := range merged {
		slices.SortFunc(binding.(map[string]any)["members"].([]any), func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	}
	slices.SortStableFunc(merged, func(a, b any) int {
		return strings.Compare(text(a.(map[string]any), "role"), text(b.(map[string]any), "role"))
	})
	return merged, conditional, nil
}

var (
	emailForm = regexp.MustCompile(`^[^@\s:]+@[^@\s:]+\.[^@\s:]+$`)
	poolForm  = regexp.MustCompile(`^principal(?:Set)?://iam\.googleapis\.com/projects/([0-9]+)/locations/global/workloadIdentityPools/([^/]+)/(subject/.+|group/.+|attribute\.[a-z0-9_]+/.+|\*)$`)
)

func (q *request) checkMember(member string) error {
	prefix, rest, _ := strings.Cut(member, ":")
	switch prefix {
	case "allUsers", "allAuthenticatedUsers":
		if rest == "" {
			return nil
		}
	case "user", "group":
		if emailForm.MatchString(rest) {
			return nil
		}
		return invalid("Invalid member %s: %s is no email address.", member, rest)
	case "domain":
		if strings.Contains(rest, ".") {
			return nil
		}
	case "projectOwner", "projectEditor", "projectViewer":
		if _, found := findProject(q.tx, rest); found {
			return nil
		}
	case "deleted":
		if strings.Contains(rest, "?uid=") {
			return nil
		}
	case "serviceAccount":
		if q.accountExists(rest) {
			return nil
		}
		return invalid("Service account %s does not exist.", rest)
	case "principal", "principalSet":
		parts := poolForm.FindStringSubmatch(member)
		if parts == nil {
			break
		}
		pool := name{kind: kindOf(iamHost, poolPattern)}
		if p, found := findProject(q.tx, parts[1]); found {
			pool.segments = []string{"projects", p.id, "locations", "global", "workloadIdentityPools", parts[2]}
			if document := q.get(pool); document != nil && text(document, "state") == "ACTIVE" {
				return nil
			}
		}
		return invalid("Identity Pool does not exist (projects/%s/locations/global/workloadIdentityPools/%s). Please check that you "+
			"specified a valid resource name as returned in the `name` attribute in the configuration API.", parts[1], parts[2])
	}
	return invalid("The member %s is of an unknown type. Please set a valid type prefix for the member.", member)
}

// accountExists says whether a service account exists: one that was made here, or one that Google makes for a project.
func (q *request) accountExists(email string) bool {
	local, domain, _ := strings.Cut(email, "@")
	switch {
	case domain == "developer.gserviceaccount.com":
		_, found := findProject(q.tx, strings.TrimSuffix(local, "-compute"))
		return found && strings.HasSuffix(local, "-compute")
	case domain == "serverless-robot-prod.iam.gserviceaccount.com" || strings.HasPrefix(domain, "gcp-sa-"):
		_, found := findProject(q.tx, strings.TrimPrefix(local, "service-"))
		return found && strings.HasPrefix(local, "service-")
	}
	project, isAccount := strings.CutSuffix(domain, ".iam.gserviceaccount.com")
	return isAccount && q.tx.Has("//iam.googleapis.com/projects/"+project+"/serviceAccounts/"+email)
}

// forgetAccount turns a deleted account's grants into grants to deleted:serviceAccount:EMAIL?uid=ID, as the API shows
// them: an account made again under the same email does not get them.
func (q *request) forgetAccount(email, uniqueID string) error {
	gone := "serviceAccount:" + email
	for _, key := range q.tx.List(policyPrefix) {
		policy := q.tx.Get(key)
		for _, binding := range list(policy, "bindings") {
			members := list(binding.(map[string]any), "members")
			for i, member := range members {
				if member == gone {
					members[i] = "deleted:" + gone + "?uid=" + uniqueID
				}
			}
		}
		if err := q.tx.Put(key, policy); err != nil {
			return err
		}
	}
	return nil
}

// holds says whether member, or everybody, has one of the roles on the resource or on its project.
func (q *request) holds(n name, member string, roles ...string) bool {
	for _, key := range []string{policyPrefix + n.key(), policyPrefix + projectPrefix + n.project.id} {
		for _, item := range list(q.tx.Get(key), "bindings") {
			binding, _ := item.(map[string]any)
			if !slices.Contains(roles, text(binding, "role")) {
				continue
			}
			for _, m := range list(binding, "members") {
				if m == member || m == "allUsers" {
					return true
				}
			}
		}
	}
	return false
}
