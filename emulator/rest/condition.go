package rest

import (
	"cmp"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/cel"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// conditions are written in the Common Expression Language, with what IAM says of a request and of its resource.
// Source: https://cloud.google.com/iam/docs/conditions-attribute-reference.
var conditions = sync.OnceValues(func() (*cel.Env, error) {
	object := cel.MapType(cel.StringType, cel.DynType)
	return cel.NewEnv(cel.Variable("resource", object), cel.Variable("request", object))
})

// applies reports whether the condition of a binding holds for a request of this moment to a resource. A condition that the
// emulator cannot evaluate does not hold, so that it grants nothing.
func (q *Request) applies(condition map[string]any, n Name) bool {
	if condition == nil {
		return true
	}
	language, err := conditions()
	if err != nil {
		return false
	}
	checked, issues := language.Compile(doc.Text(condition, "expression"))
	if issues.Err() != nil {
		return false
	}
	program, err := language.Program(checked)
	if err != nil {
		return false
	}
	host, message := n.Kind.api.Host, cmp.Or(n.Kind.Operations.Type, n.Kind.Message)
	holds, _, err := program.Eval(map[string]any{
		"resource": map[string]any{"name": n.Shown(), "service": host, "type": host + "/" + message[strings.LastIndex(message, ".")+1:]},
		"request":  map[string]any{"time": q.Now.In(time.UTC)},
	})
	return err == nil && holds.Value() == true
}
