package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// This executable comes before the go command on the bare machine's PATH. It passes each call on, with the flag by which the go
// command records what each of its steps took.
const (
	realGo    = "BENCH_GO"
	logFolder = "BENCH_LOG"
)

func asGo(args []string) int {
	words := slices.Clone(args)
	at := 0
	if len(words) > 1 && words[0] == "-C" {
		at = 2
	}
	if len(words) > at && slices.Contains([]string{"build", "run", "test", "vet", "list", "install"}, words[at]) {
		file, err := os.CreateTemp(os.Getenv(logFolder), "*.json")
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			return 1
		}
		_ = file.Close()
		if words[at] == "test" && measuresTests {
			words = slices.Insert(words, at+1, "-exec="+testRunner)
		}
		words = slices.Insert(words, at+1, "-debug-actiongraph="+file.Name())
		if slices.Contains(words, "-race") || strings.Contains(os.Getenv("GOFLAGS"), "-race") {
			if err := os.Rename(file.Name(), file.Name()+".race"); err != nil {
				return 1
			}
			words[at+1] += ".race"
		}
	}
	command := exec.Command(os.Getenv(realGo), words...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

// action is a step of the go command, as its -debug-actiongraph writes it.
type action struct {
	Mode, Package   string
	CmdUser, CmdSys time.Duration
}

// parts is the processor time of each part of the work.
type parts map[string]time.Duration

// parts reads what the go commands so far have written down.
func (b *bench) parts() (parts, error) {
	files, err := filepath.Glob(filepath.Join(b.folder, "log", "*"))
	if err != nil {
		return nil, err
	}
	sum := parts{}
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		var actions []action
		err = json.NewDecoder(file).Decode(&actions)
		_ = file.Close()
		if errors.Is(err, io.EOF) {
			continue // the command compiled nothing, or ended before that
		}
		if err != nil {
			return nil, fmt.Errorf("read what a go command took: %w", err)
		}
		for _, a := range actions {
			if took := a.CmdUser + a.CmdSys; took > 0 {
				sum[partOf(a.Mode, a.Package, strings.HasSuffix(name, ".race"))] += took
			}
		}
	}
	return sum, nil
}

// partOf names the part that a step belongs to.
func partOf(mode, pkg string, race bool) string {
	what := "compile " + ownerOf(pkg)
	switch {
	case mode == "vet":
		what = "vet"
	case strings.HasPrefix(mode, "link"):
		what = "link"
	}
	if race {
		what += ", with the race detector"
	}
	return what
}

// ownerOf returns the name of those whose package an import path is.
func ownerOf(pkg string) string {
	pkg, _, _ = strings.Cut(pkg, " ") // "m/a [m/a.test]"
	for _, group := range []struct{ prefix, name string }{
		{"github.com/guiofsaints/procureflow-platform", "the repository's own"},
		{"github.com/pulumi/pulumi-gcp", "pulumi-gcp"},
		{"github.com/pulumi/pulumi-github", "pulumi-github"},
		{"github.com/pulumi/pulumi/sdk", "the Pulumi SDK"},
		{"github.com/pulumi/pulumi/pkg", "the Pulumi CLI"},
	} {
		if strings.HasPrefix(pkg, group.prefix) {
			return group.name
		}
	}
	if first, _, _ := strings.Cut(pkg, "/"); strings.Contains(first, ".") {
		return "other modules"
	}
	return "the standard library"
}

// add adds what the tests took.
func (p parts) add(tests []tested) {
	for _, test := range tests {
		p["tests, with what they start"] += test.CPU
	}
}

// print writes a table of the parts, the largest first, and what is left of the whole.
func (p parts) print(out io.Writer, whole time.Duration) {
	names := slices.SortedFunc(maps.Keys(p), func(a, b string) int { return int(p[b] - p[a]) })
	fmt.Fprintln(out, "| part | processor time |\n|---|---|")
	rest := whole
	for _, name := range names {
		if p[name] >= time.Second {
			fmt.Fprintf(out, "| %s | %.0f s |\n", name, p[name].Seconds())
		}
		rest -= p[name]
	}
	fmt.Fprintf(out, "| everything else that ran | %.0f s |\n| **all** | %.0f s |\n", rest.Seconds(), whole.Seconds())
}
