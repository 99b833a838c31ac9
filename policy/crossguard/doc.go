// Package crossguard is a Go SDK for Pulumi policy packs (CrossGuard). It serves the engine's analyzer protocol with what
// the Node.js and Python SDKs have, and adds exemptions that expire, configuration checked by name, and rules that fail
// closed.
//
// A pack is a value and a policy is a function. This one enforces the sentence in its description:
//
//	var maxInstances = crossguard.Policy{
//		Name:        "run-max-instances",
//		Description: "A Cloud Run service has a cap on its instances, at most 5.",
//		Enforcement: crossguard.Mandatory,
//		Options:     []crossguard.Option{{Name: "max", Description: "Highest cap allowed.", Default: 5, Min: 1, Max: 1000}},
//		Types:       []string{"gcp:cloudrunv2/service:Service"},
//		Check: func(r *crossguard.Resource) {
//			limit := r.Config.Int("max")
//			switch n, set := r.Int("template.scaling.maxInstanceCount"); {
//			case !set:
//				r.Violation("has no template.scaling.maxInstanceCount: set it to %d or less", limit)
//			case n > limit:
//				r.Violation("template.scaling.maxInstanceCount is %d: set it to %d or less", n, limit)
//			}
//		},
//	}
//
//	func main() {
//		crossguard.Main(crossguard.Pack{Name: "example", Version: "1.0.0", Policies: []crossguard.Policy{maxInstances}})
//	}
//
// Note what the rule does not say. Where the number, or template, or scaling is unknown in a preview, the read ends the
// policy with an advisory that names the path. Where it is a list, the read ends the policy with a violation. Where it is
// "7", or a secret, it is read. Where it is absent, the compiler asks what set was for. [Object] has the reads.
//
// Build the pack's main package and pass the executable to pulumi up --policy-pack, or pass its directory together with a
// PulumiPolicy.yaml of runtime go. Package crossguardtest drives a pack in tests as the engine does.
package crossguard
