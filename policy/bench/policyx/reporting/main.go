// Command reporting is the policyx version of ../../reporting: a pack of 40 rules, each of which reports on every Cloud Run
// service.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/policyx"
)

func main() {
	err := policyx.Main(func(*pulumi.Context) (policyx.PolicyPack, error) {
		policies := make([]policyx.Policy, 40)
		for i := range policies {
			policies[i] = policyx.NewResourceValidationPolicy(fmt.Sprintf("rule-%d", i), policyx.ResourceValidationPolicyArgs{
				Description: fmt.Sprintf("Rule %d is kept.", i), EnforcementLevel: policyx.EnforcementLevelMandatory,
				ValidateResource: func(_ context.Context, args policyx.ResourceValidationArgs) error {
					n := args.Resource.Properties.Get("template").AsMap().Get("scaling").AsMap().Get("maxInstanceCount").AsNumber()
					if n > float64(-i) {
						args.Manager.ReportViolation(fmt.Sprintf("template.scaling.maxInstanceCount is %v: set it to %d or less", n, -i), "")
					}
					return nil
				},
			})
		}
		return policyx.NewPolicyPack("reporting", semver.MustParse("1.0.0"), policyx.EnforcementLevelMandatory, policies)
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
