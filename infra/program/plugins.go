//go:build plugins

package program

// No build has this tag. The import keeps the module in go.mod, where Pulumi's language host reads which plugins the
// program needs, and their versions; see components/repository.
import _ "github.com/pulumi/pulumi-github/sdk/v6/go/github"
