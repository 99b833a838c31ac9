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

// remembering returns flags of `go test` by which Go's cache of results stays correct for a group. The cache itself notices the
// files that the tests' own process reads inside of its module. It does not notice files outside, files that started programs read,
// or that a program which a skipped test needs is installed by now. A digest of these is therefore part of a flag that changes
// nothing else, because no test has that name.
func (c checker) remembering(of group) []string {
	sum, err := c.inputs(of)
	if err != nil { // an unpacked archive, for example, which git does not list
		return []string{"-count=1"}
	}
	return []string{"-skip=^inputs-" + sum + "$"}
}

// inputs is the digest of the files that a group's tests may read although Go does not notice it.
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

// isDocument reports whether no program of the platform reads a file.
func isDocument(name string) bool {
	return strings.HasPrefix(name, "docs/") || strings.HasSuffix(name, ".md") && !strings.Contains(name, "/")
}
