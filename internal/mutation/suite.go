package mutation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// compile writes a package's files with all changes into another folder, and compiles them with the package's tests.
func compile(ctx context.Context, folder, to string) (changes []change, executable string, err error) {
	list := exec.CommandContext(ctx, "go", "list", "-f", `{{.Name}} {{.Dir}}{{range .GoFiles}} {{.}}{{end}}`, ".")
	list.Dir = folder
	listed, err := output(list)
	if err != nil {
		return nil, "", err
	}
	words := strings.Fields(listed)
	name, dir := words[0], words[1]
	m := &mutator{files: token.NewFileSet()}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	write := func(file, content string) error {
		overlay.Replace[filepath.Join(dir, file)] = filepath.Join(to, file)
		return os.WriteFile(filepath.Join(to, file), []byte(content), 0o600)
	}
	for _, file := range words[2:] {
		source, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			return nil, "", err
		}
		changed, err := m.file(filepath.Join(folder, file), source)
		if err != nil {
			return nil, "", err
		}
		if err := write(file, changed); err != nil {
			return nil, "", err
		}
	}
	if err := write("mutant_of_this_run.go", fmt.Sprintf(chosenSource, name)); err != nil {
		return nil, "", err
	}
	data, err := json.Marshal(overlay)
	if err != nil {
		return nil, "", err
	}
	overlayFile := filepath.Join(to, "overlay.json")
	if err := os.WriteFile(overlayFile, data, 0o600); err != nil {
		return nil, "", err
	}
	executable = filepath.Join(to, "package.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", overlayFile, "-o", executable, ".")
	build.Dir = folder
	if _, err := output(build); err != nil {
		return nil, "", fmt.Errorf("compile the changes: %w", err)
	}
	return m.changes, executable, nil
}

// output runs a command and returns its output. The error contains the command's message.
func output(command *exec.Cmd) (string, error) {
	var errs strings.Builder
	command.Stderr = &errs
	printed, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", strings.Join(command.Args, " "), err, errs.String(), printed)
	}
	return string(printed), nil
}

// suite is a package's tests, compiled with its changes.
type suite struct{ executable, folder string }

// try runs tests with one change selected: those that match a pattern, or all. id 0 selects no change. Tests that exceed the limit
// have noticed the change. The first test that fails ends the run, except for id 0, because -test.failfast waits for all parallel
// subtests.
func (s suite) try(ctx context.Context, id int, run string, limit time.Duration) (noticed bool, said string) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	args := []string{"-test.timeout", limit.String()}
	if run != "" {
		args = append(args, "-test.run", run)
	}
	printed := &untilFailure{}
	if id != 0 {
		args, printed.end = append(args, "-test.failfast", "-test.v=test2json"), cancel
	}
	command := exec.CommandContext(limited, s.executable, args...)
	command.Dir = s.folder
	// Most runs are too short for a collection of the heap to be worth its time.
	command.Env = append(os.Environ(), fmt.Sprintf("MUTANT=%d", id), "GOGC=off", "GOMEMLIMIT=1GiB")
	command.WaitDelay = time.Second
	command.Stdout, command.Stderr = printed, printed
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && limited.Err() == nil {
		return true, err.Error()
	}
	return err != nil, printed.String()
}

// untilFailure keeps what tests print, and calls end when one of them fails.
type untilFailure struct {
	bytes.Buffer
	end func()
}

// failure begins the line that a failed test prints at once under -test.v=test2json. Under -test.v a subtest's line waits for the
// parent's end.
const failure = "\x16--- FAIL: "

func (u *untilFailure) Write(printed []byte) (int, error) {
	from := max(0, u.Len()-len(failure))
	n, err := u.Buffer.Write(printed)
	if u.end != nil && bytes.Contains(u.Bytes()[from:], []byte(failure)) {
		u.end()
	}
	return n, err
}
