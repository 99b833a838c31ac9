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

// operations are what a resource type can do. A state holds the resource's outputs, including its inputs.
type operations interface {
	create(ctx context.Context, c *call) (state map[string]any, err error)
	// read returns nil if the resource no longer exists.
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
	// imported says that only the id of the resource is known.
	imported bool
	// inputs are the new inputs, old the last inputs, and state the last outputs. All are plain values and may be nil.
	inputs, old, state map[string]any
}

// partialError reports a creation or update that took effect without succeeding. The engine keeps the resource, marks it, and
// repairs it in the next update.
type partialError struct {
	state map[string]any
	err   error
}

func (e *partialError) Error() string { return e.err.Error() }
func (e *partialError) Unwrap() error { return e.err }

// values returns the values that fill templates: the provider's settings, overridden by the state, overridden by the inputs.
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

// self returns the resource's path.
func (c *call) self(values map[string]any) (string, error) {
	if c.kind.self == "" {
		return c.kind.path("{+id}", map[string]any{"id": c.id})
	}
	return c.kind.path(c.kind.self, values)
}

// documents implements operations for a resource that is a document of the API.
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
	if t.self == "" { // the API has assigned the id
		c.id = doc.Text(answer, "name")
	}
	c.state = c.stateOf(answer, values) // some paths contain values that the API has assigned
	state, err := t.ops().read(ctx, c)
	if err == nil && state == nil {
		err = fmt.Errorf("%s was created, but the cloud does not have it", t.noun())
	}
	return state, err
}

// send sends a request, and waits for the operation with which it is answered.
func (c *call) send(ctx context.Context, method, path string, body any) error {
	answer, err := c.do(ctx, method, path, body)
	if err == nil && isOperation(answer) {
		_, err = c.finish(ctx, c.kind.api, answer)
	}
	return err
}

// enable calls the method that enables a resource, or the one that disables it.
func (c *call) enable(ctx context.Context, enabled bool) error {
	verb := ":enable"
	if !enabled {
		verb = ":disable"
	}
	_, err := c.do(ctx, http.MethodPost, c.kind.api+c.id+verb, map[string]any{})
	return err
}

// afterFailure reads the resource that a failed operation may have left behind.
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

// stateOf converts a document of the API to the resource's state. Properties that the document does not have come from values.
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

// splitForeign leaves only the program's own keys in a map that others may extend. All keys are in the map's "effective" twin.
// Only such maps have a twin.
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
	// An import does not know who set a key, so the program takes over all of them.
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

// provisioned is the label that the official provider adds to everything that it creates and that can have labels. It is an
// output and not a property.
const provisioned = "goog-pulumi-provisioned"

// labelled reports whether the provider adds its label to the type.
func (t *resourceType) labelled() bool {
	_, ok := shapeOf(t.state).fields["pulumiLabels"]
	return ok
}

// withProvisioned returns the labels of a new resource, including the provider's own label.
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
		if len(mask) == 0 { // only properties of the provider itself have changed
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
	if err := c.send(ctx, http.MethodDelete, path, nil); err != nil && !notFound(err) {
		return worded(err, "Error when reading or editing %s %q", c.kind.noun(), c.id)
	}
	return nil
}

// noun returns the type's name for messages.
func (t *resourceType) noun() string { return t.token[strings.LastIndex(t.token, ":")+1:] }

// body returns the document to send. It contains the inputs, the API's last values of properties that the program leaves to the
// API, and the labels and annotations that others have set.
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

// wrapped returns the request body of a creation.
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

// changedFields returns the API's names of the top-level fields that have changed.
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

// onlyFields returns the fields of a document that a mask names. The API clears a field that the document lacks.
func onlyFields(document map[string]any, mask []string) map[string]any {
	out := map[string]any{}
	for _, field := range mask {
		if value := document[field]; value != nil {
			out[field] = value
		}
	}
	return out
}
