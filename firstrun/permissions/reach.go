package permissions

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// The goals, besides accounts, that somebody can reach.
const (
	// Owner is the right to do everything in the project.
	Owner = "the project's owner"
	// DefaultAccount is Compute Engine's account, which Google makes with the role Editor as soon as the API is switched on.
	DefaultAccount = "Compute's default account, an editor"
	// Values is the right to read the values of secrets.
	Values = "the values of secrets"
	// Signature is the right to sign any image for Binary Authorization.
	Signature = "a signature on any image"
	// Unsigned is the right to start an image that nobody signed.
	Unsigned = "an image that nobody signed"
	// Images is the right to push images into a repository.
	Images = "images of its own"
	// Records is the right to decide what the audit log keeps.
	Records = "what the audit log keeps"
)

// Holding is a role that somebody holds on something.
type Holding struct {
	// Who holds the role: an account, or anybody else by the member's name.
	Who string
	// Place is the kind of resource that the role is held on. On is the account, if it is held on one.
	Place Place
	On    string
	// Role is the role's name, and Permissions are what it holds; for a predefined role see [Roles].
	Role        string
	Permissions []string
	// Only are the roles that a condition lets the holder of resourcemanager.projects.setIamPolicy grant. Nil: any role.
	Only []string
}

// Step is one step by which somebody reaches a goal.
type Step struct {
	// From is who takes the step: an account or a member. To is the account, or the goal, that they reach.
	From, To string
	// By is the permission, and the role that holds it.
	By string
}

// Path is a shortest way from a holder to a goal.
type Path struct {
	// From is the holder and To the goal. Steps leads from the first to the second.
	From, To string
	Steps    []Step
}

// way is a permission by which its holder reaches a goal.
type way struct {
	permission string
	// to is the goal. Empty means the account that the permission is held on, or every account if it is held on the
	// project.
	to string
	// federated says that the goals are all accounts that callers from outside may become.
	federated bool
}

// ways lists the permissions with which their holder can act as somebody else, or reach another goal. Google publishes no
// such list. This one comes from the reference of permissions and from published ways to escalate privileges. Permissions to
// set an IAM policy, and roles that hold everything of a service, count even if they are not listed; see [steps].
var ways = []way{
	// Permissions to become an account: by its tokens or keys, by services that run as it, or by a grant to oneself.
	{permission: "iam.serviceAccounts.getAccessToken"},
	{permission: "iam.serviceAccounts.getOpenIdToken"},
	{permission: "iam.serviceAccounts.implicitDelegation"},
	{permission: "iam.serviceAccounts.signBlob"},
	{permission: "iam.serviceAccounts.signJwt"},
	{permission: "iam.serviceAccounts.setIamPolicy"},
	{permission: "iam.serviceAccountKeys.create"},
	{permission: ActAs},
	{permission: "run.jobs.run"}, // as the job's account, with arguments of one's own where overrides are allowed
	{permission: "run.jobs.runWithOverrides"},
	{permission: "run.services.sshRoot"}, // as the account of a service that runs
	{permission: "cloudbuild.builds.create", to: DefaultAccount},
	{permission: "compute.instances.setMetadata", to: DefaultAccount},
	{permission: "compute.projects.setCommonInstanceMetadata", to: DefaultAccount},
	{permission: "deploymentmanager.deployments.create", to: Owner},
	{permission: "serviceusage.services.enable", to: DefaultAccount},

	// Decides who a workflow is.
	{permission: "iam.googleapis.com/workloadIdentityPools.update", federated: true},
	{permission: "iam.googleapis.com/workloadIdentityPools.undelete", federated: true},
	{permission: "iam.googleapis.com/workloadIdentityPoolProviders.create", federated: true},
	{permission: "iam.googleapis.com/workloadIdentityPoolProviders.update", federated: true},
	{permission: "iam.googleapis.com/workloadIdentityPoolProviders.undelete", federated: true},

	// Raises a role that somebody holds already.
	{permission: "iam.roles.update", to: Owner},
	{permission: "iam.roles.undelete", to: Owner},
	{permission: "resourcemanager.projects.setIamPolicy", to: Owner},
	{permission: "resourcemanager.folders.setIamPolicy", to: Owner},
	{permission: "resourcemanager.organizations.setIamPolicy", to: Owner},
	{permission: "orgpolicy.policy.set", to: Owner},

	// Reaches what accounts protect.
	{permission: "secretmanager.versions.access", to: Values},
	{permission: "secretmanager.secrets.setIamPolicy", to: Values},
	{permission: "cloudkms.cryptoKeyVersions.useToSign", to: Signature},
	{permission: "cloudkms.cryptoKeys.setIamPolicy", to: Signature},
	{permission: "cloudkms.keyRings.setIamPolicy", to: Signature},
	{permission: "binaryauthorization.attestors.create", to: Signature},
	{permission: "binaryauthorization.attestors.update", to: Signature},
	{permission: "binaryauthorization.policy.update", to: Unsigned},
	{permission: "binaryauthorization.policy.setIamPolicy", to: Unsigned},
	{permission: "serviceusage.services.disable", to: Unsigned},
	{permission: "artifactregistry.repositories.uploadArtifacts", to: Images},
	{permission: "artifactregistry.repositories.setIamPolicy", to: Images},
	{permission: "logging.sinks.create", to: Records},
	{permission: "logging.sinks.update", to: Records},
	{permission: "logging.sinks.delete", to: Records},
	{permission: "logging.exclusions.create", to: Records},
	{permission: "logging.exclusions.update", to: Records},
	{permission: "logging.buckets.update", to: Records},
	{permission: "logging.settings.update", to: Records},
}

