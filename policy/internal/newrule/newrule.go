// Package newrule writes a policy and its test, and a new pack for them if the folder has no pack. docs/first-rule.md explains it
// step by step.
package newrule

import (
	"context"
	"errors"
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/internal/cli"
)

const help = `Write a policy and its test. If the folder has no pack yet, it gets one. Run it in policy/.

A condition is PATH=VALUE or PATH<=NUMBER. A file that exists is never overwritten.

Usage:
  newrule FOLDER NAME TYPE CONDITION

Examples:
  go run ./cmd/newrule ~/my-pack bucket-versioned gcp:storage/bucket:Bucket versioning.enabled=true
  go run ./cmd/newrule rules few-containers gcp:cloudrunv2/service:Service 'template.maxInstanceRequestConcurrency<=80'

Exit codes: 0 written; 1 one of the files exists, and nothing was written; 2 the call is wrong; 3 a file could not be written.
`

// Run runs one command line in the SDK's folder, and returns the exit code.
func Run(_ context.Context, args []string, streams cli.Streams) int {
	if cli.Asked(args) {
		fmt.Fprint(streams.Out, help)
		return cli.ExitDone
	}
	sdk, err := os.Getwd()
	if err == nil {
		err = run(args, sdk, streams.Out)
	}
	return streams.End("newrule", err)
}

// rule holds the values that fill the templates.
type rule struct {
	Package, Pack, Module string
	SDK                   string // the folder of the SDK, for the pack's go.mod
	Name, Variable, Test  string
	Type, Kind            string // the type's token and its last word
	Path, Want            string
	Number, Bool          bool
	Good, Bad, Unknown    string // Go literals of properties
	BadValue              string // the Go literal of the bad value alone
	Is                    string // how a message names the bad value
}

var (
	ruleName  = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	typeToken = regexp.MustCompile(`^[^:$]+:[^:$]+:[^:$]+$`)
	pathStep  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

const sdkModule = "github.com/guiofsaints/procureflow-platform/policy"

// run writes the rule that the arguments describe. sdk is the folder of the SDK's module.
func run(args []string, sdk string, out io.Writer) error {
	if len(args) != 4 {
		return cli.UsageError("it takes FOLDER NAME TYPE CONDITION: see --help, and for example newrule my-pack " +
			"bucket-versioned gcp:storage/bucket:Bucket versioning.enabled=true")
	}
	folder := args[0]
	r, err := parse(args[1], args[2], args[3])
	if err != nil {
		return err
	}
	r.SDK, r.Module = filepath.ToSlash(sdk), sdkModule
	r.Package, err = packageIn(folder)
	if err != nil {
		return err
	}
	files := map[string]string{snake(r.Name) + ".go": ruleTemplate, snake(r.Name) + "_test.go": testTemplate}
	if r.Package == "" {
		absolute, err := filepath.Abs(folder)
		if err != nil {
			return err
		}
		r.Package, r.Pack = "main", filepath.Base(absolute)
		for name, text := range packTemplates {
			files[name] = text
		}
	}
	if err := write(folder, files, r); err != nil {
		return err
	}
	if r.Pack != "" {
		_, err = fmt.Fprintf(out, "wrote the pack %s with the rule %s: run go mod tidy && go test ./... in %s\n", r.Pack, r.Name, folder)
		return err
	}
	listed, err := list(folder, r)
	switch {
	case err != nil:
	case len(listed) == 0:
		_, err = fmt.Fprintf(out, "wrote the rule %s: add %s to the pack's list of policies\n", r.Name, r.Variable)
	case slices.Contains(listed, scenarios):
		_, err = fmt.Fprintf(out, "wrote the rule %s and listed it in %s: run go test ./%s -run 'TestMatrix|%s' && go run ./cmd/docs\n", r.Name,
			strings.Join(listed, " and "), filepath.Base(folder), "Test"+r.Test)
	default:
		_, err = fmt.Fprintf(out, "wrote the rule %s and listed it in %s\n", r.Name, strings.Join(listed, " and "))
	}
	return err
}

// parse turns the arguments into a rule.
func parse(name, typ, condition string) (rule, error) {
	r := rule{Name: name, Type: typ}
	if !ruleName.MatchString(name) {
		return r, cli.UsageError(fmt.Sprintf("name %q: use lower-case words joined by hyphens", name))
	}
	if !typeToken.MatchString(typ) {
		return r, cli.UsageError(fmt.Sprintf("type %q: write package:module:Type, as in gcp:storage/bucket:Bucket", typ))
	}
	r.Kind = typ[strings.LastIndex(typ, ":")+1:]
	for i, word := range strings.Split(name, "-") {
		title := strings.ToUpper(word[:1]) + word[1:]
		r.Test += title
		if i == 0 {
			title = word
		}
		r.Variable += title
	}
	if !token.IsIdentifier(r.Variable) || r.Variable == "main" || r.Variable == "pack" {
		return r, cli.UsageError(fmt.Sprintf("name %q: a Go variable cannot be called %s", name, r.Variable))
	}
	path, want, found := strings.Cut(condition, "=")
	path, r.Number = strings.CutSuffix(path, "<")
	if !found || path == "" || want == "" || strings.ContainsAny(want, "\"\\%`") {
		return r, cli.UsageError(fmt.Sprintf("condition %q: write PATH=VALUE or PATH<=NUMBER, the value without quotes", condition))
	}
	steps := strings.FieldsFunc(strings.ReplaceAll(path, "]", ""), func(c rune) bool { return c == '.' || c == '[' })
	for _, step := range steps {
		if _, err := strconv.Atoi(step); err != nil && !pathStep.MatchString(step) {
			return r, cli.UsageError(fmt.Sprintf("path %q: write keys and indices, as in template.containers[0].image", path))
		}
	}
	r.Path, r.Want = path, want
	r.Bool = want == "true" || want == "false"
	good, bad := strconv.Quote(want), strconv.Quote("other")
	switch {
	case r.Number:
		n, err := strconv.Atoi(want)
		if err != nil {
			return r, cli.UsageError(fmt.Sprintf("condition %q: write a whole number instead of %q", condition, want))
		}
		good, bad, r.Is = strconv.Itoa(n), strconv.Itoa(n+1), strconv.Itoa(n+1)
	case r.Bool:
		good, bad = want, strconv.FormatBool(want != "true")
		r.Is = bad
	default:
		r.Is = "other"
	}
	r.BadValue = bad
	r.Good, r.Bad, r.Unknown = properties(steps, good), properties(steps, bad), properties(steps, "crossguardtest.Unknown")
	return r, nil
}

// properties writes the Go literal of properties that have a value at a path.
func properties(steps []string, literal string) string {
	for i := len(steps) - 1; i > 0; i-- {
		if n, err := strconv.Atoi(steps[i]); err == nil {
			literal = "[]any{" + strings.Repeat("nil, ", n) + literal + "}"
			continue
		}
		literal = fmt.Sprintf("map[string]any{%q: %s}", steps[i], literal)
	}
	return fmt.Sprintf("{%q: %s}", steps[0], literal)
}

// packageIn returns the name of the Go package in a folder, or "" if the folder has no package.
func packageIn(folder string) (string, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(files) == 0 {
		return "", err
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), files[0], nil, parser.PackageClauseOnly)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(parsed.Name.Name, "_test"), nil
}

