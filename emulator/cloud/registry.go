package cloud

import "regexp"

const registryHost = "artifactregistry.googleapis.com"

func repositoryKinds() []*kind {
	return []*kind{{
		prefix: "ar/v1", host: registryHost, pattern: "projects/*/locations/*/repositories", message: "ar:Repository", body: "repository",
		typeURL: "google.devtools.artifactregistry.v1.Repository", listField: "repositories", idParam: "repositoryId", policy: true,
		operations: []string{"create", "delete"}, immutable: []string{"format", "mode",
			"kmsKeyName"}, created: "createTime", updated: "updateTime",
		id: regexp.MustCompile(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`),
		idFix: "Invalid repository_id %q: it must begin with a letter, end with a letter or digit, and have up to 63 lower-case " +
			"letters, digits and hyphens.",
		taken:   func(name, map[string]any) *Error { return exists("the repository already exists") },
		prepare: prepareRepository,
	}}
}

var labelKeyForm, labelValueForm = regexp.MustCompile(`^\p{Ll}[\p{Ll}\p{Lo}\p{N}_-]{0,62}$`),
	regexp.MustCompile(`^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$`)

// checkLabels refuses labels that no Google API takes.
func checkLabels(labels map[string]any) error {
	if len(labels) > 64 {
		return invalid("There are more than 64 labels.")
	}
	for key, value := range labels {
		if v, _ := value.(string); !labelKeyForm.MatchString(key) || !labelValueForm.MatchString(v) {
			return invalid("Invalid label %q: keys begin with a lower-case letter, and keys and values have up to 63 lower-case "+
				"letters, digits, underscores and hyphens.", key)
		}
	}
	return nil
}

func prepareRepository(c *change) error {
	if text(c.new, "format") == "" {
		return invalid("Invalid repository: format must be specified.")
	}
	if err := checkLabels(object(c.new, "labels")); err != nil {
		return err
	}
	if c.new["dockerConfig"] != nil && text(c.new, "format") != "DOCKER" {
		return invalid("docker_config can be set for repositories of the format DOCKER only.")
	}
	policies := object(c.new, "cleanupPolicies")
	for id, value := range policies {
		policy, _ := value.(map[string]any)
		if err := checkCleanup(id, policy); err != nil {
			return err
		}
		policy["id"] = id
	}
	if len(policies) == 0 {
		delete(c.new, "cleanupPolicies")
	}
	setDefault(c.new, "mode", "STANDARD_REPOSITORY")
	c.new["registryUri"] = c.name.variable("locations") + "-docker.pkg.dev/" + c.name.project.id + "/" + c.name.id()
	scanning := ensure(c.new, "vulnerabilityScanningConfig")
	delete(scanning, "enablementStateReason")
	switch {
	case text(c.new, "format") != "DOCKER":
		scanning["enablementState"] = "SCANNING_UNSUPPORTED"
	case text(scanning, "enablementConfig") == "DISABLED":
		scanning["enablementState"], scanning["enablementStateReason"] = "SCANNING_DISABLED", "Scanning is disabled for this repository."
	case !c.enabled(c.name.project, "containerscanning.googleapis.com"):
		scanning["enablementState"], scanning["enablementStateReason"] = "SCANNING_DISABLED", "API containerscanning.googleapis.com is "+
			"not enabled."
	default:
		scanning["enablementState"] = "SCANNING_ACTIVE"
	}
	return nil
}

func checkCleanup(id string, policy map[string]any) error {
	if given := text(policy, "id"); given != "" && given != id {
		return invalid("Invalid cleanup policy %q: its id is %q; both must be equal.", id, given)
	}
	if len(id) == 0 || len(id) > 127 {
		return invalid("Invalid cleanup policy id %q: it must have 1 to 127 characters.", id)
	}
	condition, recent := object(policy, "condition"), object(policy, "mostRecentVersions")
	switch action := text(policy, "action"); {
	case action == "":
		return invalid("Invalid cleanup policy %q: action must be KEEP or DELETE.", id)
	case (condition == nil) == (recent == nil):
		return invalid("Invalid cleanup policy %q: exactly one of condition and most_recent_versions must be set.", id)
	case recent != nil && action != "KEEP":
		return invalid("Invalid cleanup policy %q: most_recent_versions can be used with the action KEEP only.", id)
	case recent != nil && number(recent, "keepCount") < 1:
		return invalid("Invalid cleanup policy %q: keep_count must be at least 1.", id)
	case text(condition, "tagState") != "TAGGED" && len(list(condition, "tagPrefixes")) > 0:
		return invalid("Invalid cleanup policy %q: tag_prefixes can be used with the tag state TAGGED only.", id)
	}
	return nil
}
