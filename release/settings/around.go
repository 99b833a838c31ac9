package settings

import (
	"errors"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // A runner's image may lack the time zones.

	"gopkg.in/yaml.v3"

	"github.com/guiofsaints/procureflow-platform/internal/problems"
	"github.com/guiofsaints/procureflow-platform/release/hooks"
	"github.com/guiofsaints/procureflow-platform/release/notify"
	"github.com/guiofsaints/procureflow-platform/release/windows"
)

// Hook is a Cloud Run job that runs before or after the traffic is shifted.
type Hook struct {
	// Job is the job's short name in Cloud Run. Required.
	Job string `yaml:"job"`
	// Timeout bounds the execution with all its attempts; after it the execution is cancelled. Default: 10m.
	Timeout time.Duration `yaml:"timeout"`
	// Args replace the arguments of the job's container. Default: the job's own.
	Args []string `yaml:"args"`
	// OwnImage says that the job runs another image than the candidate's, named by digest. Default: false; a job with another digest than
	// the candidate's is then refused.
	OwnImage bool `yaml:"ownImage"`
	// OnFailure says what follows when an after hook fails: rollback, or hold for a person to decide. Default: rollback. A before hook
	// always rolls back.
	OnFailure string `yaml:"onFailure"`
}

// UnmarshalYAML gives an absent timeout its default, and leaves a present one as it is.
func (h *Hook) UnmarshalYAML(node *yaml.Node) error {
	type hook Hook
	one := hook{Timeout: 10 * time.Minute}
	raw, err := yaml.Marshal(node)
	if err == nil {
		err = strict(raw, &one)
	}
	*h = Hook(one)
	return err
}

func (e Environment) hooks() (all hooks.Hooks) {
	for _, hook := range e.Before {
		all.Before = append(all.Before, hooks.Hook(hook))
	}
	for _, hook := range e.After {
		if hook.OnFailure == "" {
			hook.OnFailure = hooks.Rollback
		}
		all.After = append(all.After, hooks.Hook(hook))
	}
	return all
}

// Windows are the times at which releases may start.
type Windows struct {
	// TimeZone is the zone of the times and dates below, such as Europe/Berlin. Required.
	TimeZone string `yaml:"timeZone"`
	// Open are the hours of the week. Required, at least one.
	Open []Open `yaml:"open"`
	// Closed are dates on which nothing starts, 2026-12-24 or 2026-12-24..2027-01-01: holidays. Default: none.
	Closed []string `yaml:"closed"`
}

// Open is a part of some days of the week.
type Open struct {
	// Days are mon, tue, wed, thu, fri, sat and sun. Required.
	Days []string `yaml:"days"`
	// From and To are times of day, such as 09:00. The window ends just before To, which may be 24:00. Required.
	From string `yaml:"from"`
	To   string `yaml:"to"`
}

// windows converts to the type of package windows. Nil means always open.
func (w *Windows) windows() (windows.Windows, error) {
	if w == nil {
		return windows.Windows{}, nil
	}
	var all windows.Windows
	var found problems.List
	var err error
	if all.Zone, err = windows.ParseZone(w.TimeZone); err != nil {
		found.Add("windows.timeZone: %w", err)
	}
	if len(w.Open) == 0 {
		found.Add("windows.open: name at least one, or leave windows out")
	}
	for i, open := range w.Open {
		span, err := windows.ParseSpan(open.Days, open.From, open.To)
		found.Take(prefixed(fmt.Sprintf("windows.open[%d]", i), err))
		all.Open = append(all.Open, span)
	}
	for i, text := range w.Closed {
		days, err := windows.ParseDays(text)
		found.Take(prefixed(fmt.Sprintf("windows.closed[%d]", i), err))
		all.Closed = append(all.Closed, days)
	}
	return all, found.Err()
}

// prefixed puts the place in front of each line of an error.
func prefixed(where string, err error) error {
	if err == nil {
		return nil
	}
	return errors.New(where + "." + strings.ReplaceAll(err.Error(), "\n", "\n"+where+"."))
}

// Sinks reads an environment's sinks from a file whose other parts may be wrong, so that a release which fails because of them can report
// it. It returns no sinks for a file that cannot be read.
func Sinks(path, environment string) (sinks []notify.Sink) {
	var file struct {
		Environments map[string]struct {
			Notify []yaml.Node `yaml:"notify"`
		} `yaml:"environments"`
	}
	if raw, _, err := read(path); err != nil || yaml.Unmarshal(raw, &file) != nil {
		return nil
	}
	for _, node := range file.Environments[environment].Notify {
		var sink notify.Sink
		if node.Decode(&sink) == nil && sink.Validate() == nil {
			sinks = append(sinks, sink)
		}
	}
	return sinks
}
