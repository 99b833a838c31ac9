package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// operations are what a resource type does. A state is the resource's outputs, its inputs among them.
type operations interface {
	create(ctx context.Context, c *call) (state map[string]any, err error)
	// read returns nil when the resource is gone.
	read(ctx context.Context, c *call) (state map[string]any, err error)
	update(ctx context.Context, c *call) (state map[string]any, err error)
	delete(ctx context.Context, c *call) error
}

// call is one request of the engine.
type call struct {
	*client
	settings Settings
	kind     *resourceType
	id       string
	// imported says that nothing but the id is known.
	imported bool
	// inputs are the new inputs, old the last ones, state the last outputs. All are plain and may be nil.
	inputs, old, state map[string]any
}

// partialError is a creation or update that took effect but did not succeed: the engine keeps the resource, marks it,
// and repairs it with the next update.
type partialError struct {
	state map[string]any
	err   error
}

func (e *partialError) Error() string { return e.err.Error() }
func (e *partialError) Unwrap() error { return e.err }

// values are what templates are filled from: the provider's settings, then the state, then the inputs.
func (c *call) values() map[string]any {
	values := c.settings.values()
	if c.id != "" && c.kind != nil {
		if fromID, err := c.kind.parseID(c.id); err == nil {
			maps.Copy(values, fromID)
		}
	}
	maps.Copy(values, c.state)
	maps.Copy(values, c.inputs)
	return values
}

// self is the resource's path.
func (c *call) self(values map[string]any) (string, error) {
	if c.kind.self == "" {
		return c.kind.path("{+id}", map[string]any{"id": c.id})
	}
	return c.kind.path(c.kind.self, values)
}

// documents are the operations of a resource that is a document of the API.
type documents struct{}

func (documents) create(ctx context.Context, c *call) (map[string]any, error) {
	t, values := c.kind, c.values()
	body := t.body(c.inputs, nil)
	if t.nameInBody {
		name, err := expand(t.self, values, url.PathEscape)
		if err != nil {
			return nil, err
		}
		body["name"] = name
	}
	method, template := http.MethodPost, t.collection
	if t.createByPut {
		method, template = http.MethodPut, t.self
	}
	path, err := t.path(template, values)
	if err != nil {
		return nil, err
	}
	if t.query != "" {
		query, err := expand(t.query, values, url.QueryEscape)
		if err != nil {
			return nil, err
		}
		path += "?" + query
	}
	answer, err := c.do(ctx, method, path, t.wrapped(body, values))
	if err != nil {
		return nil, worded(err, "Error creating %s", t.noun())
	}
	if isOperation(answer) {
		if answer, err = c.finish(ctx, t.api, answer); err != nil {
			return nil, c.afterFailure(ctx, worded(err, "Error waiting to create %s", t.noun()))
		}
	}
	if t.self == "" { // the API assigned the id
		c.id = doc.Text(answer, "name")
	}
	c.state = c.stateOf(answer, values) // what the API assigned is part of some paths
	state, err := t.ops().read(ctx, c)
	if err == nil && state == nil {
		err = fmt.Errorf("%s was created and is not there", t.noun())
	}
	return state, err
}

// afterFailure keeps what a failed operation left behind.
func (c *call) afterFailure(ctx context.Context, failure error) error {
	state, err := c.kind.ops().read(ctx, c)
	if err != nil || state == nil {
		return errors.Join(failure, err)
	}
	return &partialError{state: state, err: failure}
}

func (documents) read(ctx context.Context, c *call) (map[string]any, error) {
	values := c.values()
	path, err := c.self(values)
	if err != nil {
		return nil, err
	}
	document, err := c.do(ctx, http.MethodGet, path, nil)
	if notFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, worded(err, "Error reading %s", c.kind.noun())
	}
	return c.stateOf(document, values), nil
}

// stateOf is the resource's state for a document of the API. What the document does not hold is taken from values.
func (c *call) stateOf(document, values map[string]any) map[string]any {
	t := c.kind
	state := t.decode(document)
	for name := range shapeOf(t.state).fields {
		if state[name] == nil && values[name] != nil && (slices.Contains(t.local, name) || slices.Contains(t.writeOnly, name)) {
			state[name] = values[name]
		}
	}
	for _, name := range []string{"labels", "annotations"} {
		c.splitForeign(state, values, name)
	}
	if t.derive != nil {
		t.derive(state)
	}
	return state
}

// splitForeign leaves in a non-authoritative map only the keys that the program manages. All keys are in its
// "effective" twin, which only such maps have.
func (c *call) splitForeign(state, values map[string]any, name string) {
	fields := shapeOf(c.kind.state).fields
	effective := "effective" + strings.ToUpper(name[:1]) + name[1:]
	if _, ok := fields[effective]; !ok {
		return
	}
	all, _ := state[name].(map[string]any)
	if all == nil {
		all = map[string]any{}
	}
	state[effective] = copyObject(all)
	delete(state, name)
	// On import nothing is known about who set a key: the program takes them all.
	managed, _ := values[name].(map[string]any)
	own := map[string]any{}
	for key, value := range all {
		if _, ok := managed[key]; ok || c.imported {
			own[key] = value
		}
	}
	if _, ok := managed[provisioned]; !ok {
		delete(own, provisioned)
	}
	if len(own) > 0 {
		state[name] = copyObject(own)
	}
	if name == "labels" && c.kind.labelled() {
		if all[provisioned] != nil {
			own[provisioned] = all[provisioned]
		}
		state["pulumiLabels"] = own
	}
}

