package mutation

import (
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

// TestChangesOfASource checks that each mutation is guarded by a condition that selects it, so that one build holds all of them.
func TestChangesOfASource(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ source, want, what string }{
		{"return a < b", "return func() bool { if (mutantOfThisRun == 1) { return a <= b }; return a < b }()", "< is <="},
		{"return f(x) && y", "return func() bool { if (mutantOfThisRun == 1) { return f(x) || y }; return f(x) && y }()", "&& is ||"},
		{"if ok { return true }", "if (ok) != (mutantOfThisRun == 1) { return (true != (mutantOfThisRun == 2)) }",
			"the condition is negated, true is swapped"},
		{"if a == b { f(x) }", "if func() bool { if (mutantOfThisRun == 1) { return a != b }; return a == b }() { " +
			"if !(mutantOfThisRun == 2) { f(x) } }", "== is !=, the call is left out"},
		{"for { break }", "for { if !(mutantOfThisRun == 1) { break } }", "break is left out"},
		{"switch { case ok: f(x) }", "switch { case (ok) != (mutantOfThisRun == 1): if !(mutantOfThisRun == 2) { f(x) } }",
			"the case is negated, the call is left out"},
		{"switch a { case ok: }", "switch a { case ok: }", ""},
		{"if !ok { x = y }", "if ((!ok) != (mutantOfThisRun == 1)) { if !(mutantOfThisRun == 2) { x = y } }",
			"! is left out, the assignment is left out"},
		{"x += y; z := x; _ = z", "if !(mutantOfThisRun == 1) { x += y }; z := x; _ = z", "the assignment is left out"},
		{"sort.Slice(s, less(i < j))", "if !(mutantOfThisRun == 1) { sort.Slice(s, less(func() bool { " +
			"if (mutantOfThisRun == 2) { return i > j }; return i < j }())) }", "the call is left out, < is >"},
		{"n++", "if !(mutantOfThisRun == 1) { n++ }", "++ is left out"},
		{"const c = 1 < 2", "const c = 1 < 2", ""},
		{"panic(a < b)", "panic(func() bool { if (mutantOfThisRun == 1) { return a <= b }; return a < b }())", "< is <="},
		{"return a &&\n\tb", "return func() bool { if (mutantOfThisRun == 1) { return a ||\n\tb }; return a &&\n\tb }()", "&& is ||"},
	} {
		m := &mutator{files: token.NewFileSet()}
		changed, err := m.file("a.go", []byte("package a\n\nfunc f() {\n"+test.source+"\n}\n"))
		require.NoError(t, err, test.source)
		assert.Equal(t, "package a\n\nfunc f() {\n"+test.want+"\n}\n", changed)
		var what []string
		for _, change := range m.changes {
			what = append(what, change.what)
		}
		assert.Equal(t, test.what, strings.Join(what, ", "), test.source)
	}
}

