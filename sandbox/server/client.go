package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/faults"
	"github.com/guiofsaints/procureflow-platform/emulator/github"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/emulator/guard"
	"github.com/guiofsaints/procureflow-platform/internal/wait"
	"github.com/guiofsaints/procureflow-platform/sandbox/detached"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// ErrNotRunning is returned by [Connect] when no cloud process serves the state folder.
var ErrNotRunning = errors.New("the sandbox's cloud is not running")

// Client speaks to a cloud process.
type Client struct {
	api, token string
	// http sends the token with every request.
	http *http.Client
}

// Connect finds the cloud process of a state folder.
func Connect(ctx context.Context, dir statedir.Dir) (*Client, error) {
	data, err := os.ReadFile(endpointFile(dir))
	if err != nil {
		return nil, ErrNotRunning
	}
	var status Status
	if err := json.Unmarshal(data, &status); err != nil {
		return nil, ErrNotRunning
	}
	token, err := dir.Key(tokenKey)
	if err != nil {
		return nil, err
	}
	client := &Client{api: status.API, token: token, http: guard.Client(status.API, token)}
	client.http.Timeout = 30 * time.Second
	limited, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := client.Status(limited); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotRunning, err)
	}
	return client, nil
}

// API returns the base URL of the emulated APIs.
func (c *Client) API() string { return c.api }

// Token returns the token that the APIs require with every request.
func (c *Client) Token() string { return c.token }

// HTTP returns a client that sends the token to the APIs, and to nothing else.
func (c *Client) HTTP() *http.Client { return c.http }

// Status returns the addresses of everything that the process serves.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var status Status
	return status, c.call(ctx, http.MethodGet, "status", nil, &status)
}

// Stop ends the cloud process, and returns when its endpoints are free.
func (c *Client) Stop(ctx context.Context, dir statedir.Dir) error {
	if err := c.call(ctx, http.MethodPost, "stop", nil, nil); err != nil {
		return err
	}
	for {
		if _, err := os.Stat(endpointFile(dir)); err != nil {
			return nil
		}
		if err := wait.For(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("wait for the cloud to stop: %w", err)
		}
	}
}

// EnsureProject makes the project exist, as its owner would.
func (c *Client) EnsureProject(ctx context.Context, project cloud.Project) error {
	return c.call(ctx, http.MethodPut, "project", project, nil)
}

// HasProject reports whether the project exists.
func (c *Client) HasProject(ctx context.Context, id string) (has bool, err error) {
	return has, c.call(ctx, http.MethodGet, "project/"+url.PathEscape(id), nil, &has)
}

// ForgetDeleted frees the ids of the project's deleted identity pools, as thirty days would.
func (c *Client) ForgetDeleted(ctx context.Context, project string) error {
	return c.call(ctx, http.MethodDelete, "deleted/"+project, nil, nil)
}

// EnsureRepository makes the GitHub repository exist.
func (c *Client) EnsureRepository(ctx context.Context, repository github.Repository) error {
	return c.call(ctx, http.MethodPut, "repository", repository, nil)
}

// SetFault sets a fault, which strikes from now on and replaces one of the same name. It ends with the cloud's process.
func (c *Client) SetFault(ctx context.Context, name string, fault faults.Fault) error {
	return c.call(ctx, http.MethodPut, "faults/"+url.PathEscape(name), fault, nil)
}

// Faults lists the present faults and what each has done.
func (c *Client) Faults(ctx context.Context) ([]faults.State, error) {
	var states []faults.State
	return states, c.call(ctx, http.MethodGet, "faults", nil, &states)
}

// ClearFault ends the fault with a name, or all faults if name is "".
func (c *Client) ClearFault(ctx context.Context, name string) error {
	if name == "" {
		return c.call(ctx, http.MethodDelete, "faults", nil, nil)
	}
	return c.call(ctx, http.MethodDelete, "faults/"+url.PathEscape(name), nil, nil)
}

// SetBehaviour sets how the emulated containers of an image digest behave, also after a restart.
func (c *Client) SetBehaviour(ctx context.Context, digest string, behaviour run.Behaviour) error {
	return c.call(ctx, http.MethodPut, "behaviours/"+url.PathEscape(digest), behaviour, nil)
}

// Behaviour returns the digest's behaviour, which is healthy by default.
func (c *Client) Behaviour(ctx context.Context, digest string) (run.Behaviour, error) {
	var behaviour run.Behaviour
	return behaviour, c.call(ctx, http.MethodGet, "behaviours/"+url.PathEscape(digest), nil, &behaviour)
}

// SetJobBehaviour sets how the next executions of a job, projects/P/locations/L/jobs/J, end.
func (c *Client) SetJobBehaviour(ctx context.Context, job string, behaviour run.JobBehaviour) error {
	return c.call(ctx, http.MethodPut, "jobs/"+job, behaviour, nil)
}

// JobBehaviour returns the behaviour that is set for the job's next executions.
func (c *Client) JobBehaviour(ctx context.Context, job string) (run.JobBehaviour, error) {
	var behaviour run.JobBehaviour
	return behaviour, c.call(ctx, http.MethodGet, "jobs/"+job, nil, &behaviour)
}

func (c *Client) call(ctx context.Context, method, path string, body, answer any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, c.api+controlPrefix+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("ask the sandbox's cloud: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
		return fmt.Errorf("the sandbox's cloud refused %s: %s", path, strings.TrimSpace(string(text)))
	}
	if answer == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(answer)
}

// Ensure returns a client of the running cloud process. If none runs, it starts one in the background. It restarts a
// background process of another build. command is the executable and its arguments, which have to run [Serve] for dir.
func Ensure(ctx context.Context, dir statedir.Dir, build string, command []string) (*Client, error) {
	client, err := Connect(ctx, dir)
	if err == nil {
		status, err := client.Status(ctx)
		if err != nil {
			return nil, err
		}
		if status.Foreground || status.Build == build {
			return client, nil
		}
		if err := client.Stop(ctx, dir); err != nil {
			return nil, fmt.Errorf("restart the sandbox's cloud, which another build had started: %w", err)
		}
	} else if !errors.Is(err, ErrNotRunning) {
		return nil, err
	}
	return start(ctx, dir, command)
}

// start runs command detached from this process and its terminal, and waits until it answers.
func start(ctx context.Context, dir statedir.Dir, command []string) (*Client, error) {
	logPath := dir.Path("cloud.log")
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	child := exec.Command(command[0], command[1:]...)
	child.Stdout, child.Stderr = log, log
	child.Dir = dir.Path()
	detached.Session(child)
	if err := child.Start(); err != nil {
		return nil, fmt.Errorf("start the sandbox's cloud: %w", err)
	}
	exited := make(chan error, 1)
	go func() { exited <- child.Wait() }()
	limited, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		client, err := Connect(limited, dir)
		if err == nil {
			return client, nil
		}
		select {
		case <-exited:
			// Another command may have started it first.
			if client, err := Connect(ctx, dir); err == nil {
				return client, nil
			}
			text, _ := os.ReadFile(logPath)
			return nil, fmt.Errorf("the sandbox's cloud did not start: %s", strings.TrimSpace(string(text)))
		default:
		}
		if wait.For(limited, 30*time.Millisecond) != nil {
			return nil, fmt.Errorf("the sandbox's cloud did not answer: %w; see %s", err, filepath.Join(statedir.Name, "cloud.log"))
		}
	}
}
