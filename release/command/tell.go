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

// message is what all messages of this command have in common.
func (a *app) message(command, event string, reasons []string) notify.Message {
	return notify.Message{Event: event, Command: command, At: time.Now(), Environment: a.flags.environment, Project: a.flags.project,
		Region: a.flags.region, Commit: a.flags.commit, Who: a.who(), ApprovedBy: a.flags.approvedBy, Reasons: reasons, Link: a.page()}
}

// tell tells the environment's sinks, which are read when there is something to tell: a rollback comes first, and a policy that is
// wrong elsewhere names them all the same.
func (a *app) tell(message notify.Message) {
	if a.notifier == nil {
		a.notifier = notify.New(settings.Sinks(a.flags.policy, a.flags.environment), os.Getenv)
	}
	a.notifier.Tell(message)
}

// started tells that a rollout has begun, or goes on.
func (a *app) started(s *session, command string, event rollout.Event) {
	if event.Kind == "resume" || event.Kind == "begin" && event.Answer == "accepted" {
		message := a.message(command, notify.Started, event.Why)
		message.Project, message.Service, message.Revision = s.project, s.service, event.Candidate
		message.Digest = digestOf(event.Images[event.Candidate])
		a.tell(message)
	}
}

// ended tells how a command ended, when everything else about it is done.
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

// telling has a command tell its sinks of an error that ends it, before there was anything to analyse too.
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
		message := a.message(command.Name(), event, []string{strings.TrimPrefix(err.Error(), "usage: ")})
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

// digestOf is the digest of an image, empty for one that is not by digest.
func digestOf(image string) string {
	_, digest, _ := strings.Cut(image, "@")
	return digest
}
