package watch

import (
	"fmt"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/oneline"
	"github.com/guiofsaints/procureflow-platform/release/report"
)

// Paint colours text by a class of the report: good, bad, warn or plain. A terminal without colours gets the text as it is.
type Paint func(class, text string) string

// plain returns the text as it is.
func plain(_, text string) string { return text }

// Text words the state for a terminal of 80 columns and 24 lines.
func (s State) Text(paint Paint) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s  %s UTC\n%s\n", s.Service, s.At.UTC().Format("15:04:05"), paint(s.class(), oneline.Of(s.Headline())))
	if len(s.Steps) > 0 {
		steps := []string{"before traffic"}
		if s.Percent > 0 {
			steps[0] = paint("good", "✓ before traffic")
		} else {
			steps[0] = paint("warn", "▶ before traffic")
		}
		for _, step := range s.Steps {
			text := fmt.Sprintf("%d %%", step.Percent)
			switch {
			case step.Done:
				text = paint("good", "✓ "+text)
			case step.Current:
				text = paint("warn", "▶ "+text)
			}
			steps = append(steps, text)
		}
		out.WriteString("\n" + strings.Join(steps, "   ") + "\n")
	}
	out.WriteString("\n")
	for i, share := range s.Split {
		if i >= 5 {
			fmt.Fprintf(&out, "       and %d more with tags\n", len(s.Split)-i)
			break
		}
		bar := strings.Repeat("█", (share.Percent+4)/5)
		fmt.Fprintf(&out, "%4d %%  %s%s  %s\n", share.Percent, bar, strings.Repeat("·", 20-len([]rune(bar))),
			oneline.Of(strings.TrimSpace(share.Revision+"  "+strings.Join(share.Tags, " "))))
	}
	if len(s.Gates) > 0 {
		out.WriteString("\n")
	}
	for _, gate := range s.Gates {
		stable := ""
		if gate.Stable != "" {
			stable = ", stable: " + gate.Stable
		}
		fmt.Fprintf(&out, "%s  %s: %s (%s%s)\n", paint(gate.Class, fmt.Sprintf("%-10s", gate.State)), gate.Name,
			oneline.Of(gate.Value), gate.Limit, oneline.Of(stable))
	}
	out.WriteString("\n")
	if s.Waiting != "" {
		line := "Waiting: " + oneline.Of(s.Waiting)
		if s.Until != nil {
			line += fmt.Sprintf(", until %s UTC, %s", s.Until.UTC().Format("15:04:05"), s.Left())
		}
		out.WriteString(line + "\n")
	}
	for _, why := range s.Why {
		out.WriteString("Because: " + oneline.Of(why) + "\n")
	}
	for _, finding := range s.Findings {
		out.WriteString(paint("warn", "Look at this: ") + oneline.Of(finding) + "\n")
	}
	if s.Journal != "" {
		out.WriteString("Note: " + oneline.Of(s.Journal) + "\n")
	}
	out.WriteString("Rollback: " + s.Rollback + "\n")
	return out.String()
}

func (s State) class() string {
	switch {
	case s.Ended && s.Outcome == "":
		return "plain"
	case s.Ended || s.NeedsDecision:
		class, _ := report.Verdict(s.Outcome)
		return class
	}
	return "warn"
}

// Line words the state for a log. A new line is worth printing when Key has changed.
func (s State) Line() string {
	line := s.At.UTC().Format("15:04:05") + "  " + s.Headline() + "; " + s.shares()
	if s.Waiting != "" && !s.Ended {
		line += "; waiting: " + s.Waiting
		if s.Until != nil {
			line += ", until " + s.Until.UTC().Format("15:04:05")
		}
	}
	for _, gate := range s.Gates {
		if gate.State == "over" {
			line += fmt.Sprintf("; over: %s %s (%s)", gate.Name, gate.Value, gate.Limit)
		}
	}
	if s.Ended && len(s.Why) > 0 {
		line += ": " + strings.Join(s.Why, "; ")
	}
	return oneline.Of(line)
}

// Key identifies the state without the parts that change with every look.
func (s State) Key() string {
	over := ""
	for _, gate := range s.Gates {
		if gate.State == "over" {
			over += gate.Name
		}
	}
	return fmt.Sprint(s.Phase, s.Candidate, s.Percent, s.shares(), s.Waiting, s.Outcome, s.Ended, s.NeedsDecision, over, s.Journal)
}

func (s State) shares() string {
	var list []string
	for _, share := range s.Split {
		if share.Percent > 0 {
			list = append(list, fmt.Sprintf("%s %d %%", share.Revision, share.Percent))
		}
	}
	return strings.Join(list, ", ")
}
