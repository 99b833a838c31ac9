package scaffold

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// codeowners lists the places where GitHub looks for the file, in its order. The first that exists counts.
var codeowners = []string{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"}

// owners checks that CODEOWNERS covers every file that steers a job with an identity, even files that do not exist yet.
func (r *Report) owners() {
	for _, name := range codeowners {
		content, err := os.ReadFile(filepath.Join(r.root, name))
		if err != nil {
			continue
		}
		steering := []string{name, ".github/workflows/platform-ci.yml", ".github/workflows/another.yml", ".github/actions/another/action.yml"}
		for _, file := range []string{"platform.yaml", "Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.json", "provenance.yaml", "release.yaml",
			"policy/dev.json", "main.go", "another.go", "go.mod", "go.sum", "vendor/modules.txt"} {
			steering = append(steering, r.adopter.Path(file))
		}
		for _, file := range steering {
			if len(ownersOf(string(content), file)) == 0 {
				r.bad(name, "%s has no owner, and it decides what deploys even if it does not exist yet: add a line at the end, with %s",
					file, r.adopter.CodeOwner())
			}
		}
		r.pointed(name, string(content))
		return
	}
	r.bad(codeowners[0], "is missing, so that nobody has to review what deploys: `cmd/init` writes it")
}

// ownersOf returns the owners of a file, from the last line whose pattern matches. GitHub skips a line that it cannot read: one with an
// owner that is neither @NAME nor an address, or with a pattern that .gitignore has and CODEOWNERS lacks.
func ownersOf(text, file string) (owners []string) {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		skipped := len(words) == 0 || strings.ContainsAny(words[0], "[]!\\") ||
			slices.ContainsFunc(words[1:], func(owner string) bool { return !strings.Contains(owner, "@") })
		if !skipped && owns(words[0], file) {
			owners = words[1:]
		}
	}
	return owners
}

// owns says whether a pattern of CODEOWNERS matches a file. Patterns work as in .gitignore: one without a slash matches
// anywhere, and a folder includes everything in it.
func owns(pattern, file string) bool {
	anchored := strings.Contains(strings.TrimSuffix(pattern, "/"), "/")
	folder := strings.HasSuffix(pattern, "/")
	parts := strings.Split(strings.Trim(pattern, "/"), "/")
	names := strings.Split(file, "/")
	for start := range names {
		if anchored && start > 0 {
			break
		}
		if used, ok := matchParts(parts, names[start:]); ok && (start+used < len(names) || !folder) {
			// A last * does not go into folders; a name does, as the folder of that name.
			if start+used < len(names) && anchored && strings.Contains(parts[len(parts)-1], "*") && parts[len(parts)-1] != "**" {
				continue
			}
			return true
		}
	}
	return false
}

// matchParts matches a pattern's parts with the first names, and says how many they took.
func matchParts(parts, names []string) (used int, ok bool) {
	if len(parts) == 0 {
		return 0, true
	}
	if len(names) == 0 {
		return 0, false
	}
	if parts[0] == "**" {
		for skip := range len(names) + 1 {
			if used, ok := matchParts(parts[1:], names[skip:]); ok {
				return skip + used, true
			}
		}
		return 0, false
	}
	if matched, err := path.Match(parts[0], names[0]); err != nil || !matched {
		return 0, false
	}
	used, ok = matchParts(parts[1:], names[1:])
	return used + 1, ok
}
