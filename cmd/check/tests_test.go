package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A package whose reason is that it starts no goroutine starts none, in its tests either.
func TestWhatRunsWithoutTheRaceDetectorHasNoGoroutines(t *testing.T) {
	t.Parallel()
	for folder, reason := range unraced {
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(folder), "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, files, "%s is no package any more", folder)
		switch reason {
		case compiled:
			listed, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-test", "../../"+folder).Output()
			require.NoError(t, err)
			assert.Contains(t, string(listed), "github.com/pulumi/pulumi-gcp/sdk", folder)
			continue
		case processes:
			assert.True(t, strings.HasPrefix(folder, "tests/"), folder)
			continue
		case simulations:
			continue
		}
		for _, name := range files {
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			ast.Inspect(file, func(node ast.Node) bool {
				_, starts := node.(*ast.GoStmt)
				assert.False(t, starts, "%s starts a goroutine: take %s out of unraced", name, folder)
				call, is := node.(*ast.CallExpr)
				if !is {
					return true
				}
				if method, is := call.Fun.(*ast.SelectorExpr); is {
					assert.NotEqual(t, "Go", method.Sel.Name, "%s starts a goroutine: take %s out of unraced", name, folder)
				}
				return true
			})
		}
	}
}

func TestStagesHaveEachStepOnce(t *testing.T) {
	t.Parallel()
	var names []string
	for _, stage := range (checker{}).stages(true) {
		for _, step := range stage {
			names = append(names, step.name)
		}
	}
	assert.Equal(t, []string{"format", "install", "cli", "vet", "test", "staticcheck", "workflows"}, names)
	_, known := find((checker{}).stages(false), "install")
	assert.False(t, known)
}

// Steps of one stage run side by side, and each says how it ended.
func TestStepsRunTogether(t *testing.T) {
	t.Parallel()
	met := make(chan struct{})
	var out strings.Builder
	failed := checker{ctx: t.Context(), out: &lines{out: &out}}.together([]step{
		{"one", func(checker) error { met <- struct{}{}; return nil }},
		{"other", func(checker) error { <-met; return assert.AnError }},
	})
	assert.Equal(t, []string{"other"}, failed)
	assert.Contains(t, out.String(), "== one passed in 0s\n")
	assert.Contains(t, out.String(), assert.AnError.Error()+"\n== other failed in 0s")
}

// Every package that has tests is in one group, and what is to run without the race detector does.
func TestGroupsOfPackages(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	var out strings.Builder
	of := func(c checker, race bool) (folders []string) {
		c.ctx, c.out = t.Context(), &out
		groups, err := c.groups()
		require.NoError(t, err, out.String())
		for _, group := range groups {
			for _, path := range group.packages {
				if group.race == race {
					folders = append(folders, folderOf(path))
				}
			}
		}
		return folders
	}
	with, without := of(checker{race: true}, true), of(checker{race: true}, false)
	assert.ElementsMatch(t, slices.Collect(maps.Keys(unraced)), without)
	assert.Equal(t, slowest, without[:len(slowest)], "the slowest begin")
	assert.Subset(t, with, []string{"cmd/check", "emulator/cloud", "release/registry", "sandbox/server", "policy/crossguard"})
	assert.Empty(t, of(checker{race: true, full: true}, false))
	assert.Len(t, of(checker{race: true, full: true}, true), len(with)+len(without))
	assert.Empty(t, of(checker{}, true), "-race=false")
}
