// Package chains_test runs whole workflows with act, without containers or network: the workflows, the composite actions, the
// release controller, the policy pack, the program and the Pulumi CLI are the real ones, against the sandbox, and promotion
// copies between two registries. Actions from outside are the recorded stand-ins in testdata/actions.
//
// Not exercised, because act has none of it: environment gates, permissions, OIDC, concurrency. tests/workflows holds those
// by reading the files.
package chains_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/guiofsaints/procureflow-platform/internal/check"
	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/sandbox/pulumicli"
	"github.com/guiofsaints/procureflow-platform/sandbox/review/command"
	"github.com/guiofsaints/procureflow-platform/tests/linkonce"
)

// repository is a clone of the application on which the shape monorepo is modelled. It is read and not changed:
//
//	go test ./tests/chains -run TestTheMonorepo -repository FOLDER
var repository = flag.String("repository", "", "a clone from which TestTheMonorepo walks, in place of its fixture")

// root is the repository's folder. tools is the folder with the programs that the chains run, compiled once. pulumi is the Pulumi CLI.
// platform is what a job reads of its checkout of the platform.
var root, tools, pulumi, platform string

func TestMain(m *testing.M) {
	// Jobs run these two. To link them takes longer than all that they do here, and they need little that the tests do not have.
	switch filepath.Base(os.Args[0]) {
	case "check":
		cli.Main(check.Run)
	case "review-comment":
		cli.Main(command.Run)
	}
	flag.Parse()
	if *repository != "" {
		monorepo.of = application{"guiofsaints", "procureflow", "100000001", "procureflow", "europe-west1", "main"}
	}
	// A chain waits more than it computes, and three chains are much longer than the others. So eight run at once, even if the check
	// allows four for all packages, and the long ones do not run alone at the end.
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() != "1" {
		_ = parallel.Value.Set("8")
	}
	code := 1
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	_ = os.RemoveAll(tools)
	os.Exit(code)
}

func prepare() (err error) {
	if root, err = filepath.Abs(filepath.Join("..", "..")); err != nil {
		return err
	}
	if tools, err = os.MkdirTemp("", "chains"); err != nil {
		return err
	}
	found, err := pulumicli.Ensure(context.Background(), pulumicli.Options{Out: os.Stderr})
	if err != nil {
		return err
	}
	pulumi = found.Path
	if err := os.Mkdir(filepath.Join(tools, "linked"), 0o755); err != nil { // testdata/compiled
		return err
	}
	// No chain has a container, so act does without Docker's clients. Most of what is compiled for act alone is its own and go-git's: without
	// the tables for a debugger it takes a quarter less.
	err = linkonce.Link("act", "github.com/nektos/act", filepath.Join(tools, "act"), "-tags=WITHOUT_DOCKER",
		"-gcflags=github.com/nektos/act/...=-dwarf=false", "-gcflags=github.com/go-git/...=-dwarf=false")
	if err == nil {
		err = linkonce.Link(filepath.Join(root, "policy"), ".", filepath.Join(tools, "policy-pack"))
	}
	for _, name := range []string{"sandbox", "release"} {
		if err == nil {
			err = linkonce.Link(root, "./cmd/"+name, filepath.Join(tools, name))
		}
	}
	if err != nil {
		return err
	}
	self, err := os.Executable()
	for _, name := range []string{"check", "review-comment"} {
		if err == nil {
			err = os.Symlink(self, filepath.Join(tools, name))
		}
	}
	if err != nil {
		return err
	}
	return checkOut()
}

// checkOut makes what a job reads of its checkout of the platform.
func checkOut() error {
	platform = filepath.Join(tools, "platform")
	// act and each job copy every file, so there are few.
	for _, path := range []string{".github/actions", "go.mod", "go.sum", "policy/go.mod", "policy/go.sum", "sandbox/pulumicli/cli/go.mod.in",
		"sandbox/pulumicli/cli/go.sum.in"} {
		if err := copyInto(filepath.Join(platform, filepath.FromSlash(path)), filepath.Join(root, filepath.FromSlash(path))); err != nil {
			return err
		}
	}
	// act asks Node for the hash of files some eight times a job. No cache is kept here, so its key can be any.
	hash := regexp.MustCompile(`hashFiles\([^)]+\)`)
	actions, err := filepath.Glob(filepath.Join(platform, ".github", "actions", "*", "action.yml"))
	if err != nil {
		return err
	}
	for _, action := range actions {
		content, err := os.ReadFile(action)
		if err == nil {
			err = os.WriteFile(action, hash.ReplaceAll(content, []byte("'any'")), 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// copyInto copies a file or folder.
func copyInto(to, from string) error {
	if info, err := os.Stat(from); err == nil && info.IsDir() {
		return os.CopyFS(to, os.DirFS(from))
	}
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err == nil {
		err = os.WriteFile(to, content, 0o644)
	}
	return err
}
