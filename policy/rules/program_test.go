package rules

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// refusesEveryViolatingProgram runs a violating program for each mandatory rule. A rule about one resource
// stops it before it exists; a rule about the stack stops the preview, and fails the update after the fact. The same program
// without the violation passes, so the refusal is about nothing else. Every eighth rule about one resource and every eighth
// about the stack has its turn; `check --full` takes them all. What one rule says to what resources other tests ask for each.
func refusesEveryViolatingProgram(t *testing.T, e ct.Engine) {
	running := make(chan struct{}, 4) // each is an engine with a pack beside it
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
				assert.NotContains(t, made, example.bad[len(example.bad)-1].Type, "it was made although it violates")
			}
			if example.good == nil {
				return // nothing of this type passes
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

// sampled is every eighth of the examples of each kind, or all where CHECK_FULL is set.
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

// doesNotTrustWhatItCannotSee: a value that is not known at preview does not pass in silence, and is judged
// when it is known; a secret is judged too.
func doesNotTrustWhatItCannotSee(t *testing.T, e ct.Engine) {
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

// findsWhatIsInsideOfComponents: a resource of a component, and of one in that, is judged as any other.
func findsWhatIsInsideOfComponents(t *testing.T, e ct.Engine) {
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

// countsNothingThatItDeletes: an update that removes a service passes the rule that the service broke. With a refresh
// before it the engine hands stack policies what it deletes, too.
func countsNothingThatItDeletes(t *testing.T, e ct.Engine) {
	small := changed(v2(), change{path: "name", to: "small"})
	small.Name = "small"
	dear := changed(v2(), change{path: "template.scaling.maxInstanceCount", to: 5})
	config := func(ceiling string) string {
		return `{"all": "advisory", "worst-case-cost": {"enforcementLevel": "mandatory", "ceiling": ` + ceiling + `}}`
	}
	p := e.Program(t, config("480"))
	output, refused, _ := p.Run(t, "up", small, dear)
	require.False(t, refused, output)
	p.Reconfigure(t, config("150")) // the ceiling is lowered, and the change that made the stack dear is taken back
	output, refused, _ = p.Run(t, "up", small, dear)
	require.True(t, refused, output)
	output, refused, _ = p.Run(t, "preview", small)
	assert.False(t, refused, output)
	output, refused, _ = p.Run(t, "up", small)
	assert.False(t, refused, output)
}
