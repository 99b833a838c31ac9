package review_test

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/infra/program"
	"github.com/guiofsaints/procureflow-platform/sandbox/rehearse"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

var record = flag.Bool("record", false, "make testdata/*.json again, by the real engine")

func (p pull) file(ending string) string {
	return filepath.Join("testdata", strings.ReplaceAll(p.name, " ", "-")+ending)
}

// kept returns the report in testdata.
func (p pull) kept(t testing.TB) review.Report {
	t.Helper()
	data, err := os.ReadFile(p.file(".json"))
	require.NoError(t, err)
	var report review.Report
	require.NoError(t, json.Unmarshal(data, &report))
	require.Len(t, report.Stacks, 1)
	return report
}

func (p pull) keep(t testing.TB, report review.Report) {
	t.Helper()
	require.NoError(t, os.WriteFile(p.file(".json"), written(t, report), 0o644))
}

func written(t testing.TB, report review.Report) []byte {
	t.Helper()
	data, err := json.MarshalIndent(report, "", " ")
	require.NoError(t, err)
	return append(data, '\n')
}

// rehearsed rehearses a pull request, from an exported state if there is one. folder gets the emulated cloud and the state.
func (p pull) rehearsed(ctx context.Context, t testing.TB, folder string, export *rehearse.Export) rehearse.Result {
	t.Helper()
	module, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	dir, err := statedir.Open(folder)
	require.NoError(t, err)
	base, head := tree(t, p.base), tree(t, p.base, p.head)
	var lines strings.Builder
	result, err := rehearse.Run(ctx, rehearse.Options{Stack: p.stack, Dir: dir, Seed: 7, Export: export, Out: io.Writer(&lines),
		Base: rehearse.Tree{Root: base, Module: module, Program: program.In(base)}, Head: rehearse.Tree{Root: head, Module: module,
			Program: program.In(head)}})
	require.NoError(t, err, lines.String())
	return result
}

// TestRecord makes the recorded plans again. Without -record it only checks that they exist.
func TestRecord(t *testing.T) {
	for _, p := range pulls {
		if !*record {
			require.FileExists(t, p.file(".json"), "record it: go test ./tests/review -run TestRecord -record")
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			result := p.rehearsed(t.Context(), t, t.TempDir(), nil)
			p.keep(t, p.assessed(t, review.Stack{Failed: result.Failed, Plan: result.Steps, Findings: result.Findings,
				ManualSteps: result.ManualSteps,
				Rehearsal:   result.Rehearsal}))
		})
	}
}
