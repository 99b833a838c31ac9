package crossguard_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// kinds has an option of each kind. report receives the configuration and returns what the rule reads.
func kinds(report func(crossguard.Config) []any) *crossguard.Policy {
	p := policy(func(r *crossguard.Resource) {
		for _, v := range report(r.Config) {
			r.Violation("%v", v)
		}
	})
	window := []crossguard.Option{
		{Name: "days", Description: "how long", Default: 7, Min: 1, Max: 90},
		{Name: "owner", Description: "who", Default: "", Required: true, MinLength: 2, MaxLength: 4},
	}
	p.Options = []crossguard.Option{
		{Name: "regions", Description: "where", Default: []string{"us"}, MinItems: 1, MaxItems: 2, Pattern: "^[a-z]+$", MaxLength: 3},
		{Name: "ports", Description: "which", Default: []int{80}, Min: 1, Max: 65535},
		{Name: "shares", Description: "how much", Default: []float64{0.5, 1}, Min: 0, Max: 1},
		{Name: "window", Description: "when", Default: map[string]any{"owner": "ops"}, Fields: window},
		{Name: "windows", Description: "when", Default: []map[string]any{}, MaxItems: 2, Fields: window},
		{Name: "labels", Description: "which", Default: map[string]string{"team": "ops"}, MinItems: 1, Pattern: "ops"},
		{Name: "limit", Description: "how many", Default: 5, AnyOf: []crossguard.Option{{Default: 0, Min: 1, Max: 10},
			{Default: "", Enum: []string{"none"}}, {Default: map[string]any{}, Fields: window}}},
	}
	return &p
}

func TestOptionsOfEveryKind(t *testing.T) {
	t.Parallel()
	c := ct.Start(t, pack(*kinds(func(c crossguard.Config) []any {
		windows := 0
		for _, w := range c.Objects("windows") {
			windows += int(w.Int("days"))
		}
		limit := c.Any("limit")
		if object, is := limit.(crossguard.Config); is {
			limit = object.String("owner")
		}
		return []any{c.Strings("regions"), c.Ints("ports"), c.Numbers("shares"), c.Object("window").Int("days"),
			c.Object("window").String("owner"), windows, c.Map("labels"), limit}
	})))
	read := func() []string { return c.Analyze(ct.Resource{Type: thing}).Messages() }
	assert.Equal(t, []string{"[us]", "[80]", "[0.5 1]", "7", "ops", "0", "map[team:ops]", "5"}, read(), "defaults before any configuration")
	require.NoError(t, c.Configure(`{}`))
	assert.Equal(t, []string{"[us]", "[80]", "[0.5 1]", "7", "ops", "0", "map[team:ops]", "5"}, read())
	require.NoError(t, c.Configure(`{"p": {"regions": ["eu", "as"], "ports": [443, 8443], "shares": [], "window": {"owner": "me", "days": 3},
		"windows": [{"owner": "me"}, {"owner": "you", "days": 2}], "labels": {"a": "ops", "b": "devops"}, "limit": "none"}}`))
	assert.Equal(t, []string{"[eu as]", "[443 8443]", "[]", "3", "me", "9", "map[a:ops b:devops]", "none"}, read())
	require.NoError(t, c.Configure(`{"p": {"limit": {"owner": "team"}}}`))
	assert.Equal(t, "team", read()[7])

	for options, want := range map[string]string{
		`"regions": []`:                                `p.regions has 0 elements, must have from 1 to 2`,
		`"regions": ["a", "b", "c"]`:                   `p.regions has 3 elements, must have from 1 to 2`,
		`"regions": ["us", "E"]`:                       `p.regions[1] is "E", must match ^[a-z]+$`,
		`"regions": ["euro"]`:                          `p.regions[0] is "euro", must have from 0 to 3 characters`,
		`"regions": "us"`:                              `p.regions must be a list of strings, not us`,
		`"ports": [1.5]`:                               `p.ports[0] is 1.5, must be a whole number`,
		`"ports": [80, 0]`:                             `p.ports[1] is 0, must be from 1 to 65535`,
		`"ports": 80`:                                  `p.ports must be a list of whole numbers, not 80`,
		`"shares": [2]`:                                `p.shares[0] is 2, must be from 0 to 1`,
		`"window": {}`:                                 `p.window.owner is absent: who`,
		`"window": {"owner": "o"}`:                     `p.window.owner is "o", must have from 2 to 4 characters`,
		`"window": {"owner": "ops", "days": 0}`:        `p.window.days is 0, must be from 1 to 90`,
		`"window": {"owner": "ops", "hours": 1}`:       `p.window has no "hours": it has days, owner`,
		`"window": 7`:                                  `p.window must be an object, not 7`,
		`"windows": [{"owner": "ops"}, {"days": "x"}]`: `p.windows[1].days must be a number, not x`,
		`"labels": {}`:                                 `p.labels has 0 elements, must have 1 or more`,
		`"labels": {"a": "dev"}`:                       `p.labels.a is "dev", must match ops`,
		`"labels": []`:                                 `p.labels must be an object of strings, not []`,
		`"limit": 11`:                                  `p.limit fits no alternative: is 11, must be from 1 to 10, or must be a string, not 11, or must be an object, not 11`,
	} {
		assert.ErrorContains(t, c.Configure(`{"p": {`+options+`}}`), want)
	}
}

