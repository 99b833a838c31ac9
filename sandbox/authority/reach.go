package authority

import (
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/firstrun/permissions"
	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
)

// places maps the type of a grant to the kind of thing on which it grants a role, for the kinds that decide who may become whom.
var places = map[string]permissions.Place{
	"gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": permissions.OnRepository,
	"gcp:billing/accountIamMember:AccountIamMember":                permissions.OnBillingAccount,
	"gcp:projects/iAMMember:IAMMember":                             permissions.OnProject,
	"gcp:serviceaccount/iAMMember:IAMMember":                       permissions.OnServiceAccount,
}

// onlyRoles matches the one condition that is evaluated. A grant under any other condition counts as unconditional.
var onlyRoles = regexp.MustCompile(`^api\.getAttribute\('iam\.googleapis\.com/modifiedGrantsByRole', \[\]\)\.hasOnly\(\['([^\]]*)'\]\)$`)

// Holdings returns all memberships, of the stack's own accounts and of everybody else, and the stack's own accounts. The platform's
// identities have the names of its program (ci, deploy, runtime web), other accounts their addresses. A role that nothing
// describes counts as holding everything.
func Holdings(resources []inventory.Resource) (holdings []permissions.Holding, accounts []string) {
	names, runsAs := map[string]string{}, map[string]string{} // the accounts' names by address, and the addresses by job
	custom := map[string][]string{}
	for _, r := range resources {
		switch r.Type {
		case "procureflow:identity:Identity":
			email := r.Text("accountId") + "@" + r.Text("project") + ".iam.gserviceaccount.com"
			names[email] = strings.Replace(strings.TrimPrefix(r.Name, "account-"), "runtime-", "runtime ", 1)
		case jobType:
			runsAs[placeOf(r)] = r.Words("template", "template", "serviceAccount")
		case customRole:
			list, _ := r.At("permissions").([]any)
			for _, permission := range list {
				switch permission := permission.(type) {
				case string:
					custom[r.Text("roleId")] = append(custom[r.Text("roleId")], permission)
				case inventory.Mark: // It may be any.
					custom[r.Text("roleId")] = append(custom[r.Text("roleId")], "*")
				}
			}
		}
	}
	for _, r := range resources {
		if r.Type == "gcp:serviceaccount/account:Account" {
			email := r.Text("accountId") + "@" + r.Text("project") + ".iam.gserviceaccount.com"
			if names[email] == "" {
				names[email] = email
			}
			accounts = append(accounts, names[email])
		}
	}
	for _, r := range resources {
		if !strings.HasSuffix(strings.ToLower(r.Type), "iammember") {
			continue
		}
		role, member := r.Words("role"), r.Words("member")
		holding := permissions.Holding{Who: member, Place: places[r.Type], Role: role}
		if name, ours := names[strings.TrimPrefix(member, "serviceAccount:")]; ours {
			holding.Who = name
		}
		email := r.Words("serviceAccountId")
		if strings.HasSuffix(r.Type, "/jobIamMember:JobIamMember") && runsAs[placeOf(r)] != "" {
			// Who may run a job acts as its account, and as no other.
			holding.Place, email = permissions.OnServiceAccount, runsAs[placeOf(r)]
		}
		if holding.Place == permissions.OnServiceAccount {
			email = email[strings.LastIndexByte(email, '/')+1:]
			if holding.On = names[email]; holding.On == "" {
				holding.On = email
			}
		}
		holding.Permissions = permissionsOf(r, custom)
		if strings.HasSuffix(r.Type, "/serviceIamMember:ServiceIamMember") { // A grant on one service, where no job is run.
			holding.Permissions = slices.DeleteFunc(slices.Clone(holding.Permissions), func(permission string) bool {
				return strings.HasPrefix(permission, "run.jobs.")
			})
		}
		if found := onlyRoles.FindStringSubmatch(r.Text("condition", "expression")); found != nil {
			holding.Only = strings.Split(found[1], "', '")
		}
		holdings = append(holdings, holding)
	}
	return holdings, accounts
}

// permissionsOf returns the permissions of a grant's role. custom are those of the stack's own roles, by id. A role that is known only
// after the update has none here: the grant itself is listed, and each guess would show ways that are not there.
func permissionsOf(grant inventory.Resource, custom map[string][]string) []string {
	if grant.At("role") == inventory.Unknown {
		return []string{}
	}
	role := grant.Text("role")
	_, id, _ := strings.Cut(role, "/roles/")
	held := permissions.Roles[role]
	if held == nil {
		held = custom[id]
	}
	if held == nil {
		return []string{"*"}
	}
	return held
}

// placeOf names the job that a resource is, or that it grants a role on.
func placeOf(r inventory.Resource) string {
	name := r.Text("name")
	return r.Text("project") + "/" + r.Text("location") + "/" + name[strings.LastIndexByte(name, '/')+1:]
}

// reaches returns the ways from the stack's own accounts to each other, and to images, signatures and secrets. For the ways in
// from outside, by the federation, see becomes.
func reaches(holdings []permissions.Holding, accounts []string) (facts []review.Fact) {
	for _, path := range permissions.Paths(holdings, accounts) {
		if !slices.Contains(accounts, path.From) {
			continue
		}
		var by []string
		for _, step := range path.Steps {
			by = append(by, step.By)
		}
		facts = append(facts, review.Fact{Kind: review.Reaches, Subject: path.From, Text: path.To + ", by " + strings.Join(by, ", then ")})
	}
	return facts
}
