package command

import (
	"path/filepath"
	"slices"
	"strings"
)

// pathFlags are the CLI's flags that name a file or a folder. The short ones belong to `pulumi import` alone.
var (
	pathFlags = []string{"--file", "--out", "--config-file", "--event-log", "--generate-resources", "--import-file", "--plan", "--save-plan",
		"--policy-pack", "--policy-pack-config"}
	shortPathFlags = []string{"-f", "-o"}
)

// inFolder makes relative paths in the CLI's arguments absolute, based on the caller's folder. The CLI itself runs in the sandbox's work
// folder.
func inFolder(folder string, args []string) []string {
	flags := pathFlags
	if command := slices.IndexFunc(args, func(arg string) bool { return !strings.HasPrefix(arg, "-") }); command >= 0 &&
		args[command] == "import" {
		flags = slices.Concat(pathFlags, shortPathFlags)
	}
	absolute := func(path string) string {
		if path == "" || path == "-" || filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(folder, path)
	}
	var result []string
	for i, arg := range args {
		name, value, joined := strings.Cut(arg, "=")
		switch {
		case joined && slices.Contains(flags, name):
			arg = name + "=" + absolute(value)
		case i > 0 && slices.Contains(flags, args[i-1]):
			arg = absolute(arg)
		}
		result = append(result, arg)
	}
	return result
}
