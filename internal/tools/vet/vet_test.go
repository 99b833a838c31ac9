package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
	"golang.org/x/tools/txtar"
)

// planted writes the modules of testdata/planted.txtar, and has Go find the foreign ones by their versions. It changes to the folder of
// the module with the defects.
func planted(t *testing.T) {
	t.Helper()
	root := t.TempDir()
	archive, err := txtar.ParseFile(filepath.Join("testdata", "planted.txtar"))
	must(t, err)
	must(t, os.CopyFS(root, first(txtar.FS(archive))(t)))
	for _, name := range []string{"deep", "foreign"} {
		version := module.Version{Path: "example.com/" + name, Version: "v1.0.0"}
		folder := filepath.Join(root, "proxy", version.Path, "@v")
		must(t, os.MkdirAll(folder, 0o700))
		must(t, os.WriteFile(filepath.Join(folder, "v1.0.0.info"), []byte(`{"Version":"v1.0.0"}`), 0o600))
		must(t, os.Rename(filepath.Join(root, name, "go.mod"), filepath.Join(folder, "v1.0.0.mod")))
		content, err := os.ReadFile(filepath.Join(folder, "v1.0.0.mod"))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(root, name, "go.mod"), content, 0o600))
		var archived bytes.Buffer
		must(t, zip.CreateFromDir(&archived, version, filepath.Join(root, name)))
		must(t, os.WriteFile(filepath.Join(folder, "v1.0.0.zip"), archived.Bytes(), 0o600))
	}
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	must(t, err)
	t.Setenv("GOCACHE", strings.TrimSpace(string(cache)))
	t.Setenv("XDG_CACHE_HOME", filepath.Join(root, "cache"))
	t.Setenv("GOMODCACHE", filepath.Join(root, "modules"))
	t.Setenv("GOPROXY", "file://"+filepath.ToSlash(filepath.Join(root, "proxy")))
	t.Setenv("GOSUMDB", "off")
	t.Setenv("GOFLAGS", "-mod=mod -modcacherw")
	t.Chdir(filepath.Join(root, "planted"))
}

func first[V any](value V, err error) func(*testing.T) V {
	return func(t *testing.T) V { must(t, err); return value }
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// vetted runs the command, and returns its exit code and its output.
func vetted(args ...string) (int, string) {
	var out, errs bytes.Buffer
	code := run(args, &out, &errs)
	return code, out.String() + errs.String()
}

// found are the findings in the planted module, which `go vet` and `staticcheck` report, too. A finding that both
// report at the same place, under two names, is there twice.
const found = `accepted.go:8:2: this directive accepts nothing: take it out (lint)
accepted.go:11:2: a directive needs the names of analyzers and a reason (lint)
accepted.go:11:13: Printf format %d has arg #1 of wrong type string (SA5009)
accepted.go:11:14: fmt.Printf format %d has arg "no reason" of wrong type string (printf)
foreign.go:5:4: example.com/foreign/old is deprecated: use foreign.  (SA1019)
foreign.go:9:2: example.com/foreign.Old is deprecated: use Other.  (SA1019)
foreign.go:10:2: (example.com/deep.Thing).Leave is deprecated: use Stay.  (SA1019)
foreign.go:11:6: (example.com/deep.Thing).Old is deprecated: use New.  (SA1019)
foreign.go:12:16: example.com/foreign.Logf format %d has arg "a string, which its package hands on to another" of wrong type string (printf)
foreign.go:13:2: Sum doesn't have side effects and its return value is ignored (SA4017)
foreign.go:14:5: this comparison is never true (SA4023)
outside_test.go:9:54: example.com/planted/inner.Format format %d has arg "a string" of wrong type string (printf)
own.go:9:11: error strings should not be capitalized (ST1005)
own.go:9:11: error strings should not end with punctuation or newlines (ST1005)
own.go:13:15: Own passes lock by value: sync.Mutex (copylocks)
own.go:14:2: this value of text is never used (SA4006)
own.go:14:10: Sprint doesn't have side effects and its return value is ignored (SA4017)
own.go:16:2: should use a simple channel send/receive instead of select with a single case (S1000)
own.go:19:15: example.com/planted.wrap format %d has arg "a string" of wrong type string (printf)
own.go:24:6: func nobody is unused (U1000)
own_test.go:17:6: func nobodyInTests is unused (U1000)
`

func TestFindings(t *testing.T) {
	planted(t)
	for _, foreign := range []string{"learned", "remembered"} {
		if code, said := vetted("./..."); code != exitFindings || said != found {
			t.Fatalf("facts that are %s: %d\n%s", foreign, code, said)
		}
	}
}

// TestMemory checks that a clean package is looked at again when it, a package that it imports, or a version has changed.
func TestMemory(t *testing.T) {
	planted(t)
	for _, name := range []string{"foreign.go", "own.go", "accepted.go", "own_test.go", "outside_test.go"} {
		must(t, os.Remove(name))
	}
	clean := func() []string {
		t.Helper()
		memory := first(remember())(t)
		var names []string
		for _, root := range first(list([]string{"./..."}))(t) {
			if memory.clean(root) {
				names = append(names, root.PkgPath)
			}
		}
		return names
	}
	if names := clean(); names != nil {
		t.Fatal(names)
	}
	for _, test := range []struct {
		change string // a file
		want   []string
	}{
		{"", []string{"example.com/planted", "example.com/planted/inner"}},
		{"inner/inner.go", []string{"example.com/planted"}},
		{"file.go", nil},
		{"go.mod", nil},
	} {
		if code, said := vetted("./..."); code != exitClean || said != "" {
			t.Fatalf("%d\n%s", code, said)
		}
		if test.change != "" {
			content := bytes.Replace(first(os.ReadFile(test.change))(t), []byte("go 1.26"), []byte("go 1.25"), 1)
			must(t, os.WriteFile(test.change, append(content, "\n// changed\n"...), 0o600))
		}
		if names := clean(); !slices.Equal(names, test.want) {
			t.Fatalf("after a change of %q: %q, want %q", test.change, names, test.want)
		}
	}
}

// TestVetIsWhole checks that nothing is missing that the toolchain's own vet does.
func TestVetIsWhole(t *testing.T) {
	t.Parallel()
	help, err := exec.CommandContext(t.Context(), "go", "tool", "vet", "help").Output()
	must(t, err)
	var names []string
	for _, analyzer := range analyzers() {
		names = append(names, analyzer.Name)
	}
	_, listed, _ := strings.Cut(string(help), "Registered analyzers:\n")
	listed, _, _ = strings.Cut(listed, "By default")
	own := regexp.MustCompile(`(?m)^    (\w+) +\S`).FindAllStringSubmatch(listed, -1)
	if len(own) < 30 {
		t.Fatalf("%d analyzers in\n%s", len(own), help)
	}
	for _, name := range own {
		if !slices.Contains(names, name[1]) {
			t.Errorf("go vet has %s, and this has not: update golang.org/x/tools", name[1])
		}
	}
}

func TestCalls(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if code, said := vetted(); code != exitClean || said != usage {
		t.Errorf("%d %s", code, said)
	}
	if code, said := vetted("./..."); code != exitFailed || !strings.HasPrefix(said, "vet: ") {
		t.Errorf("%d %s", code, said)
	}
}
