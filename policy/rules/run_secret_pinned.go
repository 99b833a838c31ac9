package rules

import (
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var runSecretPinned = crossguard.Policy{
	Name: "run-secret-pinned",
	Description: "A revision names a secret's version by its number. With latest, an instance that starts later may get another value, " +
		"and a rollback does not restore the value that worked.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.Medium,
	Framework:        own("Rollback restores the secrets' values"),
	Tags:             []string{"reliability", "cloud-run", "secrets"},
	RemediationSteps: "Set the reference's version (version 2) or key (version 1) to the number of a version.",
	Types:            append(slices.Clone(runAny), functionV1, functionV2),
	Check: func(r *crossguard.Resource) {
		switch r.Type {
		case functionV1:
			eachReference(r.Object, "secretEnvironmentVariables", "version", r)
			r.Each("secretVolumes", func(v crossguard.Object) { eachReference(v, "versions", "version", r) })
			return
		case functionV2:
			eachReference(r.Object, "serviceConfig.secretEnvironmentVariables", "version", r)
			r.Each("serviceConfig.secretVolumes", func(v crossguard.Object) { eachReference(v, "versions", "version", r) })
			return
		}
		reference, version, volume, items := "valueSource.secretKeyRef", "version", "secret", "version"
		if r.Type == serviceV1 {
			reference, version, items = "valueFrom.secretKeyRef", "key", "key"
		}
		eachContainer(r, func(c crossguard.Object) {
			c.Each("envs", func(env crossguard.Object) {
				if env.Has(reference) {
					pinnedVersion(r, env, reference+"."+version)
				}
			})
		})
		r.Each(templateOf(r)+".volumes", func(v crossguard.Object) {
			if !v.Has(volume) {
				return
			}
			if v.Len(volume+".items") == 0 {
				r.Violation("%s is absent, so the latest version is mounted: write the number of a version", v.Path(volume+".items"))
			}
			eachReference(v, volume+".items", items, r)
		})
	},
}

func eachReference(o crossguard.Object, path, version string, r *crossguard.Resource) {
	o.Each(path, func(reference crossguard.Object) { pinnedVersion(r, reference, version) })
}

func pinnedVersion(r *crossguard.Resource, o crossguard.Object, path string) {
	version := o.StringOr(path, "latest")
	if number := version[strings.LastIndex(version, "/")+1:]; strings.Trim(number, "0") == "" || strings.Trim(number, "0123456789") != "" {
		r.Violation("%s is %s: write the number of a version", o.Path(path), version)
	}
}
