// Package mutation checks how much a package's tests notice. It changes the package's code in one place at a time and runs the tests; a
// change that no test notices survives.
//
// It swaps comparison operators, && and ||, negates conditions, swaps true and false, and leaves out a !, a call, an assignment, or a step
// out of a loop. All changes are compiled into one test executable, and an environment variable chooses between them.
package mutation

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

// Exit codes.
const (
	ExitDone   = 0
	ExitFew    = 1 // Fewer changes were noticed than was asked for.
	ExitUsage  = 2
	ExitFailed = 3
)

var page = cli.Page{
	Usage:   "mutate FOLDER...",
	Purpose: "Check how much the tests of a package notice: change its code in one place at a time, and run them",
	Details: `It swaps comparison operators, && and ||, negates conditions, swaps true and false, and leaves out a !, a call, an assignment, or a
step out of a loop. It names each change that no test noticed, and ends with the share of changes that were noticed.`,
	Examples: `  go run ./cmd/mutate ./release/plan ./release/health
  go run ./cmd/mutate --sample 100 --seed 7 ./release/rollout      a sample, for slow tests
  go run ./cmd/mutate --only ^rollback --run Rollback ./release/rollout      one file, with the tests that have its name
  go run ./cmd/mutate --only '^(guard.go:76|watch_record.go:41):' ./release/rollout      two lines, once a test for them is written
  (cd policy && go run ../cmd/mutate --first 'Test(Cases|Matrix)/^{file}' ./rules)      the tests of a changed rule before all others`,
	Codes: "Exit codes: 0 enough changes were noticed; 1 not enough; 2 the call is wrong; 3 something failed.",
}

// settings are the values of the flags.
type settings struct {
	sample, parallel int
	seed             uint64
	run, first       string
	only             *regexp.Regexp
	out              io.Writer
}

// Run runs one command line and returns the exit code.
func Run(ctx context.Context, args []string, streams cli.Streams) int {
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	s := settings{out: streams.Out}
	least := flags.Int("least", 90, "the share of each package's changes, in percent, that has to be noticed")
	flags.IntVar(&s.sample, "sample", 0, "how many changes of each package to try, chosen by the seed; 0 tries all")
	flags.Uint64Var(&s.seed, "seed", 1, "the seed of the sample")
	flags.IntVar(&s.parallel, "parallel", 2, "how many changes are tried at once")
	flags.StringVar(&s.run, "run", "", "the tests to run, as in go test -run; default: all")
	only := flags.String("only", "", "change only the places, written FILE:LINE:COLUMN, that match this pattern; default: all")
	flags.StringVar(&s.first, "first", "", "the tests to run first, as in go test -run; the others run only if these notice nothing;\n"+
		"{file} stands for the changed file's name with hyphens, without .go; default: none")
	err := page.Parse(flags, args, streams.Out)
	if errors.Is(err, flag.ErrHelp) {
		return ExitDone
	}
	if err == nil && (flags.NArg() == 0 || s.parallel < 1 || s.sample < 0) {
		err = errors.New("name the packages' folders, such as ./release/plan; --parallel is at least 1, --sample at least 0")
	}
	if err == nil {
		s.only, err = regexp.Compile(*only)
	}
	for _, folder := range flags.Args() {
		if info, statErr := os.Stat(folder); err == nil && (statErr != nil || !info.IsDir()) {
			err = fmt.Errorf("there is no folder %s: name a package's folder, such as ./release/plan", folder)
		}
	}
	if err != nil {
		fmt.Fprintln(streams.Err, "mutate:", err)
		return ExitUsage
	}
	code := ExitDone
	for _, folder := range flags.Args() {
		result, err := s.pkg(ctx, folder)
		if err != nil {
			fmt.Fprintf(streams.Err, "mutate: %s: %v\n", folder, err)
			return ExitFailed
		}
		interrupted := ""
		if ctx.Err() != nil {
			interrupted, code = ", then interrupted", ExitFailed
		}
		fmt.Fprintf(streams.Out, "| %s | %d of %d noticed%s | %.1f %% |\n", folder, result.killed, result.tried, interrupted, result.share())
		if code == ExitDone && result.share() < float64(*least) {
			code = ExitFew
		}
	}
	return code
}

// result counts the changes that were tried, and those that the tests noticed.
type result struct{ tried, killed int }

func (r result) share() float64 {
	if r.tried == 0 {
		return 100
	}
	return 100 * float64(r.killed) / float64(r.tried)
}

// pkg tries the changes of the package in a folder.
func (s settings) pkg(ctx context.Context, folder string) (result, error) {
	temporary, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(temporary)
	changes, executable, err := compile(ctx, folder, temporary)
	if err != nil {
		return result{}, err
	}
	tests := suite{executable: executable, folder: folder}
	start := time.Now()
	if noticed, output := tests.try(ctx, 0, s.run, 10*time.Minute); noticed {
		return result{}, fmt.Errorf("the tests fail on unchanged code:\n%s", output)
	}
	limit := 10*time.Since(start) + 10*time.Second // The limit ends a test that a change makes endless.
	chosen := choose(slices.DeleteFunc(changes, func(c change) bool {
		return !s.only.MatchString(fmt.Sprintf("%s:%d:%d", filepath.Base(c.position.Filename), c.position.Line, c.position.Column))
	}), s.sample, s.seed)
	outcomes := make([]chan outcome, len(chosen))
	slots := make(chan struct{}, s.parallel)
	for i, change := range chosen {
		outcomes[i] = make(chan outcome, 1)
		go func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			outcomes[i] <- outcome{noticed: s.notice(ctx, tests, change, limit), ended: ctx.Err() == nil}
		}()
	}
	var sum result
	for i, change := range chosen {
		switch one := <-outcomes[i]; {
		case !one.ended: // A change whose run was interrupted does not count.
		case one.noticed:
			sum.tried, sum.killed = sum.tried+1, sum.killed+1
		default:
			sum.tried++
			fmt.Fprintf(s.out, "survived: %s: %s: %s\n", change.position, change.what, change.line)
		}
	}
	return sum, nil
}

// notice reports whether a test notices a change.
func (s settings) notice(ctx context.Context, tests suite, change change, limit time.Duration) bool {
	noticed := false
	if s.first != "" {
		file := strings.ReplaceAll(strings.TrimSuffix(filepath.Base(change.position.Filename), ".go"), "_", "-")
		noticed, _ = tests.try(ctx, change.id, strings.ReplaceAll(s.first, "{file}", regexp.QuoteMeta(file)), limit)
	}
	if !noticed {
		noticed, _ = tests.try(ctx, change.id, s.run, limit)
	}
	return noticed
}

// outcome is the result of one change.
type outcome struct{ noticed, ended bool }

// choose returns a random sample of the changes, in their order.
func choose(changes []change, sample int, seed uint64) []change {
	if sample == 0 || sample >= len(changes) {
		return changes
	}
	order := rand.New(rand.NewPCG(seed, 0)).Perm(len(changes))[:sample]
	slices.Sort(order)
	chosen := make([]change, 0, sample)
	for _, i := range order {
		chosen = append(chosen, changes[i])
	}
	return chosen
}
