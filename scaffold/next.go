package scaffold

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/guiofsaints/procureflow-platform/stacks"
)

// next prints the values that only the owner knows, and the next three commands for the application's present state.
func next(out io.Writer, r Repository, a Answers, trust bool) {
	folder := filepath.Join(r.Root, a.Folder)
	unknown := waiting(folder)
	if len(unknown) > 0 && !trust {
		fmt.Fprintf(out, "\nOnly you know the values that begin with %q in %s: real commands refuse them and say where to find each.\n",
			stacks.StandInPrefix, strings.Join(unknown, ", "))
	}
	message := "Run " + a.App + " on the platform"
	if trust {
		message = "Trust the platform's " + a.Version
	}
	if r.Commitlint {
		message = "ci: " + strings.ToLower(message[:1]) + message[1:]
	}
	root := shellQuoted(r.Root)
	commit := fmt.Sprintf("git -C %s add -A && git -C %s commit -m %q", root, root, message)
	commands := []string{"go tool check settings", "go tool sandbox up dev", commit}
	switch {
	case trust:
		commands = []string{"go tool check settings", commit,
			"go build -o bin/policy-pack " + Module + "/policy && pulumi up --stack dev --target '**workloadIdentityPoolProvider**' " +
				"--target '**federation-binding-**' --policy-pack bin/policy-pack --policy-pack-config policy/dev.json " +
				"# once it is merged, by a person, for each stack"}
	case git(r.Root, "status", "--porcelain", "--", a.Folder, ".github") != "":
	case len(unknown) > 0:
		commands = []string{"go tool firstrun preflight dev # names each stand-in, and where to find its value", "go tool check settings",
			"go tool sandbox up dev"}
	default:
		commands = []string{"go tool firstrun permissions dev", "go tool firstrun preflight dev",
			"pulumi stack init dev && pulumi preview --json --show-sames | go tool firstrun adopt --out import.json"}
	}
	fmt.Fprintf(out, "Next, in %s:\n", folder)
	for _, command := range commands {
		fmt.Fprintln(out, "  "+command)
	}
	if r.Detached {
		fmt.Fprintln(out, "No branch is checked out: git switch -c NAME before you commit.")
	}
}

// waiting returns the files of the folder that have a stand-in.
func waiting(folder string) (names []string) {
	files := []string{"platform.yaml"}
	for _, stack := range stacks.Names(folder) {
		files = append(files, "Pulumi."+stack+".yaml")
	}
	for _, name := range files {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(content)) {
			// A comment that explains the prefix does not count.
			if before, _, found := strings.Cut(line, stacks.StandInPrefix); found && !strings.Contains(before, "#") {
				names = append(names, name)
				break
			}
		}
	}
	return names
}
