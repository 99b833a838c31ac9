// Package artifactregistry emulates Artifact Registry: the repositories. Images are in a registry, which the emulator does not
// have.
package artifactregistry

import (
	"maps"
	"regexp"
	"slices"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// Host is the API's name.
const Host = "artifactregistry.googleapis.com"

const repositories = "projects/*/locations/*/repositories"

// API returns Artifact Registry v1. on reports whether an API is enabled in a project.
func API(on func(q *rest.Request, p rest.Project, host string) bool) *rest.API {
	repository := &rest.Kind{
		Pattern: repositories, Message: "Repository", Body: "repository", Policy: true,
		Read: rest.Read{Items: "repositories"},
		Create: &rest.Create{
			IDParam: "repositoryId", ID: regexp.MustCompile(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`),
			BadID: rest.Invalid("Invalid repository_id \"{given}\": it must begin with a letter, end with a letter or digit, and have up to 63 " +
				"lower-case letters, digits and hyphens."),
			Taken: rest.Exists("the repository already exists"),
		},
		Update:     &rest.Update{Immutable: []string{"format", "mode", "kmsKeyName"}},
		Delete:     &rest.Delete{},
		Stamps:     rest.Stamps{Created: "createTime", Updated: "updateTime"},
		Operations: rest.Operations{Type: "google.devtools.artifactregistry.v1.Repository", Methods: []string{"create", "delete"}},
		Prepare: func(c *rest.Change) error {
			return prepareRepository(c, on(c.Request, c.Name.Project, "containerscanning.googleapis.com"))
		},
	}
	return &rest.API{Prefix: "ar/v1", Host: Host, Schema: "ar", Kinds: []*rest.Kind{repository}, MultiRegions: true,
		OperationsInLocation: true}
}

// Exists reports whether a repository of that name exists.
func Exists(q *rest.Request, project, location, id string) bool {
	_, repository := q.Find(Host, repositories, "projects/"+project+"/locations/"+location+"/repositories/"+id)
	return repository != nil
}

func prepareRepository(c *rest.Change, scans bool) error {
	if doc.Text(c.New, "format") == "" {
		return rest.Invalid("Invalid repository: format must be specified.")
	}
	if err := rest.CheckLabels(doc.Object(c.New, "labels")); err != nil {
		return err
	}
	if c.New["dockerConfig"] != nil && doc.Text(c.New, "format") != "DOCKER" {
		return rest.Invalid("docker_config can be set for repositories of the format DOCKER only.")
	}
	policies := doc.Object(c.New, "cleanupPolicies")
	for _, id := range slices.Sorted(maps.Keys(policies)) {
		policy := doc.Object(policies, id)
		if err := checkCleanup(id, policy); err != nil {
			return err
		}
		policy["id"] = id
	}
	if len(policies) == 0 {
		delete(c.New, "cleanupPolicies")
	}
	doc.Default(c.New, "mode", "STANDARD_REPOSITORY")
	c.New["registryUri"] = c.Name.Location() + "-docker.pkg.dev/" + c.Name.Project.ID + "/" + c.Name.ID()
	scanning := doc.Ensure(c.New, "vulnerabilityScanningConfig")
	delete(scanning, "enablementStateReason")
	switch {
	case doc.Text(c.New, "format") != "DOCKER":
		scanning["enablementState"] = "SCANNING_UNSUPPORTED"
	case doc.Text(scanning, "enablementConfig") == "DISABLED":
		scanning["enablementState"], scanning["enablementStateReason"] = "SCANNING_DISABLED", "Scanning is disabled for this repository."
	case !scans:
		scanning["enablementState"] = "SCANNING_DISABLED"
		scanning["enablementStateReason"] = "API containerscanning.googleapis.com is not enabled."
	default:
		scanning["enablementState"] = "SCANNING_ACTIVE"
	}
	return nil
}

func checkCleanup(id string, policy map[string]any) error {
	if given := doc.Text(policy, "id"); given != "" && given != id {
		return rest.Invalid("Invalid cleanup policy %q: its id is %q; both must be equal.", id, given)
	}
	if len(id) == 0 || len(id) > 127 {
		return rest.Invalid("Invalid cleanup policy id %q: it must have 1 to 127 characters.", id)
	}
	condition, recent := doc.Object(policy, "condition"), doc.Object(policy, "mostRecentVersions")
	switch action := doc.Text(policy, "action"); {
	case action == "":
		return rest.Invalid("Invalid cleanup policy %q: action must be KEEP or DELETE.", id)
	case (condition == nil) == (recent == nil):
		return rest.Invalid("Invalid cleanup policy %q: exactly one of condition and most_recent_versions must be set.", id)
	case recent != nil && action != "KEEP":
		return rest.Invalid("Invalid cleanup policy %q: most_recent_versions can be used with the action KEEP only.", id)
	case recent != nil && doc.Number(recent, "keepCount") < 1:
		return rest.Invalid("Invalid cleanup policy %q: keep_count must be at least 1.", id)
	case doc.Text(condition, "tagState") != "TAGGED" && len(doc.List(condition, "tagPrefixes")) > 0:
		return rest.Invalid("Invalid cleanup policy %q: tag_prefixes can be used with the tag state TAGGED only.", id)
	}
	return nil
}
