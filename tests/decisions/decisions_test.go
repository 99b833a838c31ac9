package decisions

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	update  = flag.Bool("update", false, "write the tables of docs/performance.md")
	columns = flag.String("columns", "", "with -update, the only columns to make again, separated by commas; default: all")
)

// runs is how many releases each cell of a table is made of.
const runs = 100

var faults = []fault{
	{name: "none"},
	{name: "1 % fail", rate: 0.01},
	{name: "2 % fail", rate: 0.02},
	{name: "5 % fail", rate: 0.05},
	{name: "10 % fail", rate: 0.1},
	{name: "30 % fail", rate: 0.3},
	{name: "all fail", rate: 1 - background},
	{name: "1.5 s slow", slow: 1500 * time.Millisecond},
	{name: "no answer", hang: true},
	{name: "5 % fail and 1.5 s slow", rate: 0.05, slow: 1500 * time.Millisecond},
	{name: "5 % fail, unprobed", rate: 0.05, hidden: true},
	{name: "30 % fail, unprobed", rate: 0.3, hidden: true},
	{name: "all fail, unprobed", rate: 1 - background, hidden: true},
}

var traffics = []struct {
	name      string
	perSecond float64
}{{"5,000 requests a month", 5000.0 / (30 * 24 * 3600)}, {"1 request a second", 1}, {"100 requests a second", 100}}

// summary is what many releases of one kind came to.
type summary struct {
	back, held, released int // In percent.
	median               time.Duration
	hit                  float64
}

func simulate(w way, f fault, perSecond float64, times int) summary {
	var took []time.Duration
	var s summary
	decisions := make([]decision, times)
	var group sync.WaitGroup
	for part := range runtime.NumCPU() {
		group.Go(func() {
			for seed := part; seed < times; seed += runtime.NumCPU() {
				decisions[seed] = w.run(newWorld(uint64(seed), f, perSecond))
			}
		})
	}
	group.Wait()
	for _, d := range decisions {
		switch d.outcome {
		case "back":
			s.back++
		case "held":
			s.held++
		case "released":
			s.released++
		}
		took = append(took, d.took)
		s.hit += d.hit / float64(times)
	}
	slices.Sort(took)
	s.median = took[len(took)/2]
	percent := func(n int) int { return (100*n + times/2) / times }
	s.back, s.held, s.released = percent(s.back), percent(s.held), percent(s.released)
	return s
}

func (s summary) String() string {
	hit := fmt.Sprintf("%.1f", s.hit)
	if s.hit >= 9.95 {
		hit = fmt.Sprintf("%.0f", s.hit)
	}
	return fmt.Sprintf("%d/%d/%d · %s · %s", s.back, s.held, s.released, s.median.Round(time.Second), hit)
}

// table writes one traffic's table. What is not to be made again is taken from the one before.
func table(traffic int, before string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "### %s\n\n| fault of the candidate |", traffics[traffic].name)
	for _, w := range ways() {
		fmt.Fprintf(&text, " %s |", w.name)
	}
	text.WriteString("\n|---|" + strings.Repeat("---|", len(ways())) + "\n")
	for _, f := range faults {
		fmt.Fprintf(&text, "| %s |", f.name)
		for i, w := range ways() {
			if *columns != "" && !slices.Contains(strings.Split(*columns, ","), w.name) {
				fmt.Fprintf(&text, " %s |", cell(before, traffic, f, i))
				continue
			}
			fmt.Fprintf(&text, " %s |", simulate(w, f, traffics[traffic].perSecond, runs))
		}
		text.WriteString("\n")
	}
	return text.String()
}

// cell is what the page says, empty where it says nothing.
func cell(made string, traffic int, f fault, way int) string {
	_, part, _ := strings.Cut(made, "### "+traffics[traffic].name+"\n")
	_, row, _ := strings.Cut(part, "\n| "+f.name+" |")
	row, _, _ = strings.Cut(row, "\n")
	cells := strings.Split(row, "|")
	return strings.TrimSpace(cells[min(way, len(cells)-1)])
}

const (
	page  = "../../docs/performance.md"
	begin = "<!-- Made by: go test ./tests/decisions -update -->\n"
	end   = "<!-- End of what is made. -->\n"
)

// TestDecisions holds the tables of docs/performance.md against the simulation: what is quick to make again in every run, all of it
// with -update.
func TestDecisions(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(page)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(raw), begin)
	require.True(t, found)
	made, after, found := strings.Cut(rest, end)
	require.True(t, found)
	if *update {
		tables := "\n"
		for i := range traffics {
			tables += table(i, made) + "\n"
		}
		made = tables
		require.NoError(t, os.WriteFile(page, []byte(before+begin+made+end+after), 0o644))
	}
	for traffic := range traffics {
		for i, w := range ways() {
			for _, f := range faults {
				written := cell(made, traffic, f, i)
				assert.NotEmpty(t, written, "%s, %s, %s", traffics[traffic].name, f.name, w.name)
				if w.name == "script" || w.name == "sandbox" && f.rate == 0.3 {
					assert.Equal(t, simulate(w, f, traffics[traffic].perSecond, runs).String(), written, "%s, %s, %s: go test ./tests/decisions -update",
						traffics[traffic].name, f.name, w.name)
				}
			}
		}
	}
}

// What every shipped policy has to hold, whatever the traffic: a candidate that fails much is never released, a good one never taken back.
func TestShippedPolicies(t *testing.T) {
	t.Parallel()
	for _, w := range ways()[:4] { // The shipped ones.
		for _, traffic := range traffics {
			for _, f := range faults {
				if f.hidden || f.rate > 0 && f.rate < 0.1 && f.slow == 0 {
					continue
				}
				s := simulate(w, f, traffic.perSecond, 10)
				if f.name == "none" {
					assert.Zero(t, s.back, "%s, %s: %s", w.name, traffic.name, s)
				} else {
					assert.Zero(t, s.released, "%s, %s, %s: %s", w.name, traffic.name, f.name, s)
				}
			}
		}
	}
}
