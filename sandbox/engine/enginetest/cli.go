// Package enginetest has a stand-in for the Pulumi CLI. With it, tests see what the CLI is told and choose what it answers, in a
// hundredth of the time. What a real engine does is tried in tests/sandbox.
package enginetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/guiofsaints/procureflow-platform/sandbox/server"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// Answer is what the stand-in does with a call.
type Answer struct {
	// Requests are what it asks of the emulated cloud first, as the providers would.
	Requests []Request
	// Events are sent to a caller that listens. A preview that succeeds always ends with a summary.
	Events []apitype.EngineEvent
	// Out and Err are what it prints, and Code is its exit code.
	Out, Err string
	Code     int
}

// Request is a request to the emulated cloud's APIs.
type Request struct{ Method, Path, Body string }

// executable is the stand-in's name. The same test binary serves as the CLI when it is started by that name.
const executable = "pulumi"

// Main is for TestMain of packages whose tests need the stand-in. It puts the stand-in first on PATH, and runs the tests.
func Main(m *testing.M) (code int) {
	if filepath.Base(os.Args[0]) == executable {
		code, err := answer(os.Args[1:])
		if err != nil {
			fmt.Fprintln(os.Stderr, "the stand-in for the CLI:", err)
			return 99
		}
		return code
	}
	folder, err := os.MkdirTemp("", "stand-in")
	if err == nil {
		defer os.RemoveAll(folder)
		shared = filepath.Join(folder, "state")
		var self string
		if self, err = os.Executable(); err == nil {
			err = errors.Join(os.Symlink(self, filepath.Join(folder, executable)),
				os.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH")))
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// shared is a state folder with the keys of all tests.
var shared string

var sharedKeys = sync.OnceValues(func() (statedir.Dir, error) {
	dir, err := statedir.Open(shared)
	for _, name := range keys {
		_, failed := dir.Key(name)
		err = errors.Join(err, failed)
	}
	return dir, errors.Join(err, os.Mkdir(dir.Path("keys", derived), 0o700))
})

// The files in the folder keys of which the state's encryption is made, and the folder of derived keys.
var keys = []string{"passphrase", "salt"}

const derived = "derived"

// Keys gives a new state folder the keys that all tests of the process share, because deriving one takes a fifth of a second.
func Keys(t *testing.T, dir statedir.Dir) {
	t.Helper()
	from, err := sharedKeys()
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(dir.Path("keys"), 0o700))
	for _, name := range append([]string{derived}, keys...) {
		require.NoError(t, os.Symlink(from.Path("keys", name), dir.Path("keys", name)))
	}
}

// The files in the CLI's home folder by which a test and the stand-in speak.
const (
	answersFile = "answers.json"
	callsFile   = "calls"
)

// Answers says what the CLI does in a state folder, by command: preview, up, stack export. The n-th call of a command gets its n-th answer,
// and all further calls the last one. A command without an answer succeeds and says nothing. Earlier calls are forgotten.
func Answers(t *testing.T, dir statedir.Dir, answers map[string][]Answer) {
	t.Helper()
	data, err := json.Marshal(answers)
	require.NoError(t, err)
	require.NoError(t, statedir.WriteFile(dir.Path("pulumi", "home", answersFile), data, 0o600))
	require.NoError(t, statedir.WriteFile(dir.Path("pulumi", "home", callsFile), nil, 0o600))
}

// Calls returns what the CLI was told since [Answers], a line for each call. It leaves out what the Automation API adds to each call.
func Calls(t *testing.T, dir statedir.Dir) []string {
	t.Helper()
	data, err := os.ReadFile(dir.Path("pulumi", "home", callsFile))
	require.NoError(t, err)
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

// answer is the stand-in's main.
func answer(args []string) (int, error) {
	if slices.Equal(args, []string{"version"}) {
		fmt.Println("v" + sdk.Version.String())
		return 0, nil
	}
	told, command, log := read(args)
	home := os.Getenv("PULUMI_HOME")
	calls, err := os.ReadFile(filepath.Join(home, callsFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	if err := statedir.WriteFile(filepath.Join(home, callsFile), append(calls, told+"\n"...), 0o600); err != nil {
		return 0, err
	}
	var answers map[string][]Answer
	data, err := os.ReadFile(filepath.Join(home, answersFile))
	if err == nil {
		err = json.Unmarshal(data, &answers)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // A folder that no test prepared has no answers.
		return 0, err
	}
	var now Answer
	if all := answers[command]; len(all) > 0 {
		before := 0
		for line := range strings.Lines(string(calls)) {
			if line = strings.TrimSuffix(line, "\n"); line == command || strings.HasPrefix(line, command+" ") {
				before++
			}
		}
		now = all[min(before, len(all)-1)]
	}
	if err := ask(filepath.Dir(filepath.Dir(home)), now.Requests); err != nil {
		return 0, err
	}
	if now.Code == 0 && (command == "preview" || command == "refresh") {
		now.Events = append(now.Events, apitype.EngineEvent{SummaryEvent: &apitype.SummaryEvent{}})
	}
	fmt.Print(now.Out)
	fmt.Fprint(os.Stderr, now.Err)
	if log != "" && len(now.Events) > 0 {
		return now.Code, send(log, now.Events)
	}
	return now.Code, nil
}

// ask sends requests to the cloud of a state folder, until one is refused.
func ask(state string, requests []Request) error {
	if len(requests) == 0 {
		return nil
	}
	dir, err := statedir.Open(state)
	if err != nil {
		return err
	}
	client, err := server.Connect(context.Background(), dir)
	if err != nil {
		return err
	}
	for _, r := range requests {
		request, err := http.NewRequest(r.Method, client.API()+r.Path, strings.NewReader(r.Body))
		if err != nil {
			return err
		}
		response, err := client.HTTP().Do(request)
		if err != nil {
			return err
		}
		said, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			return err
		}
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s %s: %s: %s", r.Method, r.Path, response.Status, said)
		}
	}
	return nil
}

// read returns what a call tells the CLI, its command, and where the caller listens.
func read(args []string) (told, command, log string) {
	var kept, words []string
	for i := 0; i < len(args); i++ {
		switch name, _, _ := strings.Cut(args[i], "="); name {
		case "--non-interactive", "--client", "--exec-kind":
			continue
		case "--event-log":
			if i++; i < len(args) {
				log = args[i]
			}
			continue
		}
		kept = append(kept, args[i])
		if len(words) == len(kept)-1 && !strings.HasPrefix(args[i], "-") {
			words = append(words, args[i])
		}
	}
	return strings.Join(kept, " "), strings.Join(words, " "), log
}

// send sends events to the Automation API, as the engine does.
func send(address string, events []apitype.EngineEvent) error {
	connection, err := grpc.NewClient(strings.TrimPrefix(address, "tcp://"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	stream, err := pulumirpc.NewEventsClient(connection).StreamEvents(context.Background())
	if err != nil {
		return err
	}
	for _, event := range events {
		data, err := json.Marshal(event)
		if err != nil {
			return err
		}
		if err := stream.Send(&pulumirpc.EventRequest{Event: string(data)}); err != nil {
			return err
		}
	}
	_, err = stream.CloseAndRecv()
	return err
}

// Module returns the folder of a module whose policy pack, which holds no policy, compiles in no time.
func Module(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range map[string]string{"go.mod": "module github.com/guiofsaints/procureflow-platform\n\ngo 1.26\n",
		"policy/main.go": "package main\n\nfunc main() {}\n"} {
		require.NoError(t, statedir.WriteFile(filepath.Join(folder, filepath.FromSlash(name)), []byte(content), 0o600))
	}
	return folder
}
