package cloud

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// predefined are the roles of Google's role reference that the emulator knows by name. A role of another service is
// taken when it looks like one; an unknown role of a service listed here is refused.
var predefined = strings.Fields(`
	roles/owner roles/editor roles/viewer roles/browser
	roles/run.admin roles/run.developer roles/run.invoker roles/run.servicesInvoker roles/run.viewer roles/run.sourceDeveloper
	roles/run.builder roles/run.serviceAgent
	roles/run.jobsExecutor roles/run.jobsExecutorWithOverrides roles/run.sourceViewer
	roles/artifactregistry.admin roles/artifactregistry.reader roles/artifactregistry.repoAdmin roles/artifactregistry.writer
	roles/artifactregistry.serviceAgent
	roles/artifactregistry.createOnPushRepoAdmin roles/artifactregistry.createOnPushWriter
	roles/artifactregistry.containerRegistryMigrationAdmin
	roles/secretmanager.admin roles/secretmanager.secretAccessor roles/secretmanager.secretVersionAdder
	roles/secretmanager.secretVersionManager roles/secretmanager.viewer
	roles/iam.serviceAccountAdmin roles/iam.serviceAccountCreator roles/iam.serviceAccountDeleter roles/iam.serviceAccountUser
	roles/iam.serviceAccountTokenCreator
	roles/iam.serviceAccountOpenIdTokenCreator roles/iam.serviceAccountViewer roles/iam.serviceAccountKeyAdmin
	roles/iam.workloadIdentityUser roles/iam.workloadIdentityPoolAdmin
	roles/iam.workloadIdentityPoolViewer roles/iam.securityReviewer roles/iam.securityAdmin roles/iam.roleAdmin roles/iam.roleViewer
	roles/iam.organizationRoleAdmin roles/iam.organizationRoleViewer
	roles/monitoring.admin roles/monitoring.editor roles/monitoring.viewer roles/monitoring.metricWriter
	roles/monitoring.alertPolicyEditor roles/monitoring.alertPolicyViewer
	roles/monitoring.dashboardEditor roles/monitoring.dashboardViewer roles/monitoring.notificationChannelEditor
	roles/monitoring.notificationChannelViewer roles/monitoring.servicesEditor
	roles/monitoring.servicesViewer roles/monitoring.uptimeCheckConfigEditor roles/monitoring.uptimeCheckConfigViewer
	roles/logging.admin roles/logging.configWriter roles/logging.logWriter roles/logging.viewer roles/logging.privateLogViewer
	roles/logging.viewAccessor
	roles/billing.admin roles/billing.costsManager roles/billing.creator roles/billing.projectManager roles/billing.user
	roles/billing.viewer roles/billing.projectCostsManager
	roles/serviceusage.apiKeysAdmin roles/serviceusage.apiKeysViewer roles/serviceusage.serviceUsageAdmin
	roles/serviceusage.serviceUsageConsumer roles/serviceusage.serviceUsageViewer
	roles/resourcemanager.projectIamAdmin roles/resourcemanager.projectMover roles/resourcemanager.projectDeleter
	roles/resourcemanager.projectCreator roles/resourcemanager.organizationViewer
	roles/cloudtrace.agent roles/cloudtrace.user roles/cloudtrace.admin`)

var (
	roleForm       = regexp.MustCompile(`^roles/[a-z][a-zA-Z0-9]*\.[a-zA-Z][a-zA-Z0-9.]*$`)
	customRoleForm = regexp.MustCompile(`^projects/([^/]+)/roles/([^/]+)$`)
	permissionForm = regexp.MustCompile(`^[a-z][a-zA-Z0-9]*(\.[a-zA-Z0-9]+){2,}$`)
)

