package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/loopback"
)

// transientError is a failure that another attempt may overcome.
type transientError struct{ error }

func (e *transientError) Unwrap() error { return e.error }

// send makes one attempt. It also returns how long the sink asks to wait before the next one.
func (n *Notifier) send(ctx context.Context, sink Sink, secret string, message Message) (time.Duration, error) {
	switch sink.Kind {
	case Slack:
		return n.post(ctx, call{address: secret, body: slackMessage(message)})
	case Webhook:
		c := call{address: secret, body: message}
		if sink.Token != "" {
			token := strings.TrimSpace(n.getenv(sink.Token))
			if token == "" {
				return 0, fmt.Errorf("the variable %s is not set, and the webhook wants its token: set it, or take token out of the release policy",
					sink.Token)
			}
			c.token = token
		}
		return n.post(ctx, c)
	case PagerDuty:
		at := sink.Address
		if at == "" {
			at = "https://events.pagerduty.com/v2/enqueue"
		}
		return n.post(ctx, call{address: at, body: pagerDutyEvent(secret, message)})
	}
	return n.githubStatus(ctx, secret, message)
}

// call is one request.
type call struct {
	method, address, token string
	body                   any
	into                   any // The answer is decoded into it; nil leaves the answer unread.
}

// maxAnswer bounds an answer that is read.
const maxAnswer = 1 << 20

