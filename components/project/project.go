package project

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/projects"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
	"github.com/guiofsaints/procureflow-platform/internal/pulumiopt"
)

// TypeToken identifies the component in state. It never changes.
const TypeToken = "procureflow:project:Project"

// iamAPI is the API that serves custom roles.
const iamAPI = "iam.googleapis.com"

var (
	apiName = regexp.MustCompile(`^[a-z][a-z0-9-]*\.googleapis\.com$`)
	// roleID is the rule of iam/v1, roleId.
	roleID     = regexp.MustCompile(`^[A-Za-z0-9_.]{3,64}$`)
	permission = regexp.MustCompile(`^[a-z][A-Za-z0-9]*(\.[A-Za-z0-9]+){2,}$`)
)

// refusedPermissions maps the permissions that no custom role may have to the reason.
var refusedPermissions = map[string]string{
	"secretmanager.versions.access": "reads secret values: grant roles/secretmanager.secretAccessor on each secret that is needed",
	"iam.serviceAccountKeys.create": "makes keys that do not expire: use workload identity federation",
	"iam.serviceAccountKeys.upload": "makes keys that do not expire: use workload identity federation",
	"iam.serviceAccounts.setIamPolicy": "makes anybody every account of the project: use roles/iam.serviceAccountAdmin, for an " +
		"account behind approvals",
	"iam.serviceAccounts.implicitDelegation": "becomes every account of the project: use workload identity federation",
	"run.services.sshRoot": "opens a shell in a running service, with all that it may read: leave it to a person in " +
		"an emergency",
	"iam.serviceAccounts.actAs": "becomes every account of the project: grant roles/iam.serviceAccountUser on the one " +
		"account that is needed",
	"iam.serviceAccounts.getAccessToken":    "becomes every account of the project: use workload identity federation",
	"iam.serviceAccounts.getOpenIdToken":    "becomes every account of the project: use workload identity federation",
	"iam.serviceAccounts.signBlob":          "becomes every account of the project: use workload identity federation",
	"iam.serviceAccounts.signJwt":           "becomes every account of the project: use workload identity federation",
	"resourcemanager.projects.setIamPolicy": "grants anything: use roles/resourcemanager.projectIamAdmin with a condition",
	"iam.roles.update":                      "can add any permission to the role that holds it: leave roles to a person",
}

// ProjectArgs describes a project that exists.
type ProjectArgs struct {
	// Project is the project's id. Required.
	Project pulumi.StringInput
	// APIs maps each API to switch on to the reason, a sentence. Required, at least one.
	APIs map[string]string
	// Roles are custom roles by id: 3-64 letters, digits, underscores and periods. Default: none.
	Roles map[string]Role
}

// Role is a custom role.
type Role struct {
	// Title is shown in the console, up to 100 characters. Required.
	Title string
	// Permissions are the role's permissions. Required, at least one.
	Permissions []string
	// Reason says why no predefined role will do. It becomes the role's description, up to 300 characters. Required.
	Reason string
}

// Project is a project that is ready for use.
type Project struct {
	pulumi.ResourceState

	// APIs are the APIs' resource ids by name; each is known once its API is on.
	APIs map[string]pulumi.IDOutput
	// Roles are the custom roles' names by id, projects/P/roles/ID.
	Roles map[string]pulumi.StringOutput
	// Ready are the APIs as resources. Resources that use an API depend on each of these. To depend on the component is not enough,
	// because the SDK adds children to it concurrently and misses late ones.
	Ready []pulumi.Resource
}

