package rest

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// Conditions reports whether the condition of a grant holds for a request.
type Conditions func(expression string, asked Asked) bool

// Asked is what a condition can know of a request.
type Asked struct {
	// Name, Service and Type are the resource's: its name, the host of its API, and HOST/MESSAGE.
	Name, Service, Type string
	// Time is when the request was made.
	Time time.Time
}

// errNoConditions refuses a condition where nobody evaluates them. Such a grant would never apply, and nothing would say why.
var errNoConditions = refuse(http.StatusNotImplemented, "UNIMPLEMENTED", "This emulator does not evaluate conditions: serve it with "+
	"Conditions in its options, as cmd/emulator and cmd/sandbox do.", nil)

// applies reports whether the condition of a binding holds for a request of this moment to a resource.
func (q *Request) applies(condition map[string]any, n Name) bool {
	if condition == nil {
		return true
	}
	holds := q.server.options.Conditions
	if holds == nil {
		return false
	}
	host, message := n.Kind.api.Host, cmp.Or(n.Kind.Operations.Type, n.Kind.Message)
	return holds(doc.Text(condition, "expression"), Asked{Name: n.Shown(), Service: host,
		Type: host + "/" + message[strings.LastIndex(message, ".")+1:], Time: q.Now})
}
