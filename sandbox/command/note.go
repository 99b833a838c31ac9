package command

import (
	"time"

	"github.com/guiofsaints/procureflow-platform/sandbox/console"
	"github.com/guiofsaints/procureflow-platform/sandbox/engine"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// note stores, for the console, the policies' findings about the stack and the cost of a month. It ignores errors, because the page is
// no reason for a command to fail.
func (a *app) note(name, operation string, stack *engine.Stack) {
	dir, err := a.openDir()
	if err != nil {
		return
	}
	note := console.Note{Stack: name, Operation: operation, At: time.Now()}
	for _, finding := range stack.Findings() {
		note.Findings = append(note.Findings, console.Finding(finding))
	}
	folder, err := a.folder()
	if err != nil {
		return
	}
	if estimate, err := a.estimate(folder, name, nil); err == nil {
		note.Idle, note.Expected, note.Worst = estimate.Total.Idle, estimate.Total.Expected, estimate.Total.Worst
		for _, line := range estimate.Lines[:min(3, len(estimate.Lines))] {
			note.Dearest = append(note.Dearest, console.Cost{Resource: line.Resource, Worst: line.Worst})
		}
	}
	if settings, err := stacks.Read(folder, name, true); err == nil && settings.Budget.Currency == "USD" {
		note.Budget = float64(settings.Budget.Amount)
	}
	_ = console.Keep(dir, note)
}