// provisioned is the label that the official provider gives to everything that it makes and that has labels. It is no
// property: it stands among the outputs.
const provisioned = "goog-pulumi-provisioned"

// labelled says whether the provider adds its label.
func (t *resourceType) labelled() bool {
	_, ok := shapeOf(t.state).fields["pulumiLabels"]
	return ok
}

// withProvisioned are the labels of a resource that is made.
func withProvisioned(labels any) map[string]any {
	out := map[string]any{provisioned: "true"}
	wanted, _ := labels.(map[string]any)
	maps.Copy(out, wanted)
	return out
}

func (documents) update(ctx context.Context, c *call) (map[string]any, error) {
	t, values := c.kind, c.values()
	if t.update == updateNone {
		return t.ops().read(ctx, c)
	}
	path, err := c.self(values)
	if err != nil {
		return nil, err
	}
	body, method := t.body(c.inputs, c.state), http.MethodPatch
	mask := t.changedFields(c.state, c.inputs)
	switch t.update {
	case updateMask, updateInBody:
		if len(mask) == 0 { // only the provider's own switches changed
			return t.ops().read(ctx, c)
		}
		body = onlyFields(body, mask)
		if t.update == updateMask {
			path += "?updateMask=" + url.QueryEscape(strings.Join(mask, ","))
		}
	case updatePut:
		method = http.MethodPut
	}
	var request any = body
	if t.update == updateInBody {
		request = map[string]any{t.wrap: body, "updateMask": strings.Join(mask, ",")}
	}
	answer, err := c.do(ctx, method, path, request)
	if err == nil && isOperation(answer) {
		if _, err = c.finish(ctx, t.api, answer); err != nil {
			return nil, c.afterFailure(ctx, worded(err, "Error waiting for updating %s %q", t.noun(), c.id))
		}
	}
	if err != nil {
		return nil, worded(err, "Error updating %s %q", t.noun(), c.id)
	}
	return t.ops().read(ctx, c)
}

func (documents) delete(ctx context.Context, c *call) error {
	path, err := c.self(c.values())
	if err != nil {
		return err
	}
	answer, err := c.do(ctx, http.MethodDelete, path, nil)
	if err == nil && isOperation(answer) {
		_, err = c.finish(ctx, c.kind.api, answer)
	}
	if err != nil && !notFound(err) {
		return worded(err, "Error when reading or editing %s %q", c.kind.noun(), c.id)
	}
	return nil
}

// noun is the type's name in messages.
func (t *resourceType) noun() string { return t.token[strings.LastIndex(t.token, ":")+1:] }

// body is the document that is sent: the inputs; what the program leaves to the API, as the API last had it; and the
// labels and annotations that others have put there.
func (t *resourceType) body(inputs, state map[string]any) map[string]any {
	merged := t.plan(inputs, state)
	if state == nil && t.labelled() {
		merged["labels"] = withProvisioned(merged["labels"])
	}
	for name, effective := range map[string]string{"labels": "effectiveLabels", "annotations": "effectiveAnnotations"} {
		foreign, _ := copyValue(state[effective]).(map[string]any)
		if len(foreign) == 0 {
			continue
		}
		managed, _ := state[name].(map[string]any)
		for key := range managed {
			delete(foreign, key)
		}
		wanted, _ := merged[name].(map[string]any)
		maps.Copy(foreign, wanted)
		merged[name] = foreign
	}
	return t.encode(merged)
}

// wrapped is the body of a creation.
func (t *resourceType) wrapped(body, values map[string]any) map[string]any {
	if t.wrap == "" {
		return body
	}
	request := map[string]any{t.wrap: body}
	for _, name := range t.wrapWith {
		request[name] = values[name]
	}
	return request
}

// changedFields are the API's names of the top-level fields that changed.
func (t *resourceType) changedFields(state, inputs map[string]any) []string {
	var mask []string
	for _, c := range t.diff(state, inputs) {
		name := topLevel(c.path)
		field, _, _ := strings.Cut(t.apiName(name), ".")
		if !slices.Contains(t.local, name) && !slices.Contains(mask, field) {
			mask = append(mask, field)
		}
	}
	slices.Sort(mask)
	return mask
}

// onlyFields is the part of a document that a mask speaks about. A field the mask names and the document lacks is cleared.
func onlyFields(document map[string]any, mask []string) map[string]any {
	out := map[string]any{}
	for _, field := range mask {
		if value := document[field]; value != nil {
			out[field] = value
		}
	}
	return out
}
