// Package stack is Pulumi's own, and compiles the schema of states later.
package stack

import (
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

var compileOnce = sync.OnceFunc(compileSchemas)

// compiledSchema compiles the schema of states when a state is validated, and not whenever the CLI starts.
func compiledSchema() *jsonschema.Schema {
	compileOnce()
	return deploymentSchema
}
