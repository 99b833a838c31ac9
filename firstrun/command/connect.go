package command

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"github.com/guiofsaints/procureflow-platform/firstrun/adopt"
	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/internal/loopback"
)

// patience bounds one request.
const patience = time.Minute

// connect logs in at Google and GitHub, or at the sandbox.
func (a *app) connect(ctx context.Context) (adopt.Clients, adopt.APIs, error) {
	apis := adopt.Public
	base, err := a.sandbox()
	if err != nil {
		return adopt.Clients{}, apis, err
	}
	if base != "" {
		apis = adopt.Emulated(base)
	}
	client, err := google.DefaultClient(ctx, "https://www.googleapis.com/auth/cloud-platform")
	if err != nil {
		return adopt.Clients{}, apis, fmt.Errorf("log in with `gcloud auth application-default login` first: %w", err)
	}
	client.Timeout = patience
	clients := adopt.Clients{Google: client}
	if token := os.Getenv("GITHUB_TOKEN"); token != "" {
		clients.GitHub = oauth2.NewClient(ctx, oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token}))
		clients.GitHub.Timeout = patience
	}
	return clients, apis, nil
}

// sandbox returns the base address of the sandbox's APIs, or "" if the environment names none. It prints the address, so that
// people see which cloud they ask.
func (a *app) sandbox() (string, error) {
	base := strings.TrimSuffix(os.Getenv("SANDBOX_APIS"), "/")
	if base == "" {
		return "", nil
	}
	if err := onThisMachine(base); err != nil {
		return "", cli.Blame(fmt.Errorf("SANDBOX_APIS: %w", err))
	}
	fmt.Fprintf(a.streams.Err, "asking the sandbox at %s (SANDBOX_APIS)\n", base)
	return base, nil
}

// onThisMachine refuses an address of another machine, because the requests carry the caller's tokens unencrypted.
func onThisMachine(base string) error {
	address, err := url.Parse(base)
	if err != nil {
		return err
	}
	if address.Scheme != "http" || !loopback.Host(address.Hostname()) {
		return fmt.Errorf("%q is not an address of this machine: take it from `sandbox env`, or unset it to ask Google", base)
	}
	return nil
}
