package command

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/oneline"
	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// console shows a rollout: on a terminal as one line that it overwrites, elsewhere as plain lines. It implements rollout.Journal.
type console struct {
	streams Streams
	now     func() time.Time
	live    bool
	last    time.Time
	state   string
}

// plainEvery is how often a log gets a line while nothing changes.
const plainEvery = 15 * time.Second

func (c *console) progress(p rollout.Progress) {
	line := fmt.Sprintf("%3d %%  %s", p.Percent, p.Candidate)
	switch {
	case p.Waiting != "":
		line += "  " + p.Waiting
	case p.Bake > 0:
		line += fmt.Sprintf("  step %d of %d, %s of %s, %s left", p.Step, p.Steps, p.Elapsed.Round(time.Second), p.Bake,
			max(0, p.Left).Round(time.Second))
	default:
		line += "  before traffic"
	}
	line = oneline.Of(line) + fmt.Sprintf("  probes %d good %d bad  p95 %s", p.Good, p.Bad, p.P95.Round(time.Millisecond))
	c.show(line, fmt.Sprint(p.Percent, p.Bad))
}

// show overwrites the live line of a terminal. A log gets a line when state is another than before, and now and then.
func (c *console) show(line, state string) {
	if c.streams.Terminal {
		// Wrapping is off: a terminal may be narrower than the line, and only the cursor's row is cleared.
		fmt.Fprintf(c.streams.Err, "\r\x1b[K\x1b[?7l%s\x1b[?7h", line)
		c.live = true
		return
	}
	if state == c.state && c.now().Sub(c.last) < plainEvery {
		return
	}
	c.last, c.state = c.now(), state
	fmt.Fprintln(c.streams.Err, line)
}

// Record implements rollout.Journal: it shows what changed and why.
func (c *console) Record(event rollout.Event) error {
	switch {
	case event.Kind == "decide":
		c.say("%s: %s", event.Why[0], strings.Join(event.Why[1:], "; "))
	case event.Answer == "accepted":
		c.say("%s → %s", event.Kind, plan.Describe(event.After))
	case event.Answer != "" && event.Answer != "sent":
		c.say("%s: the API says %s", event.Kind, event.Answer)
	case event.Kind == "resume":
		c.say("resume: %s", strings.Join(event.Why, "; "))
	}
	return nil
}

func (c *console) say(format string, arguments ...any) {
	c.end()
	fmt.Fprintln(c.streams.Err, c.now().UTC().Format("15:04:05")+"  "+oneline.Of(fmt.Sprintf(format, arguments...)))
}

// end finishes the live line.
func (c *console) end() {
	if c.live {
		fmt.Fprintln(c.streams.Err)
		c.live = false
	}
}

// summarize appends the result as Markdown to the summary that a workflow's run shows.
func (a *app) summarize(s *session, command string, result rollout.Result) error {
	if a.flags.summary == "" {
		return nil
	}
	var text strings.Builder
	fmt.Fprintf(&text, "### %s of %s: %s\n\n", command, s.service, result.Outcome)
	for _, why := range result.Why {
		fmt.Fprintf(&text, "- %s\n", oneline.Markdown(why))
	}
	text.WriteString(a.madeOf(result))
	text.WriteString("\n| revision | percent | tag |\n|---|---:|---|\n")
	for _, target := range result.Traffic {
		fmt.Fprintf(&text, "| %s | %d | %s |\n", oneline.Markdown(target.Revision), target.Percent, oneline.Markdown(target.Tag))
	}
	fmt.Fprintf(&text, "\n%s after %s\n\n", result.Outcome, result.Elapsed.Round(10*time.Millisecond))
	return a.appendSummary(text.String())
}

// appendSummary adds text to the summary file, if the command line names one.
func (a *app) appendSummary(text string) error { return appendTo(a.flags.summary, text) }

// madeOf returns the summary's lines about what was released: commit and digests.
func (a *app) madeOf(result rollout.Result) string {
	text := ""
	if a.flags.commit != "" {
		text += "- commit " + a.flags.commit + "\n"
	}
	if len(a.flags.approvedBy) > 0 {
		text += "- approved by " + oneline.Markdown(strings.Join(a.flags.approvedBy, ", ")) + "\n"
	}
	for _, revision := range slices.Sorted(maps.Keys(result.Images)) {
		text += fmt.Sprintf("- %s is %s\n", oneline.Markdown(revision), oneline.Markdown(result.Images[revision]))
	}
	return text
}