// TestOptionSchemas checks the JSON schema of each kind of option. The engine checks the configuration against it first.
func TestOptionSchemas(t *testing.T) {
	t.Parallel()
	schema := ct.Start(t, pack(*kinds(nil))).Info().Policies[0].ConfigSchema.Properties.AsMap()
	days := object{"type": "integer", "description": "how long", "minimum": 1.0, "maximum": 90.0, "default": 7.0}
	owner := object{"type": "string", "description": "who", "minLength": 2.0, "maxLength": 4.0}
	window := func(more object) object {
		s := object{"type": "object", "properties": object{"days": days, "owner": owner}, "required": []any{"owner"},
			"additionalProperties": false}
		for key, v := range more {
			s[key] = v
		}
		return s
	}
	delete(schema, "exemptions")
	assert.Equal(t, object{
		"regions": object{"type": "array", "description": "where", "default": []any{"us"}, "minItems": 1.0, "maxItems": 2.0,
			"items": object{"type": "string", "pattern": "^[a-z]+$", "maxLength": 3.0}},
		"ports": object{"type": "array", "description": "which", "default": []any{80.0},
			"items": object{"type": "integer", "minimum": 1.0, "maximum": 65535.0}},
		"shares": object{"type": "array", "description": "how much", "default": []any{0.5, 1.0},
			"items": object{"type": "number", "minimum": 0.0, "maximum": 1.0}},
		"window": window(object{"description": "when", "default": object{"owner": "ops"}}),
		"windows": object{"type": "array", "description": "when", "default": []any{}, "maxItems": 2.0,
			"items": window(nil)},
		"labels": object{"type": "object", "description": "which", "default": object{"team": "ops"}, "minProperties": 1.0,
			"additionalProperties": object{"type": "string", "pattern": "ops"}},
		"limit": object{"description": "how many", "default": 5.0, "anyOf": []any{
			object{"type": "integer", "minimum": 1.0, "maximum": 10.0}, object{"type": "string", "enum": []any{"none"}}, window(nil)}},
	}, schema)
}

func TestOptionsAreValidated(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]crossguard.Option{
		"its default is a int8":                        {Default: int8(1)},
		"its default is a <nil>":                       {},
		"its bounds are 3 and 2":                       {Default: "", MinLength: 3, MaxLength: 2},
		"its bounds are -1 and 0":                      {Default: []string{}, MinItems: -1},
		"its pattern: error parsing":                   {Default: "", Pattern: "("},
		"has 0 elements, must have 1 or more":          {Default: []string{}, MinItems: 1},
		`is "x", must match ^y`:                        {Default: "x", Pattern: "^y"},
		"[1] is 9, must be from 1 to 3":                {Default: []int{1, 9}, Min: 1, Max: 3},
		"alternative 1: its default is a int8":         {Default: 1, AnyOf: []crossguard.Option{{Default: 1}, {Default: int8(1)}}},
		"fits no alternative: must be a string, not 1": {Default: 1, AnyOf: []crossguard.Option{{Default: ""}}},
		"field x is there twice": {Default: object{},
			Fields: []crossguard.Option{{Name: "x", Description: "x", Default: 1}, {Name: "x", Description: "x", Default: 1}}},
		"field x: needs a name and a description": {Default: object{}, Fields: []crossguard.Option{{Name: "x", Default: 1}}},
		"option o: .x is absent: who": {Default: object{},
			Fields: []crossguard.Option{{Name: "x", Description: "who", Default: "", Required: true}}},
		`option o: has no "z": it has x`: {Default: object{"z": 1},
			Fields: []crossguard.Option{{Name: "x", Description: "x", Default: 1}}},
	} {
		p := policy(func(*crossguard.Resource) {})
		o.Name, o.Description = "o", "an option"
		p.Options = []crossguard.Option{o}
		assert.ErrorContains(t, pack(p).Validate(), want)
	}
}
