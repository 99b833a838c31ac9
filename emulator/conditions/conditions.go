// Package conditions evaluates the conditions of grants in the Common Expression Language, as IAM does.
//
// The emulated APIs get it as a function ([rest.Conditions]), because its library takes long to compile, with the race detector above
// all (docs/adr/0047).
package conditions

import (
	"sync"
	"time"

	"cel.dev/cel-go/cel"

	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// language has what IAM says of a request and of its resource.
// Source: https://cloud.google.com/iam/docs/conditions-attribute-reference.
var language = sync.OnceValues(func() (*cel.Env, error) {
	object := cel.MapType(cel.StringType, cel.DynType)
	return cel.NewEnv(cel.Variable("resource", object), cel.Variable("request", object))
})

// Hold reports whether a condition holds for a request. A condition that cannot be evaluated does not hold, so that it grants nothing.
func Hold(expression string, asked rest.Asked) bool {
	words, err := language()
	if err != nil {
		return false
	}
	checked, issues := words.Compile(expression)
	if issues.Err() != nil {
		return false
	}
	program, err := words.Program(checked)
	if err != nil {
		return false
	}
	holds, _, err := program.Eval(map[string]any{
		"resource": map[string]any{"name": asked.Name, "service": asked.Service, "type": asked.Type},
		"request":  map[string]any{"time": asked.Time.In(time.UTC)},
	})
	return err == nil && holds.Value() == true
}
