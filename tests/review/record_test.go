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

// recorded is what the engine said of a pull request.
type recorded struct {
	Failed   string          `json:"failed,omitempty"`
	Steps    []review.Step   `json:"steps"`
	Findings review.Findings `json:"findings"`
	Persons  []string        `json:"persons,omitempty"`
	// Rehearsal is what happened when it was applied.
	Rehearsal *review.Rehearsal `json:"rehearsal,omitempty"`
}

func (p pull) file(ending string) string {
	return filepath.Join("testdata", strings.ReplaceAll(p.name, " ", "-")+ending)
}

// rehearsed rehearses a pull request, from an exported state if there is one. What is kept of it is in the folder.
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

// TestRecord makes the recorded plans again; without -record there is nothing to do.
func TestRecord(t *testing.T) {
	for _, p := range pulls {
		if !*record {
			require.FileExists(t, p.file(".json"), "record it: go test ./tests/review -run TestRecord -record")
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			result := p.rehearsed(t.Context(), t, t.TempDir(), nil)
			said := recorded{result.Failed, result.Steps, result.Findings, result.Persons, result.Rehearsal}
			data, err := json.MarshalIndent(said, "", " ")
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(p.file(".json"), append(data, '\n'), 0o644))
		})
	}
}
