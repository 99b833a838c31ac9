package check

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// remembering returns the flags of `go test` with which Go's cache of results holds for a group. By itself the cache notices what a test's
// own process reads inside of its module. It does not notice what lies outside, what the programs read that a test starts, nor that a
// program is installed by now for lack of which a test was skipped. A digest of these is therefore part of a flag that changes nothing
// else: no test has that name.
func (c checker) remembering(of group) []string {
	sum, err := c.inputs(of)
	if err != nil { // an unpacked archive, for example, which git does not list
		return []string{"-count=1"}
	}
	return []string{"-skip=^inputs-" + sum + "$"}
}

// inputs is the digest of what a group's tests may read without Go's noticing.
func (c checker) inputs(of group) (string, error) {
	sum := sha256.New()
	for _, tool := range append([]string{"gcloud", "pulumi"}, programs()...) {
		path, _ := exec.LookPath(tool)
		fmt.Fprintln(sum, tool, path)
	}
	if of.module == "." && !of.processes {
		return fmt.Sprintf("%x", sum.Sum(nil)), nil
	}
	listed, err := c.git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return "", err
	}
	for name := range strings.SplitSeq(listed, "\x00") {
		if name == "" || strings.HasSuffix(name, "_test.go") || of.processes && isDocument(name) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(c.root, name))
		if errors.Is(err, fs.ErrNotExist) { // deleted, and git has not been told
			continue
		}
		if err != nil {
			return "", err
		}
		fmt.Fprintln(sum, name, len(content))
		sum.Write(content)
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

// isDocument says of a file whether no program of the platform reads it.
func isDocument(name string) bool {
	return strings.HasPrefix(name, "docs/") || strings.HasSuffix(name, ".md") && !strings.Contains(name, "/")
}
