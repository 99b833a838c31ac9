//go:build !unix

package command

import "context"

// typed always returns false: on this system the program cannot know.
func typed(context.Context) bool { return false }
