package rules

import (
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var runPreview = crossguard.Policy{
	Name: "run-preview",
	Description: "A service that runs a pull request's image is small, in dev, without data and secrets, and hidden from search engines, " +
		"because nobody has reviewed the image. No other service runs such an image.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.High,
	Framework:   own("Preview environments: one instance, no production secret, noindex"),
	Tags:        []string{"security", "cost", "cloud-run"},
	RemediationSteps: "Let dev's setting previews make the slots. Otherwise give a service with the label purpose=preview at most one " +
		"instance and a minimum of zero, an account of its own without grants, no network, volume or secret, and a front that answers " +
		"with X-Robots-Tag: noindex.",
	Options: []crossguard.Option{
		{Name: "environments", Description: "Values of the label environment under which a pull request's image may run.",
			Default: []string{"dev"}},
		{Name: "secrets", Default: []string{"preview-*"}, Description: "Names of the secrets that a pull request's image may read; * stands " +
			"for any characters. Everybody who may push a branch can learn their values."},
	},
	Types: runAny,
	Check: func(r *crossguard.Resource) {
		if !isPreview(r) {
			eachContainer(r, func(c crossguard.Object) {
				if c.IsKnown("image") && ofPullRequests(c.StringOr("image", "")) {
					r.Violation("%s is an image of a pull request: release what was merged and built on the branch", c.Path("image"))
				}
			})
			return
		}
		checkPreviewBounds(r)
		noIndex := false
		eachContainer(r, func(c crossguard.Object) {
			c.EachString("args", func(argument string) { noIndex = noIndex || strings.Contains(strings.ToLower(argument), "noindex") })
			c.Each("envs", func(variable crossguard.Object) {
				path := "valueSource.secretKeyRef.secret"
				if name, set := variable.String(path); set && !matchesAny(r.Config.Strings("secrets"), name[strings.LastIndex(name, "/")+1:]) {
					r.Violation("%s is %s, which everybody who may push a branch could read: remove it, or add it to secrets of run-preview in "+
						"policy/STACK.json", variable.Path(path), name)
				}
			})
		})
		if !noIndex {
			r.Violation("no container's args set X-Robots-Tag: noindex: search engines would list what nobody has reviewed")
		}
	},
	CheckStack: func(s *crossguard.Stack) {
		accounts := map[string]bool{}
		s.Each([]string{serviceV2}, func(r *crossguard.Resource) {
			if path := "template.serviceAccount"; isPreview(r) && r.IsKnown(path) {
				accounts["serviceaccount:"+strings.ToLower(r.StringOr(path, ""))] = true
			}
		})
		s.Each([]string{serviceV2, job}, func(r *crossguard.Resource) {
			path := templateOf(r) + ".serviceAccount"
			if !isPreview(r) && r.IsKnown(path) && accounts["serviceaccount:"+strings.ToLower(r.StringOr(path, ""))] {
				r.Violation("%s is the account of pull requests' images: name another account", path)
			}
		})
		s.EachOf(iamKind, func(r *crossguard.Resource) {
			held := grant{member: func(member string) bool { return accounts[member] }}
			held.each(r, func(role, member string) {
				if strings.ToLower(role) != "roles/secretmanager.secretaccessor" {
					r.Violation("grants %s to %s, the account that pull requests' images run as: remove the grant", role, member)
				}
			})
		})
	},
}

// checkPreviewBounds judges what a preview costs and reaches.
func checkPreviewBounds(r *crossguard.Resource) {
	if environment := r.StringOr("labels.environment", "no environment"); !slices.Contains(r.Config.Strings("environments"), environment) {
		r.Violation("labels.environment is %s: nobody has reviewed what runs here, so keep it to %s", environment,
			list(r.Config.Strings("environments")))
	}
	if path := "template.scaling.maxInstanceCount"; r.IntOr(path, 0) != 1 {
		r.Violation("%s is %d: set it to 1", path, r.IntOr(path, 0))
	}
	for _, path := range []string{"template.scaling.minInstanceCount", "scaling.minInstanceCount", "scaling.manualInstanceCount"} {
		if r.IntOr(path, 0) != 0 {
			r.Violation("%s is %d: a preview costs nothing while nobody looks at it, so set it to 0", path, r.IntOr(path, 0))
		}
	}
	if r.Has("template.vpcAccess") {
		r.Violation("template.vpcAccess leads into a network: remove it")
	}
	if r.Len("template.volumes") > 0 {
		r.Violation("template.volumes is not empty: a preview has no data")
	}
}

// isPreview reports whether a service is there to run pull requests' images.
func isPreview(r *crossguard.Resource) bool {
	return r.Type == serviceV2 && r.IsKnown("labels.purpose") && r.StringOr("labels.purpose", "") == "preview"
}

// ofPullRequests reports whether an image is in a repository of pull requests' images: HOST/PROJECT/REPOSITORY-previews/NAME.
func ofPullRequests(image string) bool {
	parts := strings.Split(image, "/")
	return len(parts) > 3 && strings.HasSuffix(parts[0], "-docker.pkg.dev") && strings.HasSuffix(parts[2], "-previews")
}
