package scaffold

import (
	"fmt"
	"regexp"
	"strings"
)

// marker matches the comment by which a caller of this repository says what init decides. At the end of a line it concerns the line.
// On a line of its own it concerns all lines up to "# init: end". What the line says otherwise, and its comments, may change freely.
var marker = regexp.MustCompile(`^(.*?) *# init: ([a-z-]+)$`)

// partEnd ends a part of several lines.
const partEnd = "end"

// unmarked takes the markers out of a caller's text and does what they say.
func (a Answers) unmarked(text string) (string, error) {
	var out []string
	open, dropped := "", false
	for _, line := range strings.Split(text, "\n") {
		found := marker.FindStringSubmatch(line)
		switch {
		case found == nil && !dropped:
			out = append(out, line)
		case found == nil:
		case found[2] == partEnd && open == "":
			return "", fmt.Errorf("a part ends that did not begin")
		case found[2] == partEnd:
			open, dropped = "", false
		case strings.TrimSpace(found[1]) == "":
			keeps, known := a.parts()[found[2]]
			if open != "" || !known {
				return "", fmt.Errorf("init: %s begins a part inside another, or one that init does not know", found[2])
			}
			open, dropped = found[2], !keeps
		case !dropped:
			line, kept, err := a.marked(found[1], found[2])
			if err != nil {
				return "", err
			}
			if kept {
				out = append(out, line)
			}
		}
	}
	if open != "" {
		return "", fmt.Errorf("init: %s has no end", open)
	}
	return strings.Join(out, "\n"), nil
}

// parts are the parts that not every application's callers have, and whether this one's do.
func (a Answers) parts() map[string]bool {
	return map[string]bool{"scripts": len(a.Jobs) > 0, "lint": a.has("lint")}
}

// rootPaths matches patterns of paths in the folder. Patterns that begin otherwise hold anywhere.
var rootPaths = regexp.MustCompile(`"((?:Pulumi|platform|policy|go|release|provenance)[^"]*)"`)

// marked returns a marked line as the application needs it, and whether it needs it at all.
func (a Answers) marked(line, name string) (rewritten string, kept bool, err error) {
	if keeps, part := a.parts()[name]; part {
		return line, keeps, nil
	}
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	switch name {
	case "paths":
		if a.Folder != "." {
			line = rootPaths.ReplaceAllString(line, `"`+a.Folder+`/$1"`)
		}
		return line, true, nil
	case "built": // what there is to build, if not a package of pnpm's
		if len(a.Jobs) == 0 {
			line = indent + "[[ -f " + a.Services[0].Dockerfile + " ]] || app=false"
		}
		return line, true, nil
	}
	value, known := map[string]string{
		"pull-requests": flow(a.PullRequests), "pushes": flow(a.Pushes), "branch": flow([]string{a.Branch}),
		"environments": flow(a.Environments), "service": scalar(a.Services[0].Key),
		"workspace": a.Workspace, "app": a.Web, "node": `"` + a.NodeVersion + `"`, "test": a.Test,
	}[name]
	if !known {
		return "", false, fmt.Errorf("init: %s is not a marker that init knows", name)
	}
	key, _, _ := strings.Cut(line, ": ")
	return key + ": " + value, true, nil
}
