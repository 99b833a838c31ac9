package architecture_test

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rows returns the first cells of the table under a heading of docs/architecture.md.
func rows(t *testing.T, heading string) []string {
	t.Helper()
	document, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	require.NoError(t, err)
	_, section, found := strings.Cut(string(document), "\n## "+heading+"\n")
	require.True(t, found, heading)
	section, _, _ = strings.Cut(section, "\n## ")
	var cells []string
	for line := range strings.SplitSeq(section, "\n") {
		if cell, _, more := strings.Cut(strings.TrimPrefix(line, "| "), " |"); more && strings.HasPrefix(line, "| ") {
			cells = append(cells, cell)
		}
	}
	require.Greater(t, len(cells), 1, "no table under %s", heading)
	return cells[1:]
}

var quoted = regexp.MustCompile("`([^`]+)`")

func TestArchitectureTableHasEveryPackage(t *testing.T) {
	t.Parallel()
	packages := map[string]bool{}
	for _, source := range sources(t) {
		packages[source.pkg] = true
	}
	var named []string
	for _, row := range rows(t, "Where things are") {
		for _, name := range quoted.FindAllStringSubmatch(row, -1) {
			named = append(named, name[1])
			_, err := os.Stat(filepath.Join(root, strings.TrimSuffix(name[1], "/*")))
			assert.NoError(t, err, "docs/architecture.md names %s", name[1])
		}
	}
	for pkg := range packages {
		// A row may name a package or a folder above it.
		listed := slices.ContainsFunc(named, func(name string) bool {
			if name == "policy" || name == "infra" { // a main, whose packages have their own rows
				return pkg == name
			}
			return matches(strings.TrimSuffix(name, "/*")+"/**", pkg)
		})
		assert.True(t, listed, "%s is in no row of the table in docs/architecture.md: say there what it is", pkg)
	}
}

var (
	requirement = regexp.MustCompile(`(?m)^(?:require )?\t?(\S+\.\S+/\S+) v\S+$`)
	major       = regexp.MustCompile(`/v\d+$`)
)

// TestArchitectureTableHasEveryDependency checks that docs/architecture.md gives a reason for each directly required module.
func TestArchitectureTableHasEveryDependency(t *testing.T) {
	t.Parallel()
	table := strings.Join(rows(t, "Dependencies"), " ")
	required := map[string]string{}
	for _, name := range files(t) {
		if path.Base(name) != "go.mod" || strings.Contains(name, "/testdata/") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		for _, line := range requirement.FindAllStringSubmatch(string(content), -1) {
			if !strings.HasPrefix(line[1], module) {
				required[line[1]] = name
			}
		}
	}
	require.Greater(t, len(required), 20)
	for _, dependency := range slices.Sorted(maps.Keys(required)) {
		name := path.Base(major.ReplaceAllString(dependency, ""))
		word := regexp.MustCompile(`(^|[\s/])` + regexp.QuoteMeta(name) + `($|[\s,;)/])`)
		assert.Regexp(t, word, table, "%s requires %s: say in docs/architecture.md what for", required[dependency], dependency)
	}
}

var decision = regexp.MustCompile(`^docs/adr/0*(\d+)-[a-z0-9-]+\.md$`)

// TestDecisionsHaveTheirParts checks that every decision has its number, a title and the three parts, each under a heading of its own.
func TestDecisionsHaveTheirParts(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, name := range files(t) {
		number := decision.FindStringSubmatch(name)
		if path.Dir(name) == "docs/adr" {
			require.NotNil(t, number, "%s: call a decision NNNN-what-is-decided.md", name)
		}
		if number == nil {
			continue
		}
		assert.False(t, seen[number[1]], "%s: the number is taken", name)
		seen[number[1]] = true
		content, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		assert.Regexp(t, `^# `+number[1]+`\. \S.*\n`, string(content), name)
		assert.Regexp(t, `(?s)\n## Context\n.*\n## Decision\n.*\n## Consequences\n`, string(content), "%s: give each part a heading", name)
	}
	require.Greater(t, len(seen), 40)
}
