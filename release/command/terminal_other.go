//go:build !unix

package command

import "context"

// typed is not known here.
func typed(context.Context) bool { return false }
