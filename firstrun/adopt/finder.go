package adopt

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// finder asks one API for one planned resource.
type finder struct {
	ctx    context.Context
	client *http.Client
	base   string
	inputs map[string]any
}

// sees returns an error if GitHub's repository cannot be read.
func (f finder) sees(repository string) error {
	name := strings.TrimPrefix(repository, "repos/")
	if f.client == nil {
		return fmt.Errorf("the plan has resources of GitHub's repository %s: set GITHUB_TOKEN to a token that administers it (gh auth token)",
			name)
	}
	found, err := f.get(repository)
	if err == nil && found == nil {
		err = errors.New("it does not exist, or the token may not read it")
	}
	if err != nil {
		return fmt.Errorf("look into GitHub's repository %s: %w", name, err)
	}
	return nil
}

// exists reads the resource, nil if it is absent. If it finds the resource in a list, it puts its number into the inputs, as id.
func (f finder) exists(k kind, path string) (map[string]any, error) {
	found, err := f.get(path)
	if err != nil || found == nil {
		return nil, err
	}
	if k.list == "" {
		live, is := found.(map[string]any)
		if !is {
			return nil, errors.New("read the answer: it is not an object")
		}
		return live, nil
	}
	if k.list != "-" {
		found = field(found, k.list)
	}
	entries, is := found.([]any)
	if !is && found != nil {
		return nil, errors.New("read the answer: it is not a list")
	}
	for _, entry := range entries {
		if live, is := entry.(map[string]any); is && text(live, "name") == f.inputs[k.by] {
			f.inputs["id"] = text(live, "id")
			return live, nil
		}
	}
	return nil, nil
}

// refusal says why a resource that exists cannot be imported, and what to do.
func (f finder) refusal(k kind, live map[string]any) (why, do string) {
	if k.undelete != "" && (field(live, "deleted") == true || text(live, "state") == "DELETED") {
		command, _ := f.expand(k.undelete)
		return "it was deleted and its name is still taken", fmt.Sprintf("bring it back with `%s`, then run adopt again; %s", command, k.gone)
	}
	if k.remove != "" {
		command, _ := f.expand(k.remove)
		return "somebody made it by hand: after an import the provider would replace it, and fail because its name is taken",
			fmt.Sprintf("delete it with `%s`; `up` makes it again, and nothing is lost, because it is computed from metrics", command)
	}
	for _, immutable := range k.immutable {
		planned, now := flat(field(f.inputs, strings.Fields(immutable.input)...)), flat(field(live, strings.Fields(immutable.live)...))
		if planned == unknown {
			continue
		}
		if planned, now = cmp.Or(planned, immutable.absent), cmp.Or(now, immutable.absent); !strings.EqualFold(planned, now) {
			return fmt.Sprintf("its %s is %s and the program's is %s, which cannot be changed: `up` would delete it and make another",
				immutable.what, now, planned), k.instead
		}
	}
	return "", ""
}

// get reads the document at a path. It returns nil if there is no document.
func (f finder) get(path string) (any, error) {
	request, err := http.NewRequestWithContext(f.ctx, http.MethodGet, f.base+path, nil)
	if err != nil {
		return nil, err
	}
	if rest, ofGoogle := strings.CutPrefix(path, "projects/"); ofGoogle {
		// A person's credentials count for gcloud's own project, whose APIs are off. Its answer would look as if this project's
		// APIs were off.
		project, _, _ := strings.Cut(rest, "/")
		request.Header.Set("X-Goog-User-Project", project)
	}
	response, err := f.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 16<<20))
	switch {
	case err != nil:
		return nil, err
	case response.StatusCode == http.StatusNotFound:
		return nil, nil
	// A project whose APIs are still off has none of their resources.
	case response.StatusCode == http.StatusForbidden && strings.Contains(string(body), "SERVICE_DISABLED"):
		return nil, nil
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("answered %s", response.Status)
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber() // ids of GitHub are longer than a float is exact
	var found any
	if err := decoder.Decode(&found); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return found, nil
}

// expand replaces {input} and {+input} by the inputs, and says whether all of them are known.
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
