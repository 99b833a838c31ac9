// Package images has the release controller's commands about images: promote, verify, built and sign. They are apart from the other
// commands (release/command) because of the clients of registries and of Sigstore, which take a minute of processor time to compile: the
// sandbox's demonstration runs releases, and asks about no image.
package images

import (
	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/release/command"
)

// app is one invocation of the program.
type app struct{ *command.Invocation }

// Commands makes the commands for one invocation of the program; see [command.Run].
func Commands(invocation *command.Invocation) (list []*cobra.Command) {
	a := app{invocation}
	add := func(made *cobra.Command, codes string, flags ...string) {
		cli.Uses(made, flags...)
		made.Annotations[cli.Codes] = codes + command.GoRun
		list = append(list, made)
	}
	add(a.promote(), "Exit codes: 0 promoted, or there already · 1 failed · 2 wrong usage · 5 refused: not proven, or the tag is "+
		"taken.\n", "json")
	add(a.verify(), "Exit codes: 0 verified · 1 failed · 2 wrong usage · 5 refused: not proven, or it runs as root.\n", "json")
	add(a.built(), "")
	add(a.sign(), "", "token-file", "json")
	return list
}
