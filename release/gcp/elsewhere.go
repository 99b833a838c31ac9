package gcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	htransport "google.golang.org/api/transport/http"

	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// missing explains an error about a service that does not exist, or that the caller may not see. It lists what exists, and so tells a
// mistyped name, region or project apart from a missing right. It returns any other error unchanged.
func (s *Service) missing(ctx context.Context, doing string, err error) error {
	var api *googleapi.Error
	explained := s.explain(ctx, doing, err)
	if !errors.As(err, &api) || api.Code != http.StatusNotFound && api.Code != http.StatusForbidden {
		return explained
	}
	what, gone := s.whatExists(ctx)
	switch {
	case what == "":
		return explained
	case gone && api.Code == http.StatusForbidden:
		return fmt.Errorf("%s %s: %w: %s; %s", doing, s.name, rollout.ErrNotFound, Reason(err), what)
	}
	return fmt.Errorf("%w; %s", explained, what)
}

// whatExists lists the services of the project, or else the projects that the caller sees. gone says that the service or project asked for
// is not on the list. The text is empty if the caller may list neither.
func (s *Service) whatExists(ctx context.Context) (what string, gone bool) {
	part := strings.Split(s.name, "/") // projects/P/locations/L/services/S
	project, region, service := part[1], part[3], part[5]
	var services struct {
		Items []struct {
			Metadata struct {
				Name   string            `json:"name"`
				Labels map[string]string `json:"labels"`
			} `json:"metadata"`
		} `json:"items"`
	}
	if s.list(ctx, "https://run.googleapis.com/", "v1/projects/"+project+"/locations/-/services?limit=100", &services) == nil {
		gone = true
		var names []string
		for _, item := range services.Items {
			at := item.Metadata.Labels["cloud.googleapis.com/location"]
			names = append(names, item.Metadata.Name+" in "+at)
			gone = gone && !(item.Metadata.Name == service && at == region)
		}
		if len(names) == 0 {
			return "project " + project + " has no services", gone
		}
		slices.Sort(names)
		return "project " + project + " has " + strings.Join(names, ", "), gone
	}
	var projects struct {
		Projects []struct {
			ID string `json:"projectId"`
		} `json:"projects"`
	}
	if s.list(ctx, "https://cloudresourcemanager.googleapis.com/", "v1/projects?pageSize=50", &projects) != nil ||
		len(projects.Projects) == 0 {
		return "", false
	}
	var names []string
	for _, one := range projects.Projects {
		names = append(names, one.ID)
	}
	slices.Sort(names)
	return "you see the projects " + strings.Join(names, ", "), !slices.Contains(names, project)
}

// list reads one page of an API. No client is linked for that API, because only this package's messages need it.
func (s *Service) list(ctx context.Context, base, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	clientOptions, err := ClientOptions(s.endpoints.Run, s.endpoints.TokenFile)
	if err != nil {
		return err
	}
	if s.endpoints.Run != "" {
		root := strings.TrimSuffix(strings.TrimSuffix(s.endpoints.Run, "/"), "run")
		if strings.HasPrefix(base, "https://cloudresourcemanager") {
			root += "crm/"
		}
		base = root
	}
	client := &http.Client{Transport: s.endpoints.Transport}
	if s.endpoints.Transport == nil {
		clientOptions = append(clientOptions, option.WithScopes("https://www.googleapis.com/auth/cloud-platform"))
		if client, _, err = htransport.NewClient(ctx, clientOptions...); err != nil {
			return err
		}
	}
	target, err := url.Parse(base + path)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if err := googleapi.CheckResponse(response); err != nil {
		return err
	}
	return json.NewDecoder(response.Body).Decode(into)
}