// post makes a request. Its errors contain neither the address nor a token.
func (n *Notifier) post(ctx context.Context, c call) (time.Duration, error) {
	at, err := address(c.address)
	if err != nil {
		return 0, err
	}
	if c.method == "" {
		c.method = http.MethodPost
	}
	var body io.Reader
	if c.body != nil {
		text, err := json.Marshal(c.body)
		if err != nil {
			return 0, err
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, c.method, at, body)
	if err != nil {
		// The error is dropped, because it contains the address.
		return 0, errors.New("the address is malformed: use one such as https://example.com/hook")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "procureflow-release")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := n.client.Do(request)
	if err != nil {
		return 0, &transientError{cause(err)}
	}
	defer response.Body.Close()
	switch status := response.StatusCode; {
	case status >= 300 && status < 400:
		return 0, fmt.Errorf("it answered %d, a redirect, which is not followed: set the variable to the address that it leads to", status)
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500:
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		return time.Duration(max(0, seconds)) * time.Second, &transientError{fmt.Errorf("it answered %d", status)}
	case status >= 400:
		return 0, fmt.Errorf("it answered %d: look at the variable's value, which may be old", status)
	case c.into == nil:
		return 0, nil // The sink accepted the message; nobody needs the rest of the answer.
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(c.into); err != nil {
		if ctx.Err() != nil {
			return 0, &transientError{errSlow}
		}
		return 0, &transientError{errors.New("its answer cannot be read")}
	}
	return 0, nil
}

// address refuses an address over which a secret could be read in transit. Plain http to this machine is allowed for tests.
func address(text string) (string, error) {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" {
		return "", errors.New("this is not an address: use one such as https://example.com/hook")
	}
	if parsed.Scheme != "https" && (parsed.Scheme != "http" || !loopback.Address(parsed.Hostname())) {
		return "", errors.New("the address has to begin with https://")
	}
	return text, nil
}

var errSlow = errors.New("it did not answer in time")

// cause returns the reason of an error without the address.
func cause(err error) error {
	var asked *url.Error
	if errors.As(err, &asked) {
		if asked.Timeout() || errors.Is(err, context.Canceled) {
			return errSlow
		}
		return asked.Err
	}
	return err
}

// slackMessage is the format of Slack's incoming webhooks and of compatible chats.
func slackMessage(m Message) any {
	var text strings.Builder
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace
	fmt.Fprintf(&text, "*%s*\n", escape(m.title()))
	for _, line := range []struct{ name, value string }{
		{"revision", m.Revision}, {"digest", m.Digest}, {"commit", m.Commit}, {"by", m.Who}, {"approved by", strings.Join(m.ApprovedBy, ", ")},
		{"project", strings.Trim(m.Project+", "+m.Region, ", ")},
	} {
		if line.value != "" {
			fmt.Fprintf(&text, "%s: %s\n", line.name, escape(line.value))
		}
	}
	for _, reason := range m.Reasons {
		fmt.Fprintf(&text, "• %s\n", escape(reason))
	}
	if m.Link != "" {
		fmt.Fprintf(&text, "<%s|what happened>\n", escape(m.Link))
	}
	return map[string]string{"text": text.String()}
}

// pagerDutyEvent is an event of PagerDuty's Events API v2. All bad events of one service are one alert, which the service's next good
// release resolves.
func pagerDutyEvent(key string, m Message) any {
	const maxSummary = 1024
	action, severity := "trigger", "error"
	if m.Event == Released {
		action = "resolve"
	}
	if m.Event == Unconfirmed {
		severity = "critical"
	} else if !m.bad() {
		severity = "info"
	}
	summary := []rune(strings.Join(append([]string{m.title()}, m.Reasons...), "; "))
	event := map[string]any{
		"routing_key": key, "event_action": action, "client": "release",
		"dedup_key": strings.Join([]string{"release", m.Environment, m.Project, m.Region, m.Service}, "/"),
		"payload": map[string]any{
			"summary": string(summary[:min(len(summary), maxSummary)]), "source": m.Project + "/" + m.Region + "/" + m.Service,
			"severity": severity, "timestamp": m.At.UTC().Format(time.RFC3339), "component": m.Service, "group": m.Environment, "class": "release",
			"custom_details": m,
		},
	}
	if m.Link != "" {
		event["links"] = []map[string]string{{"href": m.Link, "text": "what happened"}}
	}
	return event
}

// githubStatus sets a status on the commit's deployment to the environment. It uses the deployment that GitHub made for the workflow's
// job, and else makes one.
func (n *Notifier) githubStatus(ctx context.Context, token string, m Message) (time.Duration, error) {
	const maxDescription = 140
	repository := n.getenv("GITHUB_REPOSITORY")
	switch {
	case repository == "":
		return 0, errors.New("GITHUB_REPOSITORY is not set: this sink is for workflows")
	case m.Commit == "":
		return 0, errors.New("the commit is not known: give --commit")
	}
	api := n.getenv("GITHUB_API_URL")
	if api == "" {
		api = "https://api.github.com"
	}
	deployments := api + "/repos/" + repository + "/deployments"
	type deployment struct {
		ID int64 `json:"id"`
	}
	var known []deployment
	query := url.Values{"environment": {m.Environment}, "sha": {m.Commit}, "per_page": {"1"}}
	if wait, err := n.post(ctx, call{method: http.MethodGet, address: deployments + "?" + query.Encode(), token: token,
		into: &known}); err != nil {
		return wait, err
	}
	if len(known) == 0 {
		var made deployment
		// required_contexts is empty because every required check has passed before a release.
		body := map[string]any{"ref": m.Commit, "environment": m.Environment, "auto_merge": false, "required_contexts": []string{},
			"description": "release of " + m.Service}
		if wait, err := n.post(ctx, call{address: deployments, token: token, body: body, into: &made}); err != nil {
			return wait, err
		}
		known = append(known, made)
	}
	description := []rune(strings.Join(append([]string{m.title()}, m.Reasons...), "; "))
	status := map[string]any{"state": githubState(m.Event), "environment": m.Environment,
		"description": string(description[:min(len(description), maxDescription)])}
	if m.Link != "" {
		status["log_url"] = m.Link
	}
	return n.post(ctx, call{address: fmt.Sprintf("%s/%d/statuses", deployments, known[0].ID), token: token, body: status})
}

func githubState(event string) string {
	switch event {
	case Started:
		return "in_progress"
	case Released:
		return "success"
	case Held:
		return "pending"
	case RolledBack, Failed, Unconfirmed:
		return "failure"
	}
	return "error"
}
