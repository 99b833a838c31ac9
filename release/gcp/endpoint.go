package gcp

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	"google.golang.org/api/option"

	"github.com/guiofsaints/procureflow-platform/release/probe"
)

// Endpoints say where the APIs are. The zero value means Google's APIs, with the application default credentials.
type Endpoints struct {
	// Run is the base URL of the Cloud Run Admin API: http://127.0.0.1:8080/run/ for the sandbox.
	Run string
	// Monitoring is the base URL of the Cloud Monitoring API. Default: /mon/ next to Run, if Run is set.
	Monitoring string
	// TokenFile is the file with the access token for APIs on this machine; `sandbox env` names it. Default: no token is sent.
	TokenFile string
	// Transport carries the requests of Cloud Run's client to an endpoint on this machine. Default: the network.
	Transport http.RoundTripper
}

// ClientOptions returns the options of a client of one of Google's APIs. The empty endpoint is Google's own and takes no options. An
// endpoint on this machine takes its address and the token in the file, or no credentials without a file. Any other endpoint is an error,
// so that no mistake sends a token or a request to a stranger.
func ClientOptions(endpoint, tokenFile string) ([]option.ClientOption, error) {
	if endpoint == "" {
		return nil, nil
	}
	parsed, err := url.Parse(endpoint)
	if err != nil || parsed.Host == "" {
		return nil, fmt.Errorf("endpoint %q: use a URL such as http://127.0.0.1:8080/run/", endpoint)
	}
	if !probe.Loopback(parsed) {
		return nil, fmt.Errorf("endpoint %s is not on this machine: only a loopback address is called without Google's credentials; "+
			"leave the endpoint out for Google's own", parsed.Redacted())
	}
	at := option.WithEndpoint(strings.TrimSuffix(endpoint, "/") + "/")
	if tokenFile == "" {
		return []option.ClientOption{at, option.WithoutAuthentication()}, nil
	}
	token, err := os.ReadFile(tokenFile)
	if err != nil {
		return nil, fmt.Errorf("read the token for %s: %w", parsed.Redacted(), err)
	}
	source := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: strings.TrimSpace(string(token))})
	return []option.ClientOption{at, option.WithTokenSource(source)}, nil
}

func (e Endpoints) monitoring() string {
	return cmp.Or(e.Monitoring, e.sibling("mon"))
}

// Project returns the project that the environment names: GOOGLE_CLOUD_PROJECT, CLOUDSDK_CORE_PROJECT, or the project of the application
// default credentials. A person's credentials name only a quota project: the one that gcloud used when they logged in.
func Project(ctx context.Context) (string, error) {
	for _, variable := range []string{"GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"} {
		if project := os.Getenv(variable); project != "" {
			return project, nil
		}
	}
	credentials, err := google.FindDefaultCredentials(ctx)
	if err == nil && credentials.ProjectID != "" {
		return credentials.ProjectID, nil
	}
	var person struct {
		Project string `json:"quota_project_id"`
	}
	if err == nil && json.Unmarshal(credentials.JSON, &person) == nil && person.Project != "" {
		return person.Project, nil
	}
	return "", errors.New("no project is known: give --project, or set GOOGLE_CLOUD_PROJECT, as `sandbox env STACK` does")
}
