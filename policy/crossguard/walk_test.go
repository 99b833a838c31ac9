package crossguard_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

func TestEachTextVisitsEveryString(t *testing.T) {
	t.Parallel()
	type object = map[string]any
	c := ct.Start(t, pack(policy(func(r *crossguard.Resource) {
		r.EachText(func(text crossguard.Text) {
			r.Violation("%s: %s in %s named %q before %q is %s, secret %v", text.Path(), text.Key, text.In, text.Name, text.Before,
				text.Value, text.Secret)
		})
	})))
	got := c.Analyze(ct.Resource{Type: thing, Properties: ct.Properties{
		"containers": []any{object{"args": []any{"--password", "x1y2z3", 5, ct.Unknown}}},
		"env":        object{"list": []any{object{"name": "A", "value": ct.Secret{Value: "hidden"}}}},
		"labels":     object{"a/b": "c"}, "__defaults": []any{"no"}, "unknown": ct.Unknown, "nothing": nil,
	}})
	assert.ElementsMatch(t, []string{
		`containers[0].args[0]: args in containers named "" before "" is --password, secret false`,
		`containers[0].args[1]: args in containers named "" before "--password" is x1y2z3, secret false`,
		`env.list[0].name: name in list named "A" before "" is A, secret false`,
		`env.list[0].value: value in list named "A" before "" is [secret], secret true`,
		`labels.a/b: a/b in labels named "" before "" is c, secret false`,
	}, got.Messages())
}
