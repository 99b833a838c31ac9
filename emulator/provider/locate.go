package provider

import (
	"context"
	"fmt"
	"net/http"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// Locate finds the resource of an interrupted creation in the cloud. It uses the path that the inputs determine. If the
// API assigns ids, it compares display names. The inputs are those in the engine's state. found is false if there is no
// such resource. It is also false for secret versions, because another version may always be created, and for settings,
// which may be set again.
//
// cloud is the address of the cloud. settings are the provider's configuration in that state. GitHub's resources need the owner;
// without an owner Locate returns an error.
func Locate(ctx context.Context, cloud Options, token string, inputs map[string]any, settings ...Settings) (id string, found bool,
	err error) {
	t, err := lookup(token)
	if err != nil {
		return "", false, err
	}
	c := &call{client: newClient(cloud.API, cloud.Token), kind: t, inputs: plainInputs(inputs)}
	if len(settings) > 0 {
		c.settings = settings[0]
	}
	switch {
	case t.switches, token == "gcp:secretmanager/secretVersion:SecretVersion":
		return "", false, nil
	case t.locate != "":
		return c.locateByPath(ctx)
	case t.locateBy != "":
		return c.locateAmong(ctx)
	}
	state, err := t.ops().read(ctx, c)
	if err != nil || state == nil {
		return "", false, err
	}
	id, err = c.idOf(state)
	return id, err == nil, err
}

// locateByPath reads a path. The name in the answer is the id.
func (c *call) locateByPath(ctx context.Context) (string, bool, error) {
	path, err := c.kind.path(c.kind.locate, c.values())
	if err != nil {
		return "", false, err
	}
	document, err := c.do(ctx, http.MethodGet, path, nil)
	if notFound(err) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("look for %s: %w", c.kind.noun(), err)
	}
	return doc.Text(document, "name"), true, nil
}

// locateAmong reads the collection page by page. It compares the property in locateBy.
func (c *call) locateAmong(ctx context.Context) (string, bool, error) {
	t, values := c.kind, c.values()
	path, err := t.path(t.collection, values)
	if err != nil {
		return "", false, err
	}
	for page := ""; ; {
		query := ""
		if page != "" {
			query = "?pageToken=" + page
		}
		answer, err := c.do(ctx, http.MethodGet, path+query, nil)
		if err != nil {
			return "", false, fmt.Errorf("look for %s: %w", t.noun(), err)
		}
		for _, field := range answer {
			members, _ := field.([]any)
			for _, m := range members {
				document, _ := m.(map[string]any)
				state := c.stateOf(document, values)
				if state[t.locateBy] == nil || !t.equivalent(t.locateBy, state[t.locateBy], c.inputs[t.locateBy]) {
					continue
				}
				c.id = doc.Text(document, "name")
				id, err := c.idOf(state)
				return id, err == nil, err
			}
		}
		if page = doc.Text(answer, "nextPageToken"); page == "" {
			return "", false, nil
		}
	}
}
