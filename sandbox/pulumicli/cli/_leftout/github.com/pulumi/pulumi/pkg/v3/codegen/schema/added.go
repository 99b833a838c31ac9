// Package schema is Pulumi's own, and compiles the schema of schemas later.
package schema

import (
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

var compileOnce = sync.OnceFunc(compileMetaSchema)

// compiledMetaSchema compiles the schema of schemas when one is read, and not whenever the CLI starts.
func compiledMetaSchema() *jsonschema.Schema {
	compileOnce()
	return MetaSchema
}
