package iam

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// predefined lists the roles of Google's role reference that the emulator knows. An unknown role of a service in this list is
// refused. A role of another service is accepted if it has the form of a role.
var predefined = strings.Fields(`
	roles/owner roles/editor roles/viewer roles/browser
	roles/run.admin roles/run.developer roles/run.invoker roles/run.servicesInvoker roles/run.viewer roles/run.sourceDeveloper roles/run.builder roles/run.serviceAgent
	roles/run.jobsExecutor roles/run.jobsExecutorWithOverrides roles/run.sourceViewer
	roles/artifactregistry.admin roles/artifactregistry.reader roles/artifactregistry.repoAdmin roles/artifactregistry.writer roles/artifactregistry.serviceAgent
	roles/artifactregistry.createOnPushRepoAdmin roles/artifactregistry.createOnPushWriter roles/artifactregistry.containerRegistryMigrationAdmin
	roles/secretmanager.admin roles/secretmanager.secretAccessor roles/secretmanager.secretVersionAdder roles/secretmanager.secretVersionManager roles/secretmanager.viewer
	roles/iam.serviceAccountAdmin roles/iam.serviceAccountCreator roles/iam.serviceAccountDeleter roles/iam.serviceAccountUser roles/iam.serviceAccountTokenCreator
	roles/iam.serviceAccountOpenIdTokenCreator roles/iam.serviceAccountViewer roles/iam.serviceAccountKeyAdmin roles/iam.workloadIdentityUser roles/iam.workloadIdentityPoolAdmin
	roles/iam.workloadIdentityPoolViewer roles/iam.securityReviewer roles/iam.securityAdmin roles/iam.roleAdmin roles/iam.roleViewer roles/iam.organizationRoleAdmin roles/iam.organizationRoleViewer
	roles/monitoring.admin roles/monitoring.editor roles/monitoring.viewer roles/monitoring.metricWriter roles/monitoring.alertPolicyEditor roles/monitoring.alertPolicyViewer
	roles/monitoring.dashboardEditor roles/monitoring.dashboardViewer roles/monitoring.notificationChannelEditor roles/monitoring.notificationChannelViewer roles/monitoring.servicesEditor
	roles/monitoring.servicesViewer roles/monitoring.uptimeCheckConfigEditor roles/monitoring.uptimeCheckConfigViewer
	roles/logging.admin roles/logging.configWriter roles/logging.logWriter roles/logging.viewer roles/logging.privateLogViewer roles/logging.viewAccessor
	roles/billing.admin roles/billing.costsManager roles/billing.creator roles/billing.projectManager roles/billing.user roles/billing.viewer roles/billing.projectCostsManager
	roles/serviceusage.apiKeysAdmin roles/serviceusage.apiKeysViewer roles/serviceusage.serviceUsageAdmin roles/serviceusage.serviceUsageConsumer roles/serviceusage.serviceUsageViewer
	roles/resourcemanager.projectIamAdmin roles/resourcemanager.projectMover roles/resourcemanager.projectDeleter roles/resourcemanager.projectCreator roles/resourcemanager.organizationViewer
	roles/cloudtrace.agent roles/cloudtrace.user roles/cloudtrace.admin`)

var (
	roleForm       = regexp.MustCompile(`^roles/[a-z][a-zA-Z0-9]*\.[a-zA-Z][a-zA-Z0-9.]*$`)
	customRoleForm = regexp.MustCompile(`^projects/([^/]+)/roles/([^/]+)$`)
	permissionForm = regexp.MustCompile(`^[a-z][a-zA-Z0-9]*(\.[a-zA-Z0-9]+){2,}$`)
)

// CheckRole refuses a role that cannot be granted on a resource.
func CheckRole(q *rest.Request, n rest.Name, role string) error {
	if parts := customRoleForm.FindStringSubmatch(role); parts != nil {
		_, own := q.Find(Host, roles, role)
		if parts[1] != n.Project.ID && n.Project.ID != "" || own == nil || doc.Flag(own, "deleted") {
			return rest.Invalid("Role (%s) does not exist in the resource's hierarchy.", role)
		}
		return nil
	}
	if slices.Contains(predefined, role) {
		return nil
	}
	service, _, _ := strings.Cut(role, ".")
	known := slices.ContainsFunc(predefined, func(p string) bool { return strings.HasPrefix(p, service+".") })
	if known || !roleForm.MatchString(role) {
		return rest.Invalid("Role %s is not supported for this resource.", role)
	}
	return nil
}

