// Package crossguard is a Go SDK for Pulumi policy packs (CrossGuard). It implements the engine's analyzer protocol. It
// has the features of the Node.js and Python SDKs. In addition, exemptions expire, unknown names in the configuration are refused,
// and a broken rule fails closed.
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
// The rule contains no code for the awkward cases, because the reads handle them. If the number, template or scaling is unknown
// in a preview, the read ends the policy with an advisory that names the path. If it is a list, the read ends the policy with a
// violation. If it is the string "7", or a secret, the read returns the number. If it is absent, set is false, and Go's compiler
// refuses a rule that does not use set. [Object] describes the reads.
//
// A policy that does not concern a resource calls [Resource.NotApplicable]. A panic in a policy becomes a mandatory violation
// that names the policy, and the other policies still run. [Object.Log] writes a message that is not a finding.
//
// # Running a pack
//
// Build the pack's main package and pass the executable to pulumi up --policy-pack. Or pass the pack's directory, with a
// PulumiPolicy.yaml of runtime go. Package crossguardtest calls a pack in tests as the engine does.
//
// # Configuration
//
// pulumi up --policy-pack-config takes a JSON file. It gives each policy a level, or an object with level, options and
// exemptions. An unknown policy or option is refused, with its name in the error. "all" gives every policy a level:
//
//	{
//	    "all": "advisory",
//	    "run-max-instances": {"enforcementLevel": "mandatory", "max": 10, "exemptions": [
//	        {"resource": "batch-*", "reason": "load test, agreed with the budget's owner", "expires": "2027-01-31"}]}
//	}
//
// # Exemptions
//
// An exemption lets a resource violate one policy, for a stated reason, until the end of a day in UTC. It names the resource by
// its name in the program or by its URN; * stands for any characters. "*" alone is refused: lower the policy's level instead,
// where everybody sees it. A violation of the stack as a whole belongs to the stack's own resource, which is named after the
// project and the stack: example-dev.
//
// The pack also reads Pulumi's own form of exemption, a policy exception (exception.go):
//
//	{"all": {"exceptions": [{"reason": "load test", "expires": "2027-01-31",
//	    "match": [{"policies": ["run-max-instances"], "targets": ["urn:pulumi:dev::…"]}]}]}}
//
// A violation that an exemption covers is reported as not applicable, with the exemption's reason. An exemption after its last
// day covers nothing and is a violation itself. So is an exemption without effect: no such resource exists, or the resource does
// not violate the policy any more.
package crossguard
