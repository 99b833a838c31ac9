package adopt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// finder asks one API for one planned resource.
type finder struct {
	ctx    context.Context
	client *http.Client
	base   string
	inputs map[string]any
}

// sees says why GitHub's repository cannot be looked into.
func (f finder) sees(repository string) error {
	name := strings.TrimPrefix(repository, "repos/")
	if f.client == nil {
		return fmt.Errorf("the plan has resources of GitHub's repository %s: set GITHUB_TOKEN to a token that "+
			"administers it (gh auth token)", name)
	}
	there, _, err := f.get(repository)
	if err == nil && !there {
		err = errors.New("it does not exist, or the token may not read it")
	}
	if err != nil {
		return fmt.Errorf("look into GitHub's repository %s: %w", name, err)
	}
	return nil
}

// pin is the command that gives to revisions by name what a service gives to the newest one, whichever that is: the next `up`
// makes a newer one (docs/adr/0001).
func (f finder) pin(body []byte) (string, error) {
	var service struct {
		LatestReadyRevision string
		Traffic             []struct {
			Type, Revision string
			Percent        int
		}
	}
	if err := json.Unmarshal(body, &service); err != nil {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	ready := service.LatestReadyRevision[strings.LastIndex(service.LatestReadyRevision, "/")+1:]
	percents, moves := map[string]int{}, len(service.Traffic) == 0
	for _, target := range service.Traffic {
		if target.Percent > 0 && target.Revision == "" {
			target.Revision, moves = ready, true
		}
		if target.Percent > 0 {
			percents[target.Revision] += target.Percent
		}
	}
	if !moves || ready == "" {
		return "", nil
	}
	if len(service.Traffic) == 0 {
		percents[ready] = 100
	}
	var split []string
	for _, revision := range slices.Sorted(maps.Keys(percents)) {
		split = append(split, fmt.Sprintf("%s=%d", revision, percents[revision]))
	}
	line, _ := f.expand("gcloud run services update-traffic {name} --project {project} --region {location} --to-revisions ")
	return line + strings.Join(split, ","), nil
}

// exists says whether the resource is there. Of one that is found in a list, it puts the number into the inputs, as id.
func (f finder) exists(k kind, path string) (bool, []byte, error) {
	there, body, err := f.get(path)
	if err != nil || !there {
		return false, nil, err
	}
	if k.remove != "" {
		command, _ := f.expand(k.remove)
		return false, nil, fmt.Errorf("it exists, and the provider would replace it after an import, which fails because its name is taken: "+
			"delete it with `%s`; `up` makes it again, and nothing is lost, because it is worked out from metrics", command)
	}
	if k.undelete != "" {
		var state struct {
			State   string
			Deleted bool
		}
		if err := json.Unmarshal(body, &state); err != nil {
			return false, nil, fmt.Errorf("read the answer: %w", err)
		}
		if state.Deleted || state.State == "DELETED" {
			command, _ := f.expand(k.undelete)
			return false, nil, fmt.Errorf("it was deleted and its name is still taken: bring it back with `%s`, then adopt it (%s)", command, k.gone)
		}
	}
	if k.list == "" {
		return true, body, nil
	}
	list := json.RawMessage(body)
	if k.list != "-" {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(body, &fields); err != nil {
			return false, nil, fmt.Errorf("read the answer: %w", err)
		}
		list = fields[k.list]
	}
	var entries []struct {
		ID   json.Number
		Name string
	}
	if err := json.Unmarshal(list, &entries); err != nil {
		return false, nil, fmt.Errorf("read the answer: %w", err)
	}
	for _, entry := range entries {
		if entry.Name == f.inputs[k.by] {
			f.inputs["id"] = entry.ID.String()
			return true, body, nil
		}
	}
	return false, nil, nil
}

func (f finder) get(path string) (bool, []byte, error) {
	request, err := http.NewRequestWithContext(f.ctx, http.MethodGet, f.base+path, nil)
	if err != nil {
		return false, nil, err
	}
	if rest, ofGoogle := strings.CutPrefix(path, "projects/"); ofGoogle {
		// A person's credentials are gcloud's own project's, where APIs are off: that would be taken for a project's without them.
		project, _, _ := strings.Cut(rest, "/")
		request.Header.Set("X-Goog-User-Project", project)
	}
	response, err := f.client.Do(request)
	if err != nil {
		return false, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	switch {
	case err != nil:
		return false, nil, err
	case response.StatusCode == http.StatusOK:
		return true, body, nil
	case response.StatusCode == http.StatusNotFound:
		return false, nil, nil
	// A project whose APIs are still off has none of their resources.
	case response.StatusCode == http.StatusForbidden && strings.Contains(string(body), "SERVICE_DISABLED"):
		return false, nil, nil
	}
	return false, nil, fmt.Errorf("answered %s", response.Status)
}

// unknown is how the engine writes a value that is not known before something is made, in previews
// (plugin.UnknownStringValue in Pulumi's SDK).
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

// expand puts inputs in the place of {input} and {+input}, and says whether all of them are known.
func (f finder) expand(pattern string) (string, bool) {
	var out strings.Builder
	for {
		before, rest, more := strings.Cut(pattern, "{")
		out.WriteString(before)
		if !more {
			return out.String(), true
		}
		key, after, _ := strings.Cut(rest, "}")
		name, whole := strings.CutPrefix(key, "+")
		value, _ := f.inputs[name].(string)
		if value == "" || value == unknown {
			return "", false
		}
		if !whole {
			value = value[strings.LastIndex(value, "/")+1:]
		}
		out.WriteString(value)
		pattern = after
	}
}
