package run

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// start tries to start a revision's containers: it pulls the images, asks Binary Authorization, reads the secrets, and waits for
// the startup probe.
func (d *deployment) start(revision map[string]any) (failure *rest.Error, reason string) {
	if failure, reason := d.ready(revision); failure != nil {
		return failure, reason
	}
	return probe(d.Request, revision)
}

// ready returns the reason why the containers of a revision, or of a job's task, cannot start.
func (d *deployment) ready(template map[string]any) (failure *rest.Error, reason string) {
	for _, container := range doc.Objects(template, "containers") {
		if err := d.pull(doc.Text(container, "image")); err != nil {
			return err, "CONTAINER_MISSING"
		}
	}
	if err := d.judge(template); err != nil {
		return err, unauthorizedImage
	}
	for _, ref := range secretsOf(template) {
		if err := d.readSecret(ref, doc.Text(template, "serviceAccount")); err != nil {
			return err, "SECRETS_ACCESS_CHECK_FAILED"
		}
	}
	return nil, ""
}

// secretRef is a place where a template refers to a version of a secret.
type secretRef struct{ field, secret, version string }

func secretsOf(revision map[string]any) []secretRef {
	var refs []secretRef
	for i, container := range doc.Objects(revision, "containers") {
		for j, entry := range doc.Objects(container, "env") {
			if ref := doc.Object(entry, "valueSource", "secretKeyRef"); ref != nil {
				field := fmt.Sprintf("spec.template.spec.containers[%d].env[%d].value_from.secret_key_ref.name", i, j)
				refs = append(refs, secretRef{field, doc.Text(ref, "secret"), doc.Text(ref, "version")})
			}
		}
	}
	for i, volume := range doc.Objects(revision, "volumes") {
		secret := doc.Object(volume, "secret")
		if secret == nil {
			continue
		}
		versions := []string{"latest"}
		if items := doc.Objects(secret, "items"); len(items) > 0 {
			versions = nil
			for _, item := range items {
				versions = append(versions, doc.Text(item, "version"))
			}
		}
		for j, version := range versions {
			field := fmt.Sprintf("spec.template.spec.volumes[%d].secret.items[%d].key", i, j)
			refs = append(refs, secretRef{field, doc.Text(secret, "secret"), version})
		}
	}
	return refs
}

var imageForm = regexp.MustCompile(`^([a-z0-9-]+)-docker\.pkg\.dev/([^/]+)/([^/@:]+)/[^@:]+(:[^@]+)?(@sha256:[0-9a-f]{64})?$`)

// pull refuses an image in a repository that the emulator knows not to exist. It assumes that images in other registries, and
// Google's public samples, exist.
func (d *deployment) pull(image string) *rest.Error {
	parts := imageForm.FindStringSubmatch(image)
	if parts == nil {
		if strings.Contains(image, "-docker.pkg.dev/") {
			return rest.NotFound("Image '%s' not found.", image)
		}
		return nil
	}
	location, project, repository := parts[1], parts[2], parts[3]
	if project == "cloudrun" || project == "google-samples" || d.deps.Repository(d.Request, project, location, repository) {
		return nil
	}
	return rest.NotFound("Image '%s' not found.", image)
}

// readSecret checks that the secret version exists and that the revision's account may read it.
func (d *deployment) readSecret(ref secretRef, account string) *rest.Error {
	secret, found := d.deps.Secret(d.Request, d.name.Project, ref.secret)
	if !found {
		return rest.Denied("%s: Permission denied on secret: %s/versions/%s for Revision service account %s.", ref.field, ref.secret,
			ref.version, account)
	}
	shown := secret.Shown() + "/versions/" + ref.version
	if !d.Holds(secret, "serviceAccount:"+account, "roles/secretmanager.secretAccessor", "roles/secretmanager.admin", "roles/owner") {
		return rest.Denied("%s: Permission denied on secret: %s for Revision service account %s. The service account used must be granted the "+
			"'Secret Manager Secret Accessor' role (roles/secretmanager.secretAccessor) at the secret, project or higher level.",
			ref.field, shown, account)
	}
	document := d.deps.Version(d.Request, secret, ref.version)
	if document == nil {
		return rest.NotFound("%s: Secret %s was not found", ref.field, shown)
	}
	if state := doc.Text(document, "state"); state != "ENABLED" {
		return rest.Precondition("%s: Secret Version [%s] is in %s state.", ref.field, shown, state)
	}
	return nil
}

// startup returns how long the revision's containers take to start. A container starts once those that it depends on are healthy,
// so the slowest chain of containers decides.
func (d *deployment) startup(revision map[string]any) time.Duration {
	names := map[string]map[string]any{}
	for _, container := range doc.Objects(revision, "containers") {
		names[doc.Text(container, "name")] = container
	}
	var until func(container map[string]any) time.Duration // checkTogether has refused circles
	until = func(container map[string]any) time.Duration {
		before := time.Duration(0)
		for _, other := range doc.Texts(container, "dependsOn") {
			before = max(before, until(names[other]))
		}
		return before + behaviour(d.Request, Digest(doc.Text(container, "image"))).Startup
	}
	longest := time.Duration(0)
	for _, container := range names {
		longest = max(longest, until(container))
	}
	return longest
}

// probe asks the emulated containers whether they are up. The behaviour of their image's digest decides.
func probe(q *rest.Request, revision map[string]any) (*rest.Error, string) {
	const reason = "HEALTH_CHECK_CONTAINER_ERROR"
	for _, container := range doc.Objects(revision, "containers") {
		if !behaviour(q, Digest(doc.Text(container, "image"))).NeverReady {
			continue
		}
		if doc.Object(container, "startupProbe") != nil && !defaultStartup(container) {
			return rest.Precondition("The user-provided container failed the configured startup probe checks. Logs for this revision might " +
				"contain more information."), reason
		}
		port := 8080.0
		for _, p := range doc.Objects(container, "ports") {
			port = doc.Number(p, "containerPort")
		}
		return rest.Precondition("The user-provided container failed to start and listen on the port defined provided by the PORT=%g "+
			"environment variable within the allocated timeout. This can happen when the container port is misconfigured or if the timeout "+
			"is too short.", port), reason
	}
	return nil, ""
}