// anyRight returns the goal of a permission that lets its holder take any role on resources of a kind.
func anyRight(kind string) string { return "any right on " + kind }

// Paths returns the shortest ways from each holder to every goal that it can reach. accounts are all accounts of the
// project. Callers from outside are recognized by their names.
func Paths(holdings []Holding, accounts []string) []Path {
	byWho := map[string][]Step{}
	for _, holding := range slices.Concat(holdings, delegated(holdings)) {
		for _, step := range steps(holding, accounts, federated(holdings)) {
			byWho[step.From] = append(byWho[step.From], step)
		}
	}
	var paths []Path
	for _, from := range slices.Sorted(maps.Keys(byWho)) {
		paths = append(paths, pathsFrom(from, byWho)...)
	}
	return paths
}

// pathsFrom walks outwards from one holder, so the first way found to anything is a shortest one.
func pathsFrom(from string, byWho map[string][]Step) []Path {
	reached := map[string]Path{from: {From: from, To: from}}
	for next := []string{from}; len(next) > 0; next = next[1:] {
		so := reached[next[0]]
		for _, step := range byWho[next[0]] {
			if _, known := reached[step.To]; !known {
				reached[step.To] = Path{From: from, To: step.To, Steps: append(slices.Clone(so.Steps), step)}
				next = append(next, step.To)
			}
		}
	}
	delete(reached, from)
	return slices.SortedFunc(maps.Values(reached), func(a, b Path) int { return cmp.Compare(a.To, b.To) })
}

// steps returns the goals that one holding reaches directly.
func steps(h Holding, accounts, federated []string) []Step {
	var found []Step
	add := func(permission string, to ...string) {
		for _, target := range to {
			found = append(found, Step{From: h.Who, To: target, By: permission + " (" + h.Role + ")"})
		}
	}
	for _, way := range ways {
		limited := way.permission == "resourcemanager.projects.setIamPolicy" && h.Only != nil
		switch {
		case limited || !Holds(h.Permissions, way.permission):
		case way.federated:
			add(way.permission, federated...)
		case way.to != "":
			add(way.permission, way.to)
		case h.Place == OnServiceAccount:
			add(way.permission, h.On)
		default:
			add(way.permission, append(slices.Clone(accounts), DefaultAccount)...)
		}
	}
	for _, permission := range h.Permissions {
		known := slices.ContainsFunc(ways, func(way way) bool { return way.permission == permission })
		if kind, sets := strings.CutSuffix(permission, ".setIamPolicy"); sets && !known {
			add(permission, anyRight(kind))
		} else if kind, everything := strings.CutSuffix(permission, ".*"); everything || permission == "*" {
			add(permission, anyRight(kind))
		}
	}
	return found
}

// delegated returns the roles that a holder can take on the project, under a condition that names them.
func delegated(holdings []Holding) []Holding {
	var more []Holding
	for _, h := range holdings {
		if !Holds(h.Permissions, "resourcemanager.projects.setIamPolicy") {
			continue
		}
		for _, role := range h.Only {
			row, known := Roles[role]
			if !known {
				row = []string{"*"} // the role's permissions are not known
			}
			more = append(more, Holding{Who: h.Who, Place: OnProject, Role: role, Permissions: row})
		}
	}
	return more
}

// federated returns the accounts that callers of a workload identity pool may become.
func federated(holdings []Holding) []string {
	var found []string
	for _, h := range holdings {
		if strings.HasPrefix(h.Who, "principal") && h.Place == OnServiceAccount && Holds(h.Permissions, "iam.serviceAccounts.getAccessToken") {
			found = append(found, h.On)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
