// Package platform is what an application's repository is given besides the modules: the workflows with which it calls the
// platform's. cmd/init writes them as they stand here, so that this repository and an adopter's run the same.
package platform

import "embed"

// Workflows are this repository's: platform-*.yml are its callers, the others what they call.
//
//go:embed .github/workflows/*.yml
var Workflows embed.FS

// Policies is the page about the policies, which `check settings` compares with an application's configuration.
//
//go:embed docs/policies.md
var Policies string