func (q *request) checkRole(n name, role string) error {
	if parts := customRoleForm.FindStringSubmatch(role); parts != nil {
		document := q.tx.Get("//iam.googleapis.com/" + role)
		if parts[1] != n.project.id && n.project.id != "" || document == nil || flag(document, "deleted") {
			return invalid("Role (%s) does not exist in the resource's hierarchy.", role)
		}
		return nil
	}
	if slices.Contains(predefined, role) {
		return nil
	}
	service, _, _ := strings.Cut(role, ".")
	known := slices.ContainsFunc(predefined, func(p string) bool { return strings.HasPrefix(p, service+".") })
	if known || !roleForm.MatchString(role) {
		return invalid("Role %s is not supported for this resource.", role)
	}
	return nil
}

// A deleted custom role can be undeleted for 7 days, and its id is free again 37 days after the deletion.
const (
	roleUndelete = 7 * 24 * time.Hour
	rolePurge    = 37 * 24 * time.Hour
)

func roleKinds() []*kind {
	deleted := func(document map[string]any) bool { return flag(document, "deleted") }
	return []*kind{{
		prefix: "iam/v1", host: iamHost, pattern: "projects/*/roles", message: "iam:Role", body: "role", listField: "roles",
		create: "iam:CreateRoleRequest", idParam: "roleId", etag: "etag", mask: maskMerges,
		id:     regexp.MustCompile(`^[a-zA-Z0-9_.]{3,64}$`),
		idFix:  "The role_id %q is invalid: it must have 3 to 64 letters, digits, underscores or periods.",
		hidden: deleted,
		gone: func(q *request, n name, document map[string]any) bool {
			return flag(document, "deleted") && q.deletedFor(n) > rolePurge
		},
		missing: func(n name) *Error { return notFound("The role named %s was not found.", n.shown()) },
		taken: func(n name, there map[string]any) *Error {
			if flag(there, "deleted") {
				return precondition("You can't create a role with role_id (%s) where there is an existing role with that role_id in a "+
					"deleted state.", n.id())
			}
			return exists("A role named %s in projects/%s already exists.", n.id(), n.project.id)
		},
		prepare: prepareRole,
		remove: func(c *change) (map[string]any, error) {
			if flag(c.old, "deleted") {
				return nil, precondition("The role named %s is already deleted.", c.name.shown())
			}
			c.old["deleted"] = true
			// The API does not answer when; the store remembers it in a document of its own.
			return c.old, c.tx.Put(deletedPrefix+c.name.key(), map[string]any{"at": timestamp(c.now)})
		},
		verbs: map[string]func(*change) (any, error){"POST undelete": func(c *change) (any, error) {
			if !flag(c.old, "deleted") {
				return nil, precondition("The role named %s is not deleted.", c.name.shown())
			}
			if c.deletedFor(c.name) > roleUndelete {
				return nil, precondition("The role named %s was deleted more than 7 days ago.", c.name.shown())
			}
			delete(c.old, "deleted")
			return c.old, c.tx.Put(c.name.key(), c.old)
		}},
	}}
}

const deletedPrefix = "deleted:"

// deletedFor is how long ago the resource was deleted softly, 0 when it was not.
func (q *request) deletedFor(n name) time.Duration {
	at, err := time.Parse(time.RFC3339Nano, text(q.tx.Get(deletedPrefix+n.key()), "at"))
	if err != nil {
		return 0
	}
	return q.now.Sub(at)
}

func prepareRole(c *change) error {
	if flag(c.old, "deleted") {
		return precondition("The role named %s is deleted: undelete it first.", c.name.shown())
	}
	if len(text(c.new, "title")) > 100 {
		return invalid("The role's title is longer than 100 bytes.")
	}
	seen := map[any]bool{}
	var permissions []any
	for _, permission := range list(c.new, "includedPermissions") {
		p, _ := permission.(string)
		if !permissionForm.MatchString(p) {
			return invalid("Permission %s is not valid.", p)
		}
		if strings.HasPrefix(p, "resourcemanager.projects.list") {
			return invalid("Permission %s is not supported in custom roles of projects.", p)
		}
		if !seen[p] {
			permissions = append(permissions, p)
		}
		seen[p] = true
	}
	delete(c.new, "includedPermissions")
	if len(permissions) > 0 {
		c.new["includedPermissions"] = permissions
	}
	return nil
}
