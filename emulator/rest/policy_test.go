package rest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// TestHolds checks which grants give a member a role on a resource: those on it and on its project, those to everybody, and those
// whose condition is true now.
func TestHolds(t *testing.T) {
	t.Parallel()
	grant := func(role, member, condition string) map[string]any {
		binding := map[string]any{"role": role, "members": []any{member}}
		if condition != "" {
			binding["condition"] = map[string]any{"expression": condition}
		}
		return map[string]any{"version": 3.0, "bindings": []any{binding}}
	}
	for name, test := range map[string]struct {
		onThing, onProject map[string]any
		want               bool
	}{
		"no grant":                    {nil, nil, false},
		"on the resource":             {grant("roles/reads", "user:a@b.example", ""), nil, true},
		"on its project":              {nil, grant("roles/reads", "user:a@b.example", ""), true},
		"the other of two roles":      {grant("roles/writes", "user:a@b.example", ""), nil, true},
		"another role":                {grant("roles/lists", "user:a@b.example", ""), nil, false},
		"another member":              {grant("roles/reads", "user:c@b.example", ""), nil, false},
		"everybody":                   {grant("roles/reads", "allUsers", ""), nil, true},
		"everybody who has signed in": {grant("roles/reads", "allAuthenticatedUsers", ""), nil, false},
		"a true condition":            {grant("roles/reads", "user:a@b.example", "true"), nil, true},
		"a false condition":           {grant("roles/reads", "user:a@b.example", "false"), nil, false},
		"until a later time": {grant("roles/reads", "user:a@b.example", `request.time < timestamp("2026-11-23T12:00:01Z")`), nil,
			true},
		"until now": {grant("roles/reads", "user:a@b.example", `request.time < timestamp("2026-11-23T12:00:00Z")`), nil,
			false},
		"by the resource's name":         {nil, grant("roles/reads", "user:a@b.example", `resource.name == "projects/42/secrets/a"`), true},
		"by its API":                     {nil, grant("roles/reads", "user:a@b.example", `resource.service == "things.example"`), true},
		"by its type":                    {nil, grant("roles/reads", "user:a@b.example", `resource.type == "things.example/Secret"`), true},
		"by another type":                {nil, grant("roles/reads", "user:a@b.example", `resource.type == "things.example/File"`), false},
		"a malformed condition":          {nil, grant("roles/reads", "user:a@b.example", `resource.bogus(`), false},
		"a condition that is not a bool": {nil, grant("roles/reads", "user:a@b.example", `"true"`), false},
		"a condition on an absent field": {nil, grant("roles/reads", "user:a@b.example", `resource.tags == "x"`), false},
	} {
		w := serve(t)
		w.ok("POST", things+"?secretId=a", `{`+automatic+`}`)
		w.update(func(q *rest.Request) error {
			n, _ := q.Resolve("things.example", "projects/*/secrets", "projects/42/secrets/a")
			project := rest.Name{Kind: q.CollectionOf("projects.example", "projects", rest.Project{}).Kind, Segments: []string{"projects", "pro"}}
			for place, policy := range map[*rest.Name]map[string]any{&n: test.onThing, &project: test.onProject} {
				if policy != nil {
					_, err := q.SetPolicy(*place, policy, "")
					assert.NoError(t, err, name)
				}
			}
			assert.Equal(t, test.want, q.Holds(n, "user:a@b.example", "roles/reads", "roles/writes"), name)
			return nil
		})
	}
}

// TestConditionsThatNobodyEvaluates checks that a stored grant with a condition gives nothing where conditions are not evaluated.
func TestConditionsThatNobodyEvaluates(t *testing.T) {
	t.Parallel()
	const grants = `{"policy":{"version":3,"bindings":[{"role":"roles/reads","members":["user:a@b.example"],"condition":{"expression":"true"}},
		{"role":"roles/writes","members":["user:a@b.example"]}]}}`
	w := serve(t)
	w.ok("POST", things+"?secretId=a", `{`+automatic+`}`)
	w.ok("POST", things+"/a:setIamPolicy", grants)
	for _, evaluated := range []bool{true, false} {
		if !evaluated {
			w.serveWith(nil)
		}
		w.update(func(q *rest.Request) error {
			n, _ := q.Resolve("things.example", "projects/*/secrets", "projects/42/secrets/a")
			assert.Equal(t, evaluated, q.Holds(n, "user:a@b.example", "roles/reads"))
			assert.True(t, q.Holds(n, "user:a@b.example", "roles/writes"))
			return nil
		})
	}
	assert.Contains(t, w.refused("POST", things+"/a:setIamPolicy", grants), "UNIMPLEMENTED: This emulator does not evaluate conditions")
}

// TestPolicyMethods checks the answers of the three methods for policies.
func TestPolicyMethods(t *testing.T) {
	t.Parallel()
	w := serve(t)
	w.ok("POST", things+"?secretId=a", `{`+automatic+`}`)
	const thing = things + "/a"
	audit := `"auditConfigs":[{"service":"allServices","auditLogConfigs":[{"logType":"DATA_READ"}]}]`
	first := w.ok("POST", thing+":setIamPolicy", `{"policy":{`+audit+`},"updateMask":"auditConfigs"}`)
	assert.Len(t, first["auditConfigs"], 1)
	second := w.ok("POST", thing+":setIamPolicy", `{"policy":{"bindings":[{"role":"roles/a","members":["user:a@b.example"]},
		{"role":"roles/a","members":["user:a@b.example"],"condition":{"expression":"true"}}],"version":3}}`)
	assert.Equal(t, first["auditConfigs"], second["auditConfigs"], "what the mask leaves out stays")
	assert.Len(t, second["bindings"], 2, "a condition makes another binding")
	assert.Equal(t, 3.0, second["version"])
	assert.Equal(t, second, w.ok("GET", thing+":getIamPolicy", ""))
	assert.Equal(t, map[string]any{"permissions": []any{"x.y.z"}}, w.ok("POST", thing+":testIamPermissions", `{"permissions":["x.y.z"]}`))
	assert.Equal(t, map[string]any{}, w.ok("POST", thing+":testIamPermissions", `{}`))
	for body, want := range map[string]string{
		`{"policy":{"version":2}}`: "INVALID_ARGUMENT: Invalid policy version: 2. Valid values are 0, 1 and 3.",
		`{"policy":{"version":3,"bindings":[{"role":"roles/a","members":["user:a@b.example"],"condition":{}}]}}`: "INVALID_ARGUMENT: The " +
			"condition of the binding for roles/a has no expression.",
	} {
		assert.Equal(t, want, w.refused("POST", thing+":setIamPolicy", body))
	}
	w.update(func(q *rest.Request) error {
		return q.RenameMember("user:a@b.example", "deleted:user:a@b.example?uid=1")
	})
	for _, binding := range doc.Objects(w.ok("GET", thing+":getIamPolicy", ""), "bindings") {
		assert.Equal(t, []any{"deleted:user:a@b.example?uid=1"}, binding["members"])
	}
}