// NewProject switches the APIs on and makes the roles. It fails before registering anything when an argument is missing
// or impossible, and then names every such argument.
func NewProject(ctx *pulumi.Context, name string, args *ProjectArgs, opts ...pulumi.ResourceOption) (*Project, error) {
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("project %q: %w", name, err)
	}
	project := &Project{APIs: map[string]pulumi.IDOutput{}, Roles: map[string]pulumi.StringOutput{}}
	if err := ctx.RegisterComponentResourceV2(TypeToken, name, args.inputs(), project, opts...); err != nil {
		return nil, fmt.Errorf("register project %q: %w", name, err)
	}
	var roleNeeds []pulumi.Resource
	for _, api := range slices.Sorted(maps.Keys(args.APIs)) {
		service, err := projects.NewService(ctx, name+"-api-"+naming.Slug(strings.TrimSuffix(api, ".googleapis.com")), &projects.ServiceArgs{
			Project:          args.Project,
			Service:          pulumi.String(api),
			DisableOnDestroy: pulumi.Bool(false),
		}, pulumiopt.Child(project)...)
		if err != nil {
			return nil, fmt.Errorf("project %q: API %s: %w", name, api, err)
		}
		project.APIs[api] = service.ID()
		project.Ready = append(project.Ready, service)
		if api == iamAPI {
			roleNeeds = append(roleNeeds, service)
		}
	}
	roleNames := pulumi.StringMap{}
	for _, id := range slices.Sorted(maps.Keys(args.Roles)) {
		role, err := projects.NewIAMCustomRole(ctx, name+"-role-"+naming.Slug(id), &projects.IAMCustomRoleArgs{
			Project:     args.Project,
			RoleId:      pulumi.String(id),
			Title:       pulumi.String(args.Roles[id].Title),
			Description: pulumi.String(args.Roles[id].Reason),
			Permissions: pulumi.ToStringArray(slices.Sorted(slices.Values(args.Roles[id].Permissions))),
			Stage:       pulumi.String("GA"),
		}, pulumiopt.Child(project, pulumi.DependsOn(roleNeeds))...)
		if err != nil {
			return nil, fmt.Errorf("project %q: role %s: %w", name, id, err)
		}
		project.Roles[id] = role.Name
		roleNames[id] = role.Name
	}
	if err := ctx.RegisterResourceOutputs(project, pulumi.Map{"roles": roleNames}); err != nil {
		return nil, fmt.Errorf("project %q: register outputs: %w", name, err)
	}
	return project, nil
}

// inputs returns the component's inputs, reasons included, which state keeps and policies read.
func (args *ProjectArgs) inputs() pulumi.Map {
	roles := pulumi.Map{}
	for id, role := range args.Roles {
		roles[id] = pulumi.Map{"permissions": pulumi.ToStringArray(slices.Sorted(slices.Values(role.Permissions))),
			"reason": pulumi.String(role.Reason)}
	}
	return pulumi.Map{"project": args.Project, "apis": pulumi.ToStringMap(args.APIs), "roles": roles}
}

func (args *ProjectArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass a *ProjectArgs")
	}
	found := &problems.List{}
	found.If(args.Project == nil, "args.Project is missing: set the project's id")
	found.If(len(args.APIs) == 0, "args.APIs is empty: name at least one API and why it is needed")
	for _, api := range slices.Sorted(maps.Keys(args.APIs)) {
		found.If(!apiName.MatchString(api), "args.APIs has %q, which is not an API: write NAME.googleapis.com", api)
		found.If(strings.TrimSpace(args.APIs[api]) == "", "args.APIs[%q] has no reason: say what needs it", api)
	}
	for _, id := range slices.Sorted(maps.Keys(args.Roles)) {
		args.Roles[id].problems(id, found)
	}
	return found.Err()
}

func (role Role) problems(id string, found *problems.List) {
	field := fmt.Sprintf("args.Roles[%q]", id)
	found.If(!roleID.MatchString(id), "%s is not a role id: use 3-64 letters, digits, underscores and periods", field)
	if length := len([]rune(role.Title)); length < 1 || length > 100 {
		found.Add("%s.Title has %d characters: use 1-100", field, length)
	}
	if length := len([]rune(strings.TrimSpace(role.Reason))); length < 1 || length > 300 {
		found.Add("%s.Reason has %d characters: say in 1-300 why no predefined role will do", field, length)
	}
	found.If(len(role.Permissions) == 0, "%s.Permissions is empty: name at least one", field)
	for _, name := range role.Permissions {
		found.If(!permission.MatchString(name), "%s.Permissions has %q, which is not a permission: write service.resources.verb", field, name)
		if why, ok := refusedPermissions[name]; ok {
			found.Add("%s.Permissions has %s, which %s", field, name, why)
		}
	}
}
