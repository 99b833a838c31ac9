package rules

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// testViolatingPrograms runs a violating program for each mandatory rule. A rule about one resource stops the program before
// the resource exists. A stack rule stops the preview, and fails the update after it. The same program without the violation passes,
// which shows that the refusal has no other reason. Only every eighth rule of either kind is tried; `check --full` tries them all.
// Other tests try each rule on each kind of resource.
func testViolatingPrograms(t *testing.T, e ct.Engine) {
	running := make(chan struct{}, 4) // each slot is an engine with a pack
	for _, example := range sampled(mandatoryExamples(t)) {
		t.Run(example.policy.Name, func(t *testing.T) {
			t.Parallel()
			running <- struct{}{}
			defer func() { <-running }()
			p := e.Program(t, example.config)
			says := example.says()
			output, refused, made := p.Run(t, "preview", example.bad...)
			assert.True(t, refused, output)
			assert.Contains(t, output, says)
			assert.Empty(t, made)

			output, refused, made = p.Run(t, "up", example.bad...)
			assert.True(t, refused, output)
			assert.Contains(t, output, says)
			if example.policy.CheckStack == nil {
				assert.NotContains(t, made, example.bad[len(example.bad)-1].Type, "the violating resource was made")
			}
			if example.good == nil {
				return // no resource of this type passes
			}
			output, refused, made = p.Run(t, "up", example.good...)
			assert.False(t, refused, output)
			assert.NotContains(t, output, "[mandatory]")
			if example.policy.CheckStack == nil {
				assert.Len(t, made, len(example.good))
			}
		})
	}
}

// sampled returns every eighth example of each kind, or all of them if CHECK_FULL is set.
func sampled(all []example) []example {
	if os.Getenv("CHECK_FULL") != "" {
		return all
	}
	var some []example
	seen := map[bool]int{}
	for _, example := range all {
		aboutStack := example.policy.CheckStack != nil
		if seen[aboutStack]%8 == 0 {
			some = append(some, example)
		}
		seen[aboutStack]++
	}
	return some
}

// testUnknownValuesAndSecrets checks that an unknown value is reported in the preview and judged once it is known, and that a secret
// is judged too.
func testUnknownValuesAndSecrets(t *testing.T, e ct.Engine) {
	p := e.Program(t, `{"all": "advisory", "run-max-instances": "mandatory"}`)
	with := func(value any) []ct.Resource {
		return []ct.Resource{changed(v2(), change{path: "template.scaling.maxInstanceCount", to: value})}
	}
	output, refused, _ := p.Run(t, "preview", with(ct.Unknown)...)
	assert.False(t, refused, output)
	assert.Contains(t, output, "[advisory]")
	assert.Contains(t, output, "template.scaling.maxInstanceCount")
	output, refused, made := p.Run(t, "up", with(9)...)
	assert.True(t, refused, output)
	assert.Empty(t, made)
	output, refused, made = p.Run(t, "up", with(ct.Secret{Value: 9})...)
	assert.True(t, refused, output)
	assert.Contains(t, output, "run-max-instances")
	assert.Empty(t, made)
}

// testResourcesInComponents checks a resource in a component, and one in a component within a component.
func testResourcesInComponents(t *testing.T, e ct.Engine) {
	p := e.Program(t, `{"all": "advisory", "run-max-instances": "mandatory"}`)
	platform := &ct.Resource{Type: "test:index:Platform", Name: "platform", Component: true}
	bad := changed(v2(), change{path: "template.scaling.maxInstanceCount", to: 9})
	bad.Parent = &ct.Resource{Type: "test:index:Web", Name: "web", Component: true, Parent: platform}
	output, refused, _ := p.Run(t, "preview", bad)
	assert.True(t, refused, output)
	assert.Contains(t, output, "template.scaling.maxInstanceCount is 9: set it to 5 or less")
	assert.Contains(t, output, "has a cap on its instances")

	good := v2()
	good.Parent = bad.Parent
	good.Properties["description"] = ct.Secret{Value: "hush"}
	output, refused, _ = p.Run(t, "up", good)
	assert.False(t, refused, output)
	made := p.Resources(t)
	service := made[len(made)-1]
	assert.Equal(t, "urn:pulumi:dev::test::test:index:Platform$test:index:Web$"+serviceV2+"::web", service.URN())
	assert.Equal(t, ct.Secret{Value: "hush"}, service.Outputs["description"])
	alone := Pack()
	alone.Policies = []crossguard.Policy{runMaxInstances}
	assert.Empty(t, ct.Start(t, alone).Preview(made...).Messages())
	service.Properties["template"].(object)["scaling"] = object{"maxInstanceCount": 9}
	assert.Len(t, ct.Start(t, alone).Preview(service).Messages(), 1)
}

// testDeletedResources checks an update that removes the service which broke a rule. With a refresh before it, the engine also
// sends stack policies the resources that it deletes.
func testDeletedResources(t *testing.T, e ct.Engine) {
	small := changed(v2(), change{path: "name", to: "small"})
	small.Name = "small"
	dear := changed(v2(), change{path: "template.scaling.maxInstanceCount", to: 5})
	config := func(ceiling string) string {
		return `{"all": "advisory", "worst-case-cost": {"enforcementLevel": "mandatory", "ceiling": ` + ceiling + `}}`
	}
	p := e.Program(t, config("480"))
	output, refused, _ := p.Run(t, "up", small, dear)
	require.False(t, refused, output)
	p.Reconfigure(t, config("150")) // the ceiling is lowered, and the expensive change is reverted
	output, refused, _ = p.Run(t, "up", small, dear)
	require.True(t, refused, output)
	output, refused, _ = p.Run(t, "preview", small)
	assert.False(t, refused, output)
	output, refused, _ = p.Run(t, "up", small)
	assert.False(t, refused, output)
}