// TestScoreOfAPackage checks that a mutation that a test notices is counted, one that no test notices is named, and one that never
// ends is ended.
func TestScoreOfAPackage(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, content := range map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.26\n",
		"a.go":   "package m\n\nfunc Small(n int) bool {\n\treturn n < 3\n}\n\nfunc Both(a, b bool) bool {\n\treturn a && b\n}\n",
		"b_c.go": "package m\n\nfunc Zero(n int) bool {\n\treturn n == 0\n}\n",
		"a_test.go": "package m\n\nimport \"testing\"\n\nfunc TestAll(t *testing.T) {\n" +
			"\tif Small(4) || !Small(2) || !Both(true, true) || Both(true, false) {\n\t\tt.Fatal()\n\t}\n}\n\n" +
			"func TestRows(t *testing.T) {\n\tt.Run(\"b-c\", func(t *testing.T) {\n\t\tif !Zero(0) {\n\t\t\tt.Fatal()\n\t\t}\n\t})\n}\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
	}
	var out, errs strings.Builder
	assert.Equal(t, ExitFew, Run(t.Context(), []string{folder}, cli.Streams{Out: &out, Err: &errs}), errs.String())
	assert.Equal(t, "survived: "+filepath.Join(folder, "a.go")+":4:11: < is <=: return n < 3\n| "+folder+" | 2 of 3 noticed | 66.7 % |\n",
		out.String())
	out.Reset()
	assert.Equal(t, ExitDone, Run(t.Context(), []string{"-least", "50", folder}, cli.Streams{Out: &out, Err: &errs}))
	out.Reset()
	assert.Equal(t, ExitDone, Run(t.Context(), []string{"-only", "^b_c.go:4:11$", "-run", "All", "-first", "Rows/^{file}$", folder},
		cli.Streams{Out: &out, Err: &errs}))
	assert.Equal(t, "| "+folder+" | 1 of 1 noticed | 100.0 % |\n", out.String())

	fails := "package m\n\nimport \"testing\"\n\nfunc TestBad(t *testing.T) { t.Fatal(\"bad\") }\n"
	require.NoError(t, os.WriteFile(filepath.Join(folder, "b_test.go"), []byte(fails), 0o600))
	assert.Equal(t, ExitFailed, Run(t.Context(), []string{folder}, cli.Streams{Out: &out, Err: &errs}))
	assert.Contains(t, errs.String(), "the tests fail on unchanged code")
}

// TestTheFirstFailureEndsTheRun checks that the first failing subtest ends the run, without waiting for the parallel subtests that
// have not begun.
func TestTheFirstFailureEndsTheRun(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		printed []string
		ends    int
	}{
		{[]string{"=== RUN   TestAll\n", "\x16--- PASS: TestAll/a (0.00s)\n"}, 0},
		{[]string{"\x16--- FAIL: TestAll/a (0.00s)\n"}, 1},
		{[]string{"\x16--- FA", "IL: TestAll/a (0.00s)\n"}, 1},
		{[]string{"a.go:3: --- FAIL: says another test\n"}, 0},
	} {
		ends := 0
		until := &untilFailure{end: func() { ends++ }}
		for _, part := range test.printed {
			n, err := until.Write([]byte(part))
			require.NoError(t, err)
			assert.Equal(t, len(part), n)
		}
		assert.Equal(t, test.ends, ends, test.printed)
		assert.Equal(t, strings.Join(test.printed, ""), until.String())
	}
}

func TestSample(t *testing.T) {
	t.Parallel()
	var all []change
	for id := range 100 {
		all = append(all, change{id: id})
	}
	assert.Len(t, choose(all, 0, 1), 100)
	some := choose(all, 10, 1)
	assert.Len(t, some, 10)
	assert.Equal(t, some, choose(all, 10, 1))
	assert.NotEqual(t, some, choose(all, 10, 2))
	assert.IsIncreasing(t, func() (ids []int) {
		for _, change := range some {
			ids = append(ids, change.id)
		}
		return ids
	}())
}

func TestWrongCalls(t *testing.T) {
	t.Parallel()
	var out, errs strings.Builder
	for _, args := range [][]string{{}, {"-parallel", "0", "x"}, {"-sample", "-1", "x"}, {"-speed"}, {"-only", "(", "."}} {
		assert.Equal(t, ExitUsage, Run(t.Context(), args, cli.Streams{Out: &out, Err: &errs}), args)
	}
	errs.Reset()
	none := filepath.Join(t.TempDir(), "none")
	assert.Equal(t, ExitUsage, Run(t.Context(), []string{none}, cli.Streams{Out: &out, Err: &errs}))
	assert.Equal(t, "mutate: there is no folder "+none+": name a package's folder, such as ./release/plan\n", errs.String())
	assert.Equal(t, ExitFailed, Run(t.Context(), []string{t.TempDir()}, cli.Streams{Out: &out, Err: &errs}), "no package")
}