// A deleted custom role can be undeleted for 7 days, and its id is free again 37 days after the deletion.
const (
	roleUndelete = 7 * 24 * time.Hour
	rolePurge    = 37 * 24 * time.Hour
)

const roles = "projects/*/roles"

func role() *rest.Kind {
	return &rest.Kind{
		Pattern: roles, Message: "Role", Body: "role",
		Names: rest.Names{Missing: rest.NotFound("The role named {name} was not found.")},
		Read:  rest.Read{Items: "roles"},
		Create: &rest.Create{
			Request: "CreateRoleRequest", IDParam: "roleId", ID: regexp.MustCompile(`^[a-zA-Z0-9_.]{3,64}$`),
			BadID: rest.Invalid("The role_id \"{given}\" is invalid: it must have 3 to 64 letters, digits, underscores or periods."),
			Taken: rest.Exists("A role named {id} in projects/{project} already exists."),
		},
		Update: &rest.Update{Mask: rest.MaskMerges},
		Delete: &rest.Delete{Before: deleteRole, Soft: &rest.SoftDelete{
			Deleted: isRoleDeleted,
			Purged:  func(q *rest.Request, n rest.Name, _ map[string]any) bool { return deletedFor(q, n) > rolePurge },
			Taken: rest.Precondition("You can't create a role with role_id ({id}) where there is an existing role with that role_id in a " +
				"deleted state."),
		}},
		Methods: rest.Methods{"POST undelete": undeleteRole},
		Stamps:  rest.Stamps{Etag: "etag"},
		Prepare: prepareRole,
		Annexes: []string{deletedPrefix},
	}
}

func isRoleDeleted(role map[string]any) bool { return doc.Flag(role, "deleted") }

// deleteRole marks the role as deleted. The API does not show the time of deletion, so the store keeps it in an annex.
func deleteRole(c *rest.Change) error {
	if isRoleDeleted(c.Old) {
		return rest.Precondition("The role named %s is already deleted.", c.Name.Shown())
	}
	c.New = doc.With(c.Old, true, "deleted")
	return c.Tx.Put(deletedPrefix+c.Name.Key(), map[string]any{"at": rest.Timestamp(c.Now)})
}

func undeleteRole(c *rest.Change) (any, error) {
	if !isRoleDeleted(c.Old) {
		return nil, rest.Precondition("The role named %s is not deleted.", c.Name.Shown())
	}
	if deletedFor(c.Request, c.Name) > roleUndelete {
		return nil, rest.Precondition("The role named %s was deleted more than 7 days ago.", c.Name.Shown())
	}
	role := doc.Without(c.Old, "deleted")
	return role, c.Put(c.Name, role)
}

const deletedPrefix = "deleted:"

// deletedFor returns the time since the resource was softly deleted, 0 if it was not.
func deletedFor(q *rest.Request, n rest.Name) time.Duration {
	at, err := time.Parse(time.RFC3339Nano, doc.Text(q.Tx.Get(deletedPrefix+n.Key()), "at"))
	if err != nil {
		return 0
	}
	return q.Now.Sub(at)
}

func prepareRole(c *rest.Change) error {
	if isRoleDeleted(c.Old) {
		return rest.Precondition("The role named %s is deleted: undelete it first.", c.Name.Shown())
	}
	if len(doc.Text(c.New, "title")) > 100 {
		return rest.Invalid("The role's title is longer than 100 bytes.")
	}
	seen := map[any]bool{}
	var permissions []any
	for _, permission := range doc.List(c.New, "includedPermissions") {
		p, _ := permission.(string)
		if !permissionForm.MatchString(p) {
			return rest.Invalid("Permission %s is not valid.", p)
		}
		if strings.HasPrefix(p, "resourcemanager.projects.list") {
			return rest.Invalid("Permission %s is not supported in custom roles of projects.", p)
		}
		if !seen[p] {
			permissions = append(permissions, p)
		}
		seen[p] = true
	}
	if len(permissions) > 0 {
		c.New["includedPermissions"] = permissions
	}
	return nil
}
