package gcp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"sort"
	"strings"
	"time"

	"cloud.google.com/go/auth"
	"golang.org/x/oauth2"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	run "google.golang.org/api/run/v2"

	"github.com/guiofsaints/procureflow-platform/release/plan"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// callTimeout bounds one API call, so that a hung connection does not keep a rollback from trying again.
const callTimeout = 10 * time.Second

// Service is one Cloud Run service.
type Service struct {
	client *run.Service
	// name is projects/P/locations/L/services/S.
	name      string
	endpoints Endpoints
}

// NewService connects to a service; it makes no call yet.
func NewService(ctx context.Context, endpoints Endpoints, project, region, service string) (*Service, error) {
	client, err := runClient(ctx, endpoints)
	if err != nil {
		return nil, err
	}
	return &Service{client: client, endpoints: endpoints, name: fmt.Sprintf("projects/%s/locations/%s/services/%s", project, region,
		service)}, nil
}

// runClient is the official client of Cloud Run; it makes no call yet.
func runClient(ctx context.Context, endpoints Endpoints) (*run.Service, error) {
	clientOptions, err := ClientOptions(endpoints.Run, endpoints.TokenFile)
	if err != nil {
		return nil, err
	}
	if endpoints.Run != "" && endpoints.Transport != nil {
		clientOptions = append(clientOptions, option.WithHTTPClient(&http.Client{Transport: endpoints.Transport}))
	}
	client, err := run.NewService(ctx, clientOptions...)
	if err != nil {
		return nil, fmt.Errorf("connect to Cloud Run: %w (log in with `gcloud auth application-default login`)", err)
	}
	return client, nil
}

// Read implements rollout.Service.
func (s *Service) Read(ctx context.Context) (plan.Service, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	live, err := s.client.Projects.Locations.Services.Get(s.name).Context(ctx).Do()
	if err != nil {
		return plan.Service{}, s.missing(ctx, "read", err)
	}
	return translate(live), nil
}

func translate(live *run.GoogleCloudRunV2Service) plan.Service {
	service := plan.Service{
		Name: path.Base(live.Name), URL: live.Uri, Etag: live.Etag, Generation: live.Generation, Observed: live.ObservedGeneration,
		Reconciling: live.Reconciling, LatestReady: base(live.LatestReadyRevision), LatestCreated: base(live.LatestCreatedRevision),
	}
	if live.Template != nil {
		service.Asked = base(live.Template.Revision)
	}
	service.Updated, _ = time.Parse(time.RFC3339Nano, live.UpdateTime)
	if condition := live.TerminalCondition; condition != nil && condition.State == "CONDITION_FAILED" {
		service.Failure = condition.Message
		if service.Failure == "" {
			service.Failure = condition.Type + " failed"
		}
	}
	for _, target := range live.Traffic {
		service.Desired = append(service.Desired, plan.Target{Revision: base(target.Revision), Latest: target.Type == latest,
			Percent: int(target.Percent), Tag: target.Tag})
	}
	for _, target := range live.TrafficStatuses {
		service.Effective = append(service.Effective, plan.Target{Revision: base(target.Revision), Latest: target.Type == latest,
			Percent: int(target.Percent),
			Tag:     target.Tag, URI: target.Uri})
	}
	return service
}

const (
	latest = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
	named  = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
)

// base returns the short name of a revision. It keeps an empty name empty, which path.Base would turn into a dot.
func base(name string) string {
	if name == "" {
		return ""
	}
	return path.Base(name)
}

