// Package notify tells people elsewhere how a release goes: in a chat, by a webhook, a pager, or GitHub's deployments page.
//
// A message never decides anything. It is sent while the release goes on, with retries and within a time limit. A sink that does not
// accept it costs a warning. Redirects are not followed, because they would take the message, and a webhook's secret with it, to another
// host.
//
// A sink's address or key is a secret. The settings name the environment variable that holds it, and it is never in an error, a log or a
// message.
package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/problems"
	"github.com/guiofsaints/procureflow-platform/internal/wait"
)

// The kinds of sinks.
const (
	Slack            = "slack"
	Webhook          = "webhook"
	PagerDuty        = "pagerduty"
	GitHubDeployment = "github-deployment"
)

// These are the events. All but started say how a command ended.
const (
	Started     = "started"     // A rollout has begun, or goes on after it had stopped.
	Released    = "released"    // The candidate serves everything.
	Held        = "held"        // A person has to decide.
	RolledBack  = "rolled-back" // The revision that served before serves again.
	Refused     = "refused"     // The service's present state forbids it. Nothing was written.
	Superseded  = "superseded"  // Somebody else changed the traffic, and the command stopped.
	Failed      = "failed"      // Nothing was shifted, or the program itself failed.
	Interrupted = "interrupted" // A signal came, or the API was out of reach.
	Unconfirmed = "unconfirmed" // A rollback is not known to be in effect.
)

var events = []string{Started, Released, Held, RolledBack, Refused, Superseded, Failed, Interrupted, Unconfirmed}

// Sink is one receiver of messages.
type Sink struct {
	// Kind is slack, webhook, pagerduty or github-deployment. Required.
	Kind string `yaml:"kind"`
	// Secret names the environment variable that holds the secret: the address for slack and webhook, the routing key for pagerduty, the
	// token for github-deployment. Required; default for github-deployment: GITHUB_TOKEN.
	Secret string `yaml:"secret"`
	// Token names the environment variable that holds a webhook's bearer token. Default: no token is sent.
	Token string `yaml:"token"`
	// Address is PagerDuty's address; accounts in the EU need https://events.eu.pagerduty.com/v2/enqueue. Default: the one for the US.
	Address string `yaml:"address"`
	// On lists the events to send. Default: all of them. For pagerduty the default is failed, rolled-back, interrupted and unconfirmed,
	// and released, which resolves the alert.
	On []string `yaml:"on"`
}

// Message is one message, as a sink of kind webhook gets it.
type Message struct {
	// Version is the version of this format, for programs that read it.
	Version int `json:"version"`
	// Event is one of the constants above. Command is the command that sends it: rollout, rollback or guard.
	Event   string `json:"event"`
	Command string `json:"command"`
	// At is when it happened, in UTC.
	At time.Time `json:"at"`
	// Environment, Project, Region and Service say where the release is.
	Environment string `json:"environment"`
	Project     string `json:"project"`
	Region      string `json:"region"`
	Service     string `json:"service"`
	// Revision is the candidate. Digest is its image's digest, and Commit the commit that the image was built from; empty if unknown.
	Revision string `json:"revision"`
	Digest   string `json:"digest"`
	Commit   string `json:"commit"`
	// Who is the person or account that started the command, and ApprovedBy are the people who approved the run.
	Who        string   `json:"who"`
	ApprovedBy []string `json:"approvedBy"`
	// Reasons say why the command ended like this.
	Reasons []string `json:"reasons"`
	// Link is the page of the workflow's run.
	Link string `json:"link"`
}

// bad says that a person should look.
func (m Message) bad() bool {
	return slices.Contains([]string{Failed, RolledBack, Interrupted, Unconfirmed}, m.Event)
}

// title is the message in one line.
func (m Message) title() string {
	return fmt.Sprintf("%s of %s in %s: %s", m.Command, m.Service, m.Environment, m.Event)
}

// maxReason and maxReasons bound the reasons to what a person reads. An API's message may be long.
const maxReason, maxReasons = 500, 10

// normal returns the message as sinks get it: with its version, with empty lists instead of null, and with bounded reasons.
func (m Message) normal() Message {
	m.Version = 1
	reasons := []string{}
	for _, reason := range m.Reasons[:min(len(m.Reasons), maxReasons)] {
		if runes := []rune(reason); len(runes) > maxReason {
			reason = string(runes[:maxReason]) + "…"
		}
		reasons = append(reasons, reason)
	}
	m.Reasons = reasons
	m.ApprovedBy = append([]string{}, m.ApprovedBy...)
	return m
}

var variable = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

