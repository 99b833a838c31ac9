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
// # Reading properties
//
// Note what the rule does not say. Where the number, or template, or scaling is unknown in a preview, the read ends the
// policy with an advisory that names the path. Where it is a list, the read ends the policy with a violation. Where it is
// "7", or a secret, it is read. Where it is absent, the compiler asks what set was for. [Object] has the reads.
//
// A policy that has no answer for a resource says [Resource.NotApplicable]. A panic is the policy's own error, mandatory and
// with its name, and the others go on. What a policy has to say besides goes to [Object.Log].
//
// # Running a pack
//
// Build the pack's main package and pass the executable to pulumi up --policy-pack, or pass its directory together with a
// PulumiPolicy.yaml of runtime go. Package crossguardtest drives a pack in tests as the engine does.
//
// # Configuration
//
// pulumi up --policy-pack-config takes a JSON file that has, by policy, a level or an object of level, options and
// exemptions. A policy or an option that the pack does not have is refused by its name. "all" gives every policy a level:
//
//	{
//	    "all": "advisory",
//	    "run-max-instances": {"enforcementLevel": "mandatory", "max": 10, "exemptions": [
//	        {"resource": "batch-*", "reason": "load test, agreed with the budget's owner", "expires": "2027-01-31"}]}
//	}
//
// # Exemptions
//
// An exemption lets one policy pass on some resources, with a reason, until the end of a day in UTC. The resource is the name
// that the program gives it, or a URN, in which * stands for any characters; "*" alone is refused: lower the policy's level
// instead, where everybody sees it. What is wrong with a stack as a whole is the stack's own resource's, which is named after
// the project and the stack: example-dev.
//
// Pulumi's own form of exemption, a policy exception, is read as well (exception.go):
//
//	{"all": {"exceptions": [{"reason": "load test", "expires": "2027-01-31",
//	    "match": [{"policies": ["run-max-instances"], "targets": ["urn:pulumi:dev::…"]}]}]}}
//
// What an exemption covers is reported as not applicable, with the reason. After its last day it covers nothing and is a
// violation itself, and so is one that covers nothing because no such resource exists or none violates the policy any more.
package crossguard