// write fills the templates. It fails before writing anything if one of the files exists already.
func write(folder string, files map[string]string, r rule) error {
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		switch _, err := os.Stat(filepath.Join(folder, name)); {
		case err == nil:
			problems = append(problems, fmt.Errorf("%s is there already: remove it, or take another name", filepath.Join(folder, name)))
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	if len(problems) > 0 {
		return cli.RefusedError{Problems: errors.Join(problems...)}
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		content, err := fill(name, text, r)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// scenarios is the file of the platform's pack in which every rule has a resource that passes, and changes that do not.
const scenarios = "scenarios_test.go"

// list adds the rule to the lists of a pack: in its main.go, or in the platform's rules.go and scenarios. It returns the files that have
// the mark of a list.
func list(folder string, r rule) (listed []string, err error) {
	scenario := fmt.Sprintf("{policy: %s,\ngood: ct.Resource{Type: %q, Properties: ct.Properties%s},\nreads: []string{%q}, "+
		"bad: []change{\n{path: %q, to: %s, want: %q},\n}}", r.Variable, r.Type, r.Good, r.Path, r.Path, r.BadValue, r.Path+" is "+r.Is)
	for _, file := range []struct{ name, entry string }{{"main.go", r.Variable}, {"rules.go", r.Variable}, {scenarios, scenario}} {
		path := filepath.Join(folder, file.name)
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !strings.Contains(string(content), listHere) {
			continue
		}
		if err != nil {
			return listed, err
		}
		added, err := format.Source([]byte(strings.Replace(string(content), listHere, file.entry+",\n"+listHere, 1)))
		if err != nil {
			return listed, err
		}
		if err := os.WriteFile(path, added, 0o644); err != nil {
			return listed, err
		}
		listed = append(listed, file.name)
	}
	return listed, nil
}

func snake(name string) string { return strings.ReplaceAll(name, "-", "_") }
