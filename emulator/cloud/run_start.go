package cloud

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// start tries to start a revision's containers: pull the images, ask Binary Authorization, read the secrets, wait for the
// startup probe.
func (c *change) start(revision map[string]any) (failure *Error, reason string) {
	for _, item := range list(revision, "containers") {
		if err := c.pull(text(item.(map[string]any), "image")); err != nil {
			return err, "CONTAINER_MISSING"
		}
	}
	if err := c.admit(revision); err != nil {
		return err, unauthorizedImage
	}
	for i, item := range list(revision, "containers") {
		container := item.(map[string]any)
		for j, entry := range list(container, "env") {
			ref := object(entry.(map[string]any), "valueSource", "secretKeyRef")
			if ref == nil {
				continue
			}
			field := fmt.Sprintf("spec.template.spec.containers[%d].env[%d].value_from.secret_key_ref.name", i, j)
			if err := c.readSecret(field, ref, text(revision, "serviceAccount")); err != nil {
				return err, "SECRETS_ACCESS_CHECK_FAILED"
			}
		}
	}
	for i, item := range list(revision, "volumes") {
		if secret := object(item.(map[string]any), "secret"); secret != nil {
			versions := list(secret, "items")
			if len(versions) == 0 {
				versions = []any{map[string]any{"version": "latest"}}
			}
			for j, version := range versions {
				ref := map[string]any{"secret": secret["secret"], "version": version.(map[string]any)["version"]}
				field := fmt.Sprintf("spec.template.spec.volumes[%d].secret.items[%d].key", i, j)
				if err := c.readSecret(field, ref, text(revision, "serviceAccount")); err != nil {
					return err, "SECRETS_ACCESS_CHECK_FAILED"
				}
			}
		}
	}
	return c.probe(revision)
}

var imageForm = regexp.MustCompile(`^([a-z0-9-]+)-docker\.pkg\.dev/([^/]+)/([^/@:]+)/[^@:]+(:[^@]+)?(@sha256:[0-9a-f]{64})?$`)

// pull refuses an image that the emulator knows not to exist: one of a repository that is not there. Images of other
// registries, and Google's public samples, are taken to exist.
func (c *change) pull(image string) *Error {
	parts := imageForm.FindStringSubmatch(image)
	if parts == nil {
		if strings.Contains(image, "-docker.pkg.dev/") {
			return notFound("Image '%s' not found.", image)
		}
		return nil
	}
	location, project, repository := parts[1], parts[2], parts[3]
	if project == "cloudrun" || project == "google-samples" {
		return nil
	}
	if !c.tx.Has("//" + registryHost + "/projects/" + project + "/locations/" + location + "/repositories/" + repository) {
		return notFound("Image '%s' not found.", image)
	}
	return nil
}

// readSecret checks that the revision's account may read the secret version and that there is one to read.
func (c *change) readSecret(field string, ref map[string]any, account string) *Error {
	id, version := text(ref, "secret"), text(ref, "version")
	project := c.name.project
	if parts := strings.Split(id, "/"); len(parts) == 4 && parts[0] == "projects" && parts[2] == "secrets" {
		p, found := findProject(c.tx, parts[1])
		if !found {
			return denied("%s: Permission denied on secret: %s/versions/%s for Revision service account %s.", field, id, version, account)
		}
		project, id = p, parts[3]
	}
	secret := name{kind: kindOf(secretHost, secretPattern), project: project, segments: []string{"projects", project.id, "secrets", id}}
	shown := secret.shown() + "/versions/" + version
	if !c.holds(secret, "serviceAccount:"+account, "roles/secretmanager.secretAccessor", "roles/secretmanager.admin", "roles/owner") {
		return denied("%s: Permission denied on secret: %s for Revision service account %s. The service account used must be granted "+
			"the 'Secret Manager Secret Accessor' role (roles/secretmanager.secretAccessor) at the secret, project or higher level.",
			field, shown, account)
	}
	versions := name{kind: kindOf(secretHost, secretPattern+"/*/versions"), project: project,
		segments: append(secret.segments[:4:4], "versions")}
	document := c.get(versions.child(c.versionNumber(versions, version)))
	if document == nil {
		return notFound("%s: Secret %s was not found", field, shown)
	}
	if state := text(document, "state"); state != "ENABLED" {
		return precondition("%s: Secret Version [%s] is in %s state.", field, shown, state)
	}
	return nil
}

// startup is how long the revision's containers take to start: as long as the slowest.
func (c *change) startup(revision map[string]any) time.Duration {
	longest := time.Duration(0)
	for _, item := range list(revision, "containers") {
		longest = max(longest, behaviour(c.tx, Digest(text(item.(map[string]any), "image"))).Startup)
	}
	return longest
}

// probe asks the simulated container, whose behaviour is set by its image's digest.
func (c *change) probe(revision map[string]any) (*Error, string) {
	for _, item := range list(revision, "containers") {
		container := item.(map[string]any)
		if !behaviour(c.tx, Digest(text(container, "image"))).NeverReady {
			continue
		}
		if object(container, "startupProbe", "httpGet") != nil {
			return precondition("The user-provided container failed the configured startup probe checks. Logs for this revision might " +
				"contain more information."), "HEALTH_CHECK_CONTAINER_ERROR"
		}
		port := 8080.0
		for _, p := range list(container, "ports") {
			port = number(p.(map[string]any), "containerPort")
		}
		return precondition("The user-provided container failed to start and listen on the port defined provided by the PORT=%g "+
			"environment variable within the allocated timeout. This can happen when the container port is misconfigured or if the "+
			"timeout is too short.", port), "HEALTH_CHECK_CONTAINER_ERROR"
	}
	return nil, ""
}
