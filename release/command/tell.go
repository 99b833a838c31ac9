package command

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/release/notify"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
	"github.com/guiofsaints/procureflow-platform/release/settings"
)

// message fills in the fields that all messages of this command share.
func (a *app) message(command, event string, reasons []string) notify.Message {
	return notify.Message{Event: event, Command: command, At: time.Now(), Environment: a.flags.environment, Project: a.flags.project,
		Region: a.flags.region, Commit: a.flags.commit, Who: a.actor(), ApprovedBy: a.flags.approvedBy, Reasons: reasons, Link: a.page()}
}

// tell sends a message to the environment's sinks. It reads them from the settings only now, because a rollback must not wait for that.
// Settings with a mistake elsewhere still name the sinks.
func (a *app) tell(message notify.Message) {
	if a.notifier == nil {
		a.notifier = notify.New(settings.Sinks(a.flags.policy, a.flags.environment), os.Getenv)
	}
	a.notifier.Tell(message)
}

// started sends the message that a rollout has begun or resumed.
func (a *app) started(s *session, command string, event rollout.Event) {
	if event.Kind == "resume" || event.Kind == "begin" && event.Answer == "accepted" {
		message := a.message(command, notify.Started, event.Why)
		message.Project, message.Service, message.Revision = s.project, s.service, event.Candidate
		message.Digest = digestOf(event.Images[event.Candidate])
		a.tell(message)
	}
}

// ended sends the message how a command ended, after everything else is done.
func (a *app) ended(s *session, command string, result rollout.Result) {
	if result.Outcome == rollout.Nothing {
		return
	}
	message := a.message(command, strings.ReplaceAll(string(result.Outcome), " ", "-"), result.Why)
	message.Project, message.Service, message.Revision = s.project, s.service, cmp.Or(result.Candidate, result.Stable)
	message.Digest = digestOf(result.Images[message.Revision])
	a.tell(message)
	most := notify.Limit
	if result.Outcome == rollout.Interrupted || result.Outcome == rollout.Unconfirmed {
		most = notify.Brief
	}
	a.wait(most)
}

// telling wraps a command so that its sinks also hear of an error that ends it early, before there is a result to report.
func (a *app) telling(command *cobra.Command) *cobra.Command {
	run := command.RunE
	command.RunE = func(command *cobra.Command, arguments []string) error {
		err := run(command, arguments)
		if err == nil || a.told {
			return err
		}
		event := notify.Failed
		if a.exit == ExitRefused {
			event = notify.Refused
		}
		message := a.message(command.Name(), event, []string{err.Error()})
		message.Service = arguments[0]
		a.tell(message)
		a.wait(notify.Limit)
		return err
	}
	return command
}

func (a *app) wait(most time.Duration) {
	a.told = true
	for _, err := range a.notifier.Wait(most) {
		fmt.Fprintln(a.streams.Err, "warning:", err)
	}
}

// digestOf returns an image's digest; empty for an image that is not named by digest.
func digestOf(image string) string {
	_, digest, _ := strings.Cut(image, "@")
	return digest
}
