package check

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/check/parallel"
)

// quick is the check while working: it formats, vets and tests the packages that changed since base, without the race
// detector, and compiles those that import them. It says what it leaves to the whole check, above all the tests that take minutes.
func (c checker) quick(base string) error {
	files, err := c.changed(base)
	if err != nil {
		return err
	}
	touched, unchecked := packagesOf(files, func(folder string) bool {
		sources, _ := filepath.Glob(filepath.Join(filepath.FromSlash(folder), "*.go"))
		return len(sources) > 0
	})
	if len(unchecked) > 0 {
		fmt.Fprintf(c.out, "Left to the whole check, which no package's tests cover: %s\n", strings.Join(unchecked, ", "))
	}
	if slow := slices.DeleteFunc(slices.Clone(touched["."]), func(pattern string) bool { return !isSlow(pattern) }); len(slow) > 0 {
		fmt.Fprintf(c.out, "Only vetted, because their tests take minutes: %s\n", strings.Join(slow, ", "))
	}
	if len(touched) == 0 {
		fmt.Fprintf(c.out, "No package changed since %s.\n", base)
		return nil
	}
	if err := c.format(goFiles(files)...); err != nil {
		return err
	}
	program, err := c.vetTool()
	if err != nil {
		return err
	}
	tests := &parallel.Report{Out: c.out}
	defer tests.Summary()
	var first error
	for _, module := range modules {
		packages := touched[module]
		if len(packages) == 0 {
			continue
		}
		err := c.command(module, program, packages...)
		if err == nil {
			err = c.compileModule(module)
		}
		tested := slices.DeleteFunc(packages, isSlow)
		if err == nil && len(tested) > 0 {
			err = c.testPackages(tests, group{module: module, packages: tested})
		}
		if err != nil && first == nil {
			first = err
		}
	}
	return first
}

// changed lists the files that differ from the commit at which the branch left base, including files that git does not
// track yet.
func (c checker) changed(base string) ([]string, error) {
	start, err := c.git("merge-base", "HEAD", base)
	if err != nil {
		return nil, fmt.Errorf("find where this branch left %s: %w; name another commit with --base", base, err)
	}
	differ, err := c.git("diff", "--name-only", "--no-renames", "-z", strings.TrimSpace(start))
	if err != nil {
		return nil, err
	}
	unknown, err := c.git("ls-files", "--others", "--exclude-standard", "-z")
	if err != nil {
		return nil, err
	}
	files := strings.FieldsFunc(differ+unknown, func(r rune) bool { return r == 0 })
	slices.Sort(files)
	return slices.Compact(files), nil
}

func (c checker) git(args ...string) (string, error) {
	var out, errs bytes.Buffer
	command := exec.CommandContext(c.ctx, "git", args...)
	command.Dir, command.Stdout, command.Stderr = c.root, &out, &errs
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}

// covering names the package whose tests read files that are not Go, by the beginning of the files' paths.
var covering = []struct{ prefix, folder string }{
	{".github/", "tests/workflows"},
	{"docs/policies.md", "policy/internal/docs"},
	{"docs/", "tests/architecture"},
	{"Pulumi.", "infra/program"},
}

// packagesOf sorts changed files into packages by module, as patterns inside the module's folder. A file that is not Go
// belongs to the nearest package above it (testdata, embedded files). The other files come back in unchecked.
func packagesOf(files []string, isPackage func(folder string) bool) (touched map[string][]string, unchecked []string) {
	touched = map[string][]string{}
	for _, file := range files {
		folder := path.Dir(file)
		for _, rule := range covering {
			if strings.HasPrefix(file, rule.prefix) {
				folder = rule.folder
				break
			}
		}
		for folder != "." && !isPackage(folder) {
			folder = path.Dir(folder)
		}
		if folder == "." {
			unchecked = append(unchecked, file)
			continue
		}
		module := moduleOf(folder)
		pattern := "./" + strings.TrimPrefix(strings.TrimPrefix(folder, module), "/")
		if !slices.Contains(touched[module], pattern) {
			touched[module] = append(touched[module], pattern)
		}
	}
	return touched, unchecked
}

// moduleOf returns the innermost of the repository's modules that contains a folder.
func moduleOf(folder string) string {
	found := "."
	for _, module := range modules {
		if (folder == module || strings.HasPrefix(folder, module+"/")) && len(module) > len(found) {
			found = module
		}
	}
	return found
}

// isSlow reports whether the tests of a pattern of the root module take minutes.
func isSlow(pattern string) bool { return slices.Contains(slowest, strings.TrimPrefix(pattern, "./")) }

// goFiles returns the Go files that still exist.
func goFiles(files []string) []string {
	return slices.DeleteFunc(slices.Clone(files), func(file string) bool {
		_, err := os.Stat(file)
		return err != nil || !strings.HasSuffix(file, ".go")
	})
}