// Shift implements rollout.Service with one PATCH that changes the traffic alone and leaves the template to its owner. It does not wait
// for the operation: trafficStatuses say when, and whether, the shift takes effect.
func (s *Service) Shift(ctx context.Context, etag string, traffic []plan.Target) error {
	if len(traffic) == 0 {
		return errors.New("an empty traffic list would give everything to the newest revision")
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	body := &run.GoogleCloudRunV2Service{Etag: etag}
	for _, target := range traffic {
		entry := &run.GoogleCloudRunV2TrafficTarget{Type: named, Revision: target.Revision, Percent: int64(target.Percent), Tag: target.Tag}
		if target.Latest {
			entry.Type, entry.Revision = latest, ""
		}
		body.Traffic = append(body.Traffic, entry)
	}
	_, err := s.client.Projects.Locations.Services.Patch(s.name, body).UpdateMask("traffic").Context(ctx).Do()
	return s.explain(ctx, "shift", err)
}

// Revision implements rollout.Service.
func (s *Service) Revision(ctx context.Context, name string) (plan.Revision, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	live, err := s.client.Projects.Locations.Services.Revisions.Get(s.name + "/revisions/" + name).Context(ctx).Do()
	if err != nil {
		return plan.Revision{}, s.explain(ctx, "read revision "+name+" of", err)
	}
	return revision(live), nil
}

// Revisions implements rollout.Service.
func (s *Service) Revisions(ctx context.Context) ([]plan.Revision, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var revisions []plan.Revision
	err := s.client.Projects.Locations.Services.Revisions.List(s.name).PageSize(1000).Pages(ctx,
		func(page *run.GoogleCloudRunV2ListRevisionsResponse) error {
			for _, live := range page.Revisions {
				revisions = append(revisions, revision(live))
			}
			return nil
		})
	sort.SliceStable(revisions, func(i, j int) bool { return revisions[i].Created.After(revisions[j].Created) })
	return revisions, s.explain(ctx, "list the revisions of", err)
}

func revision(live *run.GoogleCloudRunV2Revision) plan.Revision {
	revision := plan.Revision{Name: path.Base(live.Name), Sticky: live.SessionAffinity}
	revision.Created, _ = time.Parse(time.RFC3339Nano, live.CreateTime)
	// The container with a port takes the requests. The others are its sidecars.
	for i, container := range live.Containers {
		if i == 0 || len(container.Ports) > 0 {
			revision.Image = container.Image
		}
	}
	for _, condition := range live.Conditions {
		switch {
		case condition.Type == "Ready" && condition.State == "CONDITION_SUCCEEDED":
			revision.Ready = true
		case condition.Type == "Ready" && condition.State == "CONDITION_FAILED":
			revision.Failed, revision.Message = true, condition.Message
		case condition.Type == "Ready":
			revision.Message = condition.Message
		}
	}
	if !revision.Ready && revision.Message == "" {
		revision.Message = "not ready yet"
	}
	return revision
}

// Reason returns an API's error in words that are safe to log: without body, headers and URL.
func Reason(err error) string {
	if api, ok := errors.AsType[*googleapi.Error](err); ok {
		return strings.TrimSpace(fmt.Sprintf("%d %s", api.Code, api.Message))
	}
	return cause(err)
}

// cause returns an error without the URL of the request and without the answer to a login: both may hold secrets. The clients of APIs log
// in with package auth, and package idtoken with package oauth2. Both put the answer on the lines after the first.
func cause(err error) string {
	var login error
	if from, ok := errors.AsType[*auth.Error](err); ok {
		login = from
	} else if from, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		login = from
	}
	if login != nil {
		text, _, _ := strings.Cut(login.Error(), "\n")
		return text
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err.Error()
	}
	return err.Error()
}

// explain wraps an API error in its meaning. It keeps the API's message and drops body, headers and URL.
func (s *Service) explain(ctx context.Context, doing string, err error) error {
	return explain(ctx, fmt.Sprintf("%s %s", doing, s.name),
		"the platform's Releaser role on the project, or roles/run.developer on the service", err)
}

func explain(ctx context.Context, doing, needs string, err error) error {
	if err == nil {
		return nil
	}
	var api *googleapi.Error
	if !errors.As(err, &api) {
		if errors.Is(ctx.Err(), context.Canceled) {
			return ctx.Err()
		}
		var login *auth.Error
		if errors.As(err, &login) && !login.Temporary() {
			// Another attempt does not help.
			return fmt.Errorf("%s: %s (log in with `gcloud auth application-default login`; a workflow logs in again in a new run)",
				doing, cause(err))
		}
		return fmt.Errorf("%s: %w: %s", doing, rollout.ErrUnavailable, cause(err))
	}
	message := Reason(err)
	switch api.Code {
	case 400:
		return fmt.Errorf("%s: %w: %s", doing, rollout.ErrInvalid, message)
	case 404:
		return fmt.Errorf("%s: %w: %s", doing, rollout.ErrNotFound, message)
	case 409, 412:
		return fmt.Errorf("%s: %w: %s", doing, rollout.ErrConflict, message)
	case 408, 429, 500, 502, 503, 504:
		return fmt.Errorf("%s: %w: %s", doing, rollout.ErrUnavailable, message)
	case 401:
		return fmt.Errorf("%s: %s (log in with `gcloud auth application-default login`)", doing, message)
	case 403:
		return fmt.Errorf("%s: %s (the account needs %s)", doing, message, needs)
	}
	return fmt.Errorf("%s: %s", doing, message)
}

// shifting is the permission that changing the traffic requires.
const shifting = "run.services.update"

// MayShift says whether the caller's own credentials let them change the service's traffic.
func (s *Service) MayShift(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	answer, err := s.client.Projects.Locations.Services.TestIamPermissions(s.name,
		&run.GoogleIamV1TestIamPermissionsRequest{Permissions: []string{shifting}}).Context(ctx).Do()
	if err != nil {
		return false, s.explain(ctx, "ask for the rights to", err)
	}
	return slices.Contains(answer.Permissions, shifting), nil
}
