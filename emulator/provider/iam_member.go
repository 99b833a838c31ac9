package provider

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// policyAttempts is how often a change of a policy is tried if others change the policy at the same time. Each attempt reads the
// policy again, so that nobody's grant is lost.
const policyAttempts = 10

// iamMember implements operations for one member of one binding in a resource's policy. The row's collection is the resource's
// path.
type iamMember struct {
	// post says that the policy is read with POST, as in the older APIs. inBody says that the options are in the body.
	post, inBody bool
	// resource says that the policy is a separate resource, read with GET and written with PUT, as in Cloud Storage.
	resource bool
}

// memberRow completes a row for the IAM members of a kind of resource. The row's self is the path of that resource. The row's id, if it is
// not self, is the resource's part of the id.
func memberRow(row *resourceType) *resourceType {
	row.collection, row.id = row.self, cmp.Or(row.id, row.self)+"/{+role}/{+member}"
	row.local = append(row.local, "role", "member", "condition", "etag")
	return row
}

func (m iamMember) create(ctx context.Context, c *call) (map[string]any, error) {
	err := m.change(ctx, c, func(policy map[string]any) bool {
		binding := findBinding(policy, c.inputs)
		if binding == nil {
			binding = map[string]any{"role": c.inputs["role"]}
			if condition := c.inputs["condition"]; condition != nil {
				binding["condition"] = copyValue(condition)
			}
			bindings, _ := policy["bindings"].([]any)
			policy["bindings"] = append(bindings, binding)
		}
		members, _ := binding["members"].([]any)
		if hasMember(members, c.inputs["member"]) {
			return false
		}
		binding["members"] = append(members, c.inputs["member"])
		return true
	})
	if err != nil {
		return nil, err
	}
	state, err := m.read(ctx, c)
	if err == nil && state == nil {
		err = fmt.Errorf("%s %s was granted %s, but the policy does not have it", c.kind.noun(), doc.Text(c.inputs, "member"),
			doc.Text(c.inputs, "role"))
	}
	return state, err
}

func (m iamMember) read(ctx context.Context, c *call) (map[string]any, error) {
	values := c.values()
	policy, err := m.policy(ctx, c, values)
	if notFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	binding := findBinding(policy, values)
	members, _ := binding["members"].([]any)
	if binding == nil || !hasMember(members, values["member"]) {
		return nil, nil
	}
	state := map[string]any{}
	for name := range shapeOf(c.kind.state).fields {
		if value := values[name]; value != nil {
			state[name] = value
		}
	}
	if doc.Text(policy, "etag") != "" {
		state["etag"] = doc.Text(policy, "etag")
	}
	return state, nil
}

// update is never called, because a change of any property requires a new member.
func (m iamMember) update(ctx context.Context, c *call) (map[string]any, error) {
	return m.read(ctx, c)
}

func (m iamMember) delete(ctx context.Context, c *call) error {
	err := m.change(ctx, c, func(policy map[string]any) bool {
		binding := findBinding(policy, c.state)
		members, _ := binding["members"].([]any)
		if binding == nil || !hasMember(members, c.state["member"]) {
			return false
		}
		left := slices.DeleteFunc(members, func(member any) bool { return sameMember(member, c.state["member"]) })
		binding["members"] = left
		if len(left) == 0 {
			bindings := policy["bindings"].([]any)
			policy["bindings"] = slices.DeleteFunc(bindings, func(other any) bool { return equal(other, any(binding)) })
		}
		return true
	})
	if notFound(err) {
		return nil
	}
	return err
}

// change reads the policy, changes it, and writes it back with its etag. It tries again if the policy has changed in the
// meantime.
func (m iamMember) change(ctx context.Context, c *call, edit func(policy map[string]any) bool) error {
	values := c.values()
	path, err := c.kind.path(c.kind.collection, values)
	if err != nil {
		return err
	}
	// Changes of the same policy wait for each other, so that they do not conflict.
	defer c.lock(path)()
	pause := 10 * time.Millisecond
	for attempt := 1; ; attempt++ {
		policy, err := m.policy(ctx, c, values)
		if err != nil {
			return err
		}
		if !edit(policy) {
			return nil
		}
		bindings, _ := policy["bindings"].([]any)
		if slices.ContainsFunc(bindings, func(b any) bool { return b.(map[string]any)["condition"] != nil }) {
			policy["version"] = 3.0 // the version that allows conditions
		}
		if m.resource {
			_, err = c.do(ctx, http.MethodPut, path+"/iam", policy)
		} else {
			_, err = c.do(ctx, http.MethodPost, path+":setIamPolicy", map[string]any{"policy": policy})
		}
		if err == nil {
			return nil
		}
		if !hasCode(err, http.StatusConflict, http.StatusPreconditionFailed) || attempt == policyAttempts {
			return worded(err, "Error applying IAM policy for %s: Error setting IAM policy for %s", c.kind.noun(),
				strings.TrimPrefix(path, c.kind.api))
		}
		if err := c.wait(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, time.Second)
	}
}

func (m iamMember) policy(ctx context.Context, c *call, values map[string]any) (map[string]any, error) {
	path, err := c.kind.path(c.kind.collection, values)
	if err != nil {
		return nil, err
	}
	method, query, body := http.MethodGet, ":getIamPolicy?options.requestedPolicyVersion=3", any(nil)
	if m.post {
		method = http.MethodPost
	}
	if m.inBody {
		query, body = ":getIamPolicy", map[string]any{"options": map[string]any{"requestedPolicyVersion": 3}}
	}
	if m.resource {
		query = "/iam?optionsRequestedPolicyVersion=3"
	}
	policy, err := c.do(ctx, method, path+query, body)
	if err != nil {
		return nil, worded(err, "Error retrieving IAM policy for %s", strings.TrimPrefix(path, c.kind.api))
	}
	return policy, nil
}

// findBinding returns the binding with the role and the condition, or nil if there is no such binding.
func findBinding(policy, values map[string]any) map[string]any {
	bindings, _ := policy["bindings"].([]any)
	for _, b := range bindings {
		binding, _ := b.(map[string]any)
		if equal(binding["role"], values["role"]) && sameCondition(binding["condition"], values["condition"]) {
			return binding
		}
	}
	return nil
}

func sameCondition(a, b any) bool {
	clean := func(value any) map[string]any {
		object, _ := value.(map[string]any)
		out := maps.Clone(object)
		maps.DeleteFunc(out, func(_ string, v any) bool { return isZero(v) })
		return out
	}
	return maps.EqualFunc(clean(a), clean(b), equal)
}

func hasMember(members []any, member any) bool {
	return slices.ContainsFunc(members, func(other any) bool { return sameMember(other, member) })
}

// sameMember compares members as IAM does: emails regardless of case, principals exactly.
func sameMember(a, b any) bool {
	x, y := fmt.Sprint(a), fmt.Sprint(b)
	if strings.HasPrefix(x, "principal") {
		return x == y
	}
	return strings.EqualFold(x, y)
}
