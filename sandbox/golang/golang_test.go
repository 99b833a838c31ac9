package golang

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestBuild changes a program while its host runs. A host that compiles once goes on with the executable that it has; any other host
// compiles again.
func TestBuild(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600))
	}
	write("go.mod", "module example.com/program\n\ngo 1.26\n")
	for _, once := range []bool{true, false} {
		host := &runtime{options: Options{Bin: t.TempDir(), Once: once}, built: map[string]string{}}
		says := func(text string) string {
			t.Helper()
			write("main.go", "package main\n\nfunc main() { println(`"+text+"`) }\n")
			path, err := host.build(t.Context(), folder, "program")
			require.NoError(t, err)
			output, err := exec.Command(path).CombinedOutput()
			require.NoError(t, err)
			return string(output)
		}
		assert.Equal(t, "before\n", says("before"), "once: %t", once)
		assert.Equal(t, map[bool]string{true: "before\n", false: "after\n"}[once], says("after"), "once: %t", once)
	}
}

// TestBuildFails checks that an error names the program, and that a later build is tried.
func TestBuildFails(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	host := &runtime{options: Options{Bin: t.TempDir(), Once: true}, built: map[string]string{}}
	for range 2 {
		_, err := host.build(t.Context(), folder, "program")
		require.ErrorContains(t, err, "compile "+folder)
	}
	assert.Empty(t, host.built)
}
