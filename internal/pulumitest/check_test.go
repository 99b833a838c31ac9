package pulumitest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParentProblems(t *testing.T) {
	t.Parallel()
	component := Resource{Type: "a:b:C", Name: "box", URN: "urn-box"}
	child := Resource{Type: "gcp:x:Y", Name: "box-child", URN: "urn-child", ParentURN: "urn-box", Custom: true}
	changed := func(change func(*Resource)) Resource {
		copied := child
		change(&copied)
		return copied
	}
	for name, test := range map[string]struct {
		resources []Resource
		// registered is the number of components that registered outputs, including the stack.
		registered int
		want       []string
	}{
		"in order":          {[]Resource{component, child}, 2, nil},
		"nested components": {[]Resource{component, {Type: "a:b:D", Name: "box-inner", URN: "urn-inner", ParentURN: "urn-box"}}, 3, nil},
		"no parent": {
			[]Resource{component, changed(func(r *Resource) { r.ParentURN = "urn-stack" })}, 2,
			[]string{`gcp:x:Y "box-child" has no component as its parent: pass pulumiopt.Child(component)`},
		},
		"a resource as parent": {
			[]Resource{component, child, changed(func(r *Resource) { r.Name, r.URN, r.ParentURN = "box-child-of-child", "urn-2", "urn-child" })}, 2,
			[]string{`gcp:x:Y "box-child-of-child" has gcp:x:Y "box-child" as its parent: give it a component`},
		},
		"a name without the parent's": {
			[]Resource{component, changed(func(r *Resource) { r.Name = "child" })}, 2,
			[]string{`gcp:x:Y "child" does not start with its parent's name "box" and a hyphen`},
		},
		"twice": {
			[]Resource{component, child, child}, 2,
			[]string{`gcp:x:Y "box-child" is registered twice: the engine refuses a second resource with the same URN`},
		},
		"no outputs": {
			[]Resource{component, child}, 1,
			[]string{"1 component, but 0 registered their outputs: end each constructor with ctx.RegisterResourceOutputs"},
		},
		"providers and reads need no parent": {
			[]Resource{
				{Type: "pulumi:providers:gcp", Name: "default", URN: "urn-provider", Custom: true},
				{Type: "gcp:x:Y", Name: "read", URN: "urn-read", Custom: true, Read: true},
			}, 1, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, parentProblems(&Inventory{Resources: test.resources, outputsRegistered: test.registered}))
		})
	}
}

func TestMaskedReachesIntoListsAndMaps(t *testing.T) {
	t.Parallel()
	value := map[string]any{"list": []any{map[string]any{"value": "hidden", "name": "shown"}}, "plain": 1.0}
	assert.Equal(t,
		map[string]any{"list": []any{map[string]any{"value": Secret, "name": "shown"}}, "plain": 1.0},
		masked("", value, map[string]bool{"list[0].value": true}))
	assert.Equal(t, "hidden", value["list"].([]any)[0].(map[string]any)["value"], "the original is unchanged")
}
