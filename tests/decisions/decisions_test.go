package decisions

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/backtest"
)

var (
	update  = flag.Bool("update", false, "write the tables of docs/performance.md")
	columns = flag.String("columns", "", "with -update, the only columns to make again, separated by commas; default: all")
)

// runs is the number of releases in each cell of a table.
const runs = 100

var traffics = []struct {
	name      string
	perSecond float64
}{{"5,000 requests a month", 5000.0 / (30 * 24 * 3600)}, {"1 request a second", 1}, {"100 requests a second", 100}}

// table writes the table of one kind of traffic. It takes the cells that are not to be made again from the previous table.
func table(traffic int, before string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "### %s\n\n| fault of the candidate |", traffics[traffic].name)
	for _, w := range ways() {
		fmt.Fprintf(&text, " %s |", w.name)
	}
	text.WriteString("\n|---|" + strings.Repeat("---|", len(ways())) + "\n")
	for _, f := range backtest.Faults {
		fmt.Fprintf(&text, "| %s |", f.Name)
		for i, w := range ways() {
			if *columns != "" && !slices.Contains(strings.Split(*columns, ","), w.name) {
				fmt.Fprintf(&text, " %s |", cell(before, traffic, f, i))
				continue
			}
			fmt.Fprintf(&text, " %s |", backtest.Simulate(w.run, f, traffics[traffic].perSecond, runs))
		}
		text.WriteString("\n")
	}
	return text.String()
}

// cell returns a cell's text on the page; empty if the page has none.
func cell(made string, traffic int, f backtest.Fault, way int) string {
	_, part, _ := strings.Cut(made, "### "+traffics[traffic].name+"\n")
	_, row, _ := strings.Cut(part, "\n| "+f.Name+" |")
	row, _, _ = strings.Cut(row, "\n")
	cells := strings.Split(row, "|")
	return strings.TrimSpace(cells[min(way, len(cells)-1)])
}

const (
	page  = "../../docs/performance.md"
	begin = "<!-- Made by: go test ./tests/decisions -update -->\n"
	end   = "<!-- End of what is made. -->\n"
)

// TestDecisions compares the tables of docs/performance.md with the simulation. Every run checks what is quick to simulate; with
// -update, all of it.
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
			for _, f := range backtest.Faults {
				written := cell(made, traffic, f, i)
				assert.NotEmpty(t, written, "%s, %s, %s", traffics[traffic].name, f.Name, w.name)
				if w.name == "script" || w.name == "sandbox" && f.Rate == 0.3 {
					assert.Equal(t, backtest.Simulate(w.run, f, traffics[traffic].perSecond, runs).String(), written,
						"%s, %s, %s: go test ./tests/decisions -update",
						traffics[traffic].name, f.Name, w.name)
				}
			}
		}
	}
}

// TestShippedPolicies checks every shipped policy under any traffic: a candidate that fails often is never released, and a good one
// is never rolled back.
func TestShippedPolicies(t *testing.T) {
	t.Parallel()
	for _, w := range ways()[:4] { // the shipped policies
		for _, traffic := range traffics {
			for _, f := range backtest.Faults {
				if f.Hidden || f.Rate > 0 && f.Rate < 0.1 && f.Slow == 0 {
					continue
				}
				s := backtest.Simulate(w.run, f, traffic.perSecond, 10)
				if f.Name == "none" {
					assert.Zero(t, s.Back, "%s, %s: %s", w.name, traffic.name, s)
				} else {
					assert.Zero(t, s.Released, "%s, %s, %s: %s", w.name, traffic.name, f.Name, s)
				}
			}
		}
	}
}
