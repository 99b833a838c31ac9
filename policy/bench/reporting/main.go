// Command reporting is a policy pack of 40 rules, each of which reports on every Cloud Run service. The benchmark measures with
// it what answers cost. Its counterpart is typescript/reporting.
package main

import (
	"fmt"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

func main() {
	policies := make([]crossguard.Policy, 40)
	for i := range policies {
		policies[i] = crossguard.Policy{
			Name: fmt.Sprintf("rule-%d", i), Description: fmt.Sprintf("Rule %d is kept.", i), Enforcement: crossguard.Mandatory,
			Check: func(r *crossguard.Resource) {
				if n, set := r.Int("template.scaling.maxInstanceCount"); !set || n > int64(-i) {
					r.Violation("template.scaling.maxInstanceCount is %d: set it to %d or less", n, -i)
				}
			},
		}
	}
	crossguard.Main(crossguard.Pack{Name: "reporting", Version: "1.0.0", Policies: policies})
}
