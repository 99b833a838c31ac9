package github

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// A new repository of a user has these settings on GitHub.
var (
	firstActions = map[string]any{"enabled": true, "allowed_actions": "all", "sha_pinning_required": false}
	firstToken   = map[string]any{"default_workflow_permissions": "read", "can_approve_pull_request_reviews": false}
	noSelection  = map[string]any{"github_owned_allowed": false, "verified_allowed": false, "patterns_allowed": []any{}}
)

// setting returns a document of the repository that always exists. first is its content before the first write.
func (h *request) setting(name string, first map[string]any) map[string]any {
	document := maps.Clone(first)
	maps.Copy(document, h.tx.Get(h.repo+"/"+name))
	return document
}

// actionsPermissions answers which actions may run, and what a workflow's token may do.
func (h *request) actionsPermissions(rest []string) (int, any, error) {
	permissions := h.setting("actions-permissions", firstActions)
	switch {
	case len(rest) == 0:
		return h.allowedActions(permissions)
	case len(rest) == 1 && rest[0] == "selected-actions":
		if permissions["allowed_actions"] != "selected" || !doc.Flag(permissions, "enabled") {
			return 0, nil, &refusal{Code: http.StatusConflict, Message: "Actions permissions are not set to selected: set allowed_actions to " +
				"selected first"}
		}
		return h.selectedActions()
	case len(rest) == 1 && rest[0] == "workflow":
		return h.workflowToken()
	}
	return 0, nil, missing()
}

// allowedActions keeps sha_pinning_required if a PUT leaves it out. While actions are disabled, GitHub does not show
// allowed_actions.
func (h *request) allowedActions(permissions map[string]any) (int, any, error) {
	if h.method == http.MethodGet {
		if !doc.Flag(permissions, "enabled") {
			return http.StatusOK, map[string]any{"enabled": false, "sha_pinning_required": permissions["sha_pinning_required"]}, nil
		}
		return http.StatusOK, permissions, nil
	}
	if h.method != http.MethodPut {
		return 0, nil, missing()
	}
	if err := h.fields(map[string]string{"enabled": "boolean!", "allowed_actions": "all|local_only|selected",
		"sha_pinning_required": "boolean"}); err != nil {
		return 0, nil, err
	}
	maps.Copy(permissions, h.body)
	if h.body["allowed_actions"] == nil {
		permissions["allowed_actions"] = "all"
	}
	return http.StatusNoContent, nil, h.tx.Put(h.repo+"/actions-permissions", permissions)
}

// selectable matches a pattern of allowed actions: OWNER/NAME, optionally followed by a path or *, and by @ with a ref or *.
var selectable = regexp.MustCompile(`^[A-Za-z0-9*][A-Za-z0-9_.*-]*(/[A-Za-z0-9_.*-]+)+(@\S+)?$`)

func (h *request) selectedActions() (int, any, error) {
	if h.method == http.MethodGet {
		return http.StatusOK, h.setting("selected-actions", noSelection), nil
	}
	if h.method != http.MethodPut {
		return 0, nil, missing()
	}
	if err := h.fields(map[string]string{"github_owned_allowed": "boolean", "verified_allowed": "boolean",
		"patterns_allowed": "array"}); err != nil {
		return 0, nil, err
	}
	for _, pattern := range doc.List(h.body, "patterns_allowed") {
		if written, _ := pattern.(string); !selectable.MatchString(written) {
			return 0, nil, invalid("ActionsPermissions", "patterns_allowed", "not a pattern of actions: want OWNER/NAME@REF")
		}
	}
	selected := h.setting("selected-actions", noSelection)
	maps.Copy(selected, h.body)
	return http.StatusNoContent, nil, h.tx.Put(h.repo+"/selected-actions", selected)
}

func (h *request) workflowToken() (int, any, error) {
	token := h.setting("workflow-token", firstToken)
	if h.method == http.MethodGet {
		return http.StatusOK, token, nil
	}
	if h.method != http.MethodPut {
		return 0, nil, missing()
	}
	if err := h.fields(map[string]string{"default_workflow_permissions": "read|write",
		"can_approve_pull_request_reviews": "boolean"}); err != nil {
		return 0, nil, err
	}
	maps.Copy(token, h.body)
	return http.StatusNoContent, nil, h.tx.Put(h.repo+"/workflow-token", token)
}

// vulnerabilityAlerts answers with a status code only: 204 if the alerts are on, 404 if they are off.
func (h *request) vulnerabilityAlerts() (int, any, error) {
	key := h.repo + "/vulnerability-alerts"
	switch h.method {
	case http.MethodGet:
		if !h.tx.Has(key) {
			return 0, nil, &refusal{Code: http.StatusNotFound, Message: "Vulnerability alerts are disabled."}
		}
		return http.StatusNoContent, nil, nil
	case http.MethodPut:
		return http.StatusNoContent, nil, h.tx.Put(key, map[string]any{"enabled": true})
	case http.MethodDelete:
		return http.StatusNoContent, nil, h.tx.Delete(key)
	}
	return 0, nil, missing()
}

// fields keeps of the request's body the fields of a form.
func (h *request) fields(form map[string]string) error { return keepFields(h.body, form, "") }

// keepFields removes the fields of a document that a form does not have, because GitHub ignores unknown and read-only fields. It refuses
// a field whose value has another form. The form maps a field to a type, or to values separated by |; a ! at the end marks a required
// field. Errors have the words of GitHub's own check and begin with where.
func keepFields(document map[string]any, form map[string]string, where string) error {
	refuse := func(problem string) error {
		return &refusal{Code: http.StatusUnprocessableEntity, Message: "Invalid request.\n\n" + where + problem}
	}
	for _, field := range sortedFields(document) {
		kind, known := form[field]
		if !known {
			delete(document, field)
			continue
		}
		if problem := fieldProblem(field, document[field], kind); problem != "" {
			return refuse(problem)
		}
	}
	for _, field := range sortedFields(form) {
		if _, given := document[field]; !given && strings.HasSuffix(form[field], "!") {
			return refuse(`"` + field + `" wasn't supplied.`)
		}
	}
	return nil
}

func fieldProblem(field string, value any, kind string) string {
	kind = strings.TrimSuffix(kind, "!")
	fits := false
	switch kind {
	case "boolean":
		_, fits = value.(bool)
	case "array":
		_, fits = value.([]any)
	case "object":
		_, fits = value.(map[string]any)
	case "string":
		_, fits = value.(string)
	case "integer":
		n, isNumber := value.(float64)
		fits = isNumber && n == float64(int64(n))
	default:
		written, _ := value.(string)
		if !slices.Contains(strings.Split(kind, "|"), written) {
			return "Invalid property /" + field + ": must be one of " + kind + "."
		}
		return ""
	}
	if !fits {
		return "For 'properties/" + field + "', the value is not of type " + kind + "."
	}
	return ""
}
