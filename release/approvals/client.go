package approvals

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/loopback"
	"github.com/guiofsaints/procureflow-platform/internal/nextpage"
	"github.com/guiofsaints/procureflow-platform/internal/wait"
)

const (
	// callTimeout bounds one call. attempts is how often a call is made while GitHub fails.
	callTimeout = 20 * time.Second
	attempts    = 4
	// answerLimit bounds an answer's size. A run is about 20 KB, and a review about 2.
	answerLimit = 4 << 20
)

// Client reads runs and their reviews.
type Client struct {
	// API is the REST API's base URL: https://api.github.com, or the value of GITHUB_API_URL. Required.
	API string
	// Token needs the permission actions: read. Required. No error contains it.
	Token string
	// Sleep waits before the second and every later attempt. Default: real time.
	Sleep func(context.Context, time.Duration) error
	// Transport carries the requests. Default: http.DefaultTransport.
	Transport http.RoundTripper
}

var repositoryPattern = regexp.MustCompile(`^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$`)

// Ask reads the run and its reviews and judges them. It returns an ErrRefused for a run that is not approved, and for an answer that it
// cannot read. Any other error means that GitHub could not be asked.
func (c Client) Ask(ctx context.Context, question Question) (Verdict, error) {
	verdict := Verdict{Run: question.Run}
	if !repositoryPattern.MatchString(question.Repository) || question.Run <= 0 {
		return verdict, fmt.Errorf("run %d of repository %q: give a run's id and OWNER/NAME", question.Run, question.Repository)
	}
	var run Run
	var reviews []Approval
	path := fmt.Sprintf("/repos/%s/actions/runs/%d", question.Repository, question.Run)
	err := c.get(ctx, path, &run)
	if err == nil {
		err = c.get(ctx, path+"/approvals", &reviews)
	}
	if err == nil {
		verdict.By, err = Judge(question, run, reviews)
	}
	verdict.Approved = err == nil
	if err != nil {
		verdict.Reason = err.Error()
	}
	return verdict, err
}

// get reads one answer.
func (c Client) get(ctx context.Context, path string, into any) error {
	base, err := url.Parse(c.API)
	if err != nil || base.Host == "" || base.User != nil {
		return errors.New("GITHUB_API_URL is not the URL of an API, such as https://api.github.com")
	}
	if base.Scheme != "https" && (base.Scheme != "http" || !loopback.Address(base.Hostname())) {
		return fmt.Errorf("%s: a token is sent over https only; begin GITHUB_API_URL with https://", base.Host)
	}
	if c.Token == "" {
		return errors.New("GITHUB_TOKEN is empty: give one with actions: read")
	}
	address := strings.TrimSuffix(base.String(), "/") + path
	for attempt := 1; ; attempt++ {
		body, again, err := c.call(ctx, address)
		if err == nil {
			return decode(path, body, into)
		}
		if !again || attempt == attempts || ctx.Err() != nil {
			return fmt.Errorf("GET %s: %w", path, err)
		}
		if err := c.sleep(ctx, time.Duration(attempt)*2*time.Second); err != nil {
			return fmt.Errorf("GET %s: %w", path, err)
		}
	}
}

// call makes one request. again says that another attempt may succeed.
func (c Client) call(ctx context.Context, address string) (body []byte, again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, false, errors.New("the address cannot be used: check GITHUB_API_URL and --repository")
	}
	request.Header.Set("Accept", "application/vnd.github+json")
	request.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	request.Header.Set("Authorization", "Bearer "+c.Token)
	// A redirect would send the question, and the token, to another host.
	client := http.Client{Transport: c.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return nil, true, err
	}
	defer response.Body.Close()
	switch status := response.StatusCode; {
	case status == http.StatusTooManyRequests || status >= 500:
		return nil, true, errors.New(response.Status)
	case status != http.StatusOK:
		return nil, false, fmt.Errorf("%s; the token needs actions: read on the repository", response.Status)
	}
	if _, more, err := nextpage.Address(response.Header); err != nil {
		return nil, false, refuse("%v", err)
	} else if more {
		return nil, false, refuse("the answer has more than one page; start a new run, which has fewer reviews")
	}
	body, err = io.ReadAll(io.LimitReader(response.Body, answerLimit+1))
	if err != nil {
		return nil, true, err
	}
	if len(body) > answerLimit {
		return nil, false, refuse("the answer is larger than %d bytes; start a new run, which has fewer reviews", answerLimit)
	}
	return body, false, nil
}

func decode(path string, body []byte, into any) error {
	// The error leaves out the body, because it holds personal data.
	if err := json.Unmarshal(body, into); err != nil {
		return refuse("GET %s answered something else than expected: %v; check GITHUB_API_URL", path, err)
	}
	return nil
}

func (c Client) sleep(ctx context.Context, d time.Duration) error {
	if c.Sleep != nil {
		return c.Sleep(ctx, d)
	}
	return wait.For(ctx, d)
}