// Validate collects all mistakes, with the names that people write in release.yaml.
func (s Sink) Validate() error {
	var found problems.List
	known := slices.Contains([]string{Slack, Webhook, PagerDuty, GitHubDeployment}, s.Kind)
	found.If(!known, "kind is %q: use slack, webhook, pagerduty or github-deployment", s.Kind)
	// The message does not repeat the value, because somebody may have written the secret itself there.
	found.If(!variable.MatchString(s.secret()), "secret has to be the name of an environment variable, such as RELEASE_SLACK_URL: the file "+
		"holds no secret")
	found.If(s.Token != "" && !variable.MatchString(s.Token), "token has to be the name of an environment variable: the file holds no secret")
	found.If(s.Token != "" && s.Kind != Webhook, "token is set, and only a webhook has one: remove it")
	found.If(s.Address != "" && s.Kind != PagerDuty, "address is for pagerduty; that of a %s is a secret", s.Kind)
	if s.Address != "" {
		_, err := address(s.Address)
		found.If(err != nil, "address: %v", err)
	}
	for _, event := range s.On {
		found.If(!slices.Contains(events, event), "on: %q: use %s", event, strings.Join(events, ", "))
	}
	return found.Err()
}

func (s Sink) secret() string {
	if s.Kind == GitHubDeployment {
		return cmp.Or(s.Secret, "GITHUB_TOKEN")
	}
	return s.Secret
}

// wants says whether the sink is told of an event.
func (s Sink) wants(event string) bool {
	switch {
	case len(s.On) > 0:
		return slices.Contains(s.On, event)
	case s.Kind == PagerDuty:
		return Message{Event: event}.bad() || event == Released
	}
	return true
}

// Limit bounds the delivery of one message to one sink, including all attempts.
const Limit = 10 * time.Second

// Brief is how long a command waits for its sinks when somebody may be waiting to roll back.
const Brief = time.Second

// attempts bounds one delivery, and firstPause is the pause before the second attempt.
const (
	attempts   = 3
	firstPause = 500 * time.Millisecond
)

// Notifier tells the sinks of one command.
type Notifier struct {
	client  *http.Client
	getenv  func(string) string
	limit   time.Duration
	pause   time.Duration
	queues  []chan Message
	workers sync.WaitGroup
	stop    context.CancelFunc
	mutex   sync.Mutex
	failed  []error
	closed  bool
}

// New starts a sender for each sink. It reads environment variables through getenv.
func New(sinks []Sink, getenv func(string) string) *Notifier {
	return start(sinks, getenv, Limit, firstPause)
}

func start(sinks []Sink, getenv func(string) string, limit, pause time.Duration) *Notifier {
	ctx, stop := context.WithCancel(context.Background())
	n := &Notifier{getenv: getenv, limit: limit, pause: pause, stop: stop, client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for i, sink := range sinks {
		// A command sends two messages: that it started, and how it ended.
		queue := make(chan Message, len(events))
		n.queues = append(n.queues, queue)
		n.workers.Go(func() {
			for message := range queue {
				if !sink.wants(message.Event) {
					continue
				}
				if err := n.deliver(ctx, sink, message); err != nil {
					n.fail(fmt.Errorf("notify[%d], %s by %s: %w", i, sink.Kind, sink.secret(), err))
				}
			}
		})
	}
	return n
}

// Tell queues a message for every sink that wants it, and returns at once. A sink so slow that its queue is full misses the message.
func (n *Notifier) Tell(message Message) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.closed {
		return
	}
	for _, queue := range n.queues {
		select {
		case queue <- message.normal():
		default:
		}
	}
}

// Wait waits until all messages are delivered, up to a limit, and returns an error for each sink that missed one. Nothing can be told
// after it.
func (n *Notifier) Wait(most time.Duration) []error {
	n.mutex.Lock()
	if !n.closed {
		n.closed = true
		for _, queue := range n.queues {
			close(queue)
		}
	}
	n.mutex.Unlock()
	timer := time.AfterFunc(most, n.stop)
	defer timer.Stop()
	n.workers.Wait()
	n.stop()
	n.client.CloseIdleConnections()
	n.mutex.Lock()
	defer n.mutex.Unlock()
	slices.SortFunc(n.failed, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return n.failed
}

func (n *Notifier) fail(err error) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.failed = append(n.failed, err)
}

// deliver sends a message to one sink, and tries again while that may help.
func (n *Notifier) deliver(ctx context.Context, sink Sink, message Message) error {
	secret := strings.TrimSpace(n.getenv(sink.secret()))
	if secret == "" {
		return errors.New("the variable is not set, so that nobody is told: set it, or take the sink out of the release policy")
	}
	ctx, cancel := context.WithTimeout(ctx, n.limit)
	defer cancel()
	var last error
	pause := n.pause
	for range attempts {
		asked, err := n.send(ctx, sink, secret, message)
		if err == nil {
			return nil
		}
		if !errors.As(err, new(*transientError)) {
			return err
		}
		if last == nil || ctx.Err() == nil { // An attempt that the limit cut off says nothing about the sink, so that the last error stays.
			last = err
		}
		pause = max(pause, asked)
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= pause {
			return fmt.Errorf("given up: %w", last) // The next attempt would begin after the limit.
		}
		if wait.For(ctx, pause) != nil {
			return fmt.Errorf("given up: %w", last)
		}
		pause *= 2
	}
	return fmt.Errorf("given up after %d attempts: %w", attempts, last)
}
