// Package github emulates GitHub's API for a repository: environments, variables, rulesets, Actions permissions, vulnerability
// alerts.
package github

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/ids"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// Repository is a GitHub repository as it exists before the platform is set up.
type Repository struct {
	// Owner and Name name the repository: OWNER/NAME. Required.
	Owner string `json:"owner"`
	Name  string `json:"name"`
	// OwnerID and ID are GitHub's numbers for the owner and the repository. Required.
	OwnerID int64 `json:"ownerId"`
	ID      int64 `json:"id"`
	// Branch is the default branch. Default: main.
	Branch string `json:"branch,omitempty"`
	// UserIDs are the users who may review deployments here, in addition to the owner. Default: none.
	UserIDs []int64 `json:"userIds,omitempty"`
}

// Prefix is the path of the API. It is the path of a GitHub Enterprise server, which clients add to a host of their choice.
const Prefix = "/gh/api/v3/"

// maxBody is the largest request body that is read.
const maxBody = 4 << 20

// repositories is the prefix of a repository's key.
const repositories = "//api.github.com/repos/"

var nameForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,100}$`)

// Hub is the emulated GitHub. It is an http.Handler for the paths below [Prefix]. Its methods may be called from several
// goroutines.
type Hub struct {
	store *store.Store
	now   func() time.Time
	ids   *ids.Source
}

// New serves the repositories in the store.
func New(documents *store.Store, now func() time.Time, source *ids.Source) *Hub {
	return &Hub{store: documents, now: now, ids: source}
}

// Ensure creates the repository if it does not exist, and adds users that are new to it. The error says what is wrong, or that
// the repository exists with another number.
func (h *Hub) Ensure(r Repository) error {
	if !nameForm.MatchString(r.Owner) || !nameForm.MatchString(r.Name) || r.ID <= 0 || r.OwnerID <= 0 {
		return fmt.Errorf("GitHub repository %s/%s (%d, owner %d): want an owner, a name and their numbers", r.Owner, r.Name, r.ID, r.OwnerID)
	}
	key := repositories + strings.ToLower(r.Owner+"/"+r.Name)
	return h.store.Update(func(tx *store.Tx) error {
		there := tx.Get(key)
		if there == nil {
			page := "https://github.com/" + r.Owner + "/" + r.Name
			owner := map[string]any{"login": r.Owner, "id": r.OwnerID, "type": "User"}
			there = store.Document{"id": r.ID, "name": r.Name, "full_name": r.Owner + "/" + r.Name, "private": false, "visibility": "public",
				"default_branch": cmp.Or(r.Branch, "main"), "archived": false, "html_url": page, "node_id": fmt.Sprintf("R_%d", r.ID), "owner": owner}
		} else if int64(doc.Number(there, "id")) != r.ID {
			return fmt.Errorf("GitHub repository %s/%s has number %d in this emulator and %d in the settings; delete the emulator's state folder "+
				"to start over", r.Owner, r.Name, int64(doc.Number(there, "id")), r.ID)
		}
		users := map[string]any{strconv.FormatInt(r.OwnerID, 10): r.Owner}
		maps.Copy(users, doc.Object(tx.Get("users:"+key), "users"))
		for _, id := range r.UserIDs {
			doc.Default(users, strconv.FormatInt(id, 10), fmt.Sprintf("user-%d", id))
		}
		return errors.Join(tx.Put(key, there), tx.Put("users:"+key, store.Document{"users": users}))
	})
}

// refusal is an error in GitHub's words.
type refusal struct {
	Code    int
	Message string
	Errors  []any
}

func (e *refusal) Error() string { return fmt.Sprintf("%d %s", e.Code, e.Message) }

func missing() error { return &refusal{Code: http.StatusNotFound, Message: "Not Found"} }

func invalid(resource, field, message string) error {
	return &refusal{Code: http.StatusUnprocessableEntity, Message: "Validation Failed",
		Errors: []any{map[string]any{"resource": resource, "field": field, "code": "invalid", "message": message}}}
}

// request is one call of GitHub's API for a repository.
type request struct {
	ids    *ids.Source
	tx     *store.Tx
	method string
	query  url.Values
	repo   string // the repository's key
	body   map[string]any
	now    string
}

// ServeHTTP answers one request.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		doc.Respond(w, http.StatusRequestEntityTooLarge, map[string]any{"message": "Payload too big"})
		return
	}
	code, answer, err := h.answer(r, raw)
	var problem *refusal
	switch {
	case errors.As(err, &problem):
		body := map[string]any{"message": problem.Message, "documentation_url": "https://docs.github.com/rest",
			"status": strconv.Itoa(problem.Code)}
		if len(problem.Errors) > 0 {
			body["errors"] = problem.Errors
		}
		doc.Respond(w, problem.Code, body)
	case err != nil:
		doc.Respond(w, http.StatusInternalServerError, map[string]any{"message": err.Error()})
	case answer == nil:
		w.WriteHeader(code)
	default:
		doc.Respond(w, code, answer)
	}
}

// answer runs the request as one transaction.
func (h *Hub) answer(r *http.Request, raw []byte) (code int, answer any, err error) {
	q := &request{ids: h.ids, method: r.Method, query: r.URL.Query(), body: map[string]any{},
		now: h.now().UTC().Format("2006-01-02T15:04:05Z")}
	if len(raw) > 0 && json.Unmarshal(raw, &q.body) != nil {
		return 0, nil, &refusal{Code: http.StatusBadRequest, Message: "Problems parsing JSON"}
	}
	run := h.store.Update
	if r.Method == http.MethodGet {
		run = h.store.View
	}
	err = run(func(tx *store.Tx) error {
		q.tx = tx
		var err error
		code, answer, err = q.dispatch(strings.TrimPrefix(r.URL.EscapedPath(), Prefix))
		return err
	})
	return code, answer, err
}

func (h *request) dispatch(rest string) (int, any, error) {
	var parts []string
	for _, part := range strings.Split(strings.Trim(rest, "/"), "/") {
		segment, err := url.PathUnescape(part)
		if err != nil || segment == "" {
			return 0, nil, missing()
		}
		parts = append(parts, strings.ReplaceAll(segment, "/", "%2F"))
	}
	switch {
	case len(parts) >= 3 && parts[0] == "repos":
		h.repo, parts = repositories+strings.ToLower(parts[1]+"/"+parts[2]), parts[3:]
	case len(parts) >= 2 && parts[0] == "repositories":
		h.repo, parts = h.byNumber(parts[1]), parts[2:]
	default:
		return 0, nil, missing()
	}
	repository := h.tx.Get(h.repo)
	if repository == nil {
		return 0, nil, missing()
	}
	switch {
	case len(parts) == 0 && h.method == http.MethodGet:
		return http.StatusOK, repository, nil
	case len(parts) >= 1 && parts[0] == "environments":
		return h.environments(parts[1:])
	case len(parts) >= 2 && parts[0] == "actions" && parts[1] == "variables":
		return h.variables(h.repo+"/variables", parts[2:])
	case len(parts) >= 2 && parts[0] == "actions" && parts[1] == "permissions":
		return h.actionsPermissions(parts[2:])
	case len(parts) >= 1 && parts[0] == "rulesets":
		return h.rulesets(parts[1:])
	case len(parts) == 1 && parts[0] == "vulnerability-alerts":
		return h.vulnerabilityAlerts()
	}
	return 0, nil, missing()
}

// byNumber returns the key of the repository with that number, or "".
func (h *request) byNumber(id string) string {
	for _, key := range h.tx.List(repositories) {
		isRepository := strings.Count(key, "/") == strings.Count(repositories, "/")+1
		if isRepository && strconv.FormatInt(int64(doc.Number(h.tx.Get(key), "id")), 10) == id {
			return key
		}
	}
	return ""
}

// entries answers for a collection and its entries. A collection can be listed and added to. An entry can be read, deleted, and
// changed with the HTTP method that GitHub has for it. put creates an entry if it does not exist.
func (h *request) entries(
	collection string, rest []string, change string, list func() (int, any, error), put func(there map[string]any) (int, any, error),
) (int, any, error) {
	if len(rest) == 0 {
		switch h.method {
		case http.MethodGet:
			return list()
		case http.MethodPost:
			return put(nil)
		}
		return 0, nil, missing()
	}
	there := h.tx.Get(collection + "/" + rest[0])
	if there == nil || len(rest) > 1 {
		return 0, nil, missing()
	}
	switch h.method {
	case http.MethodGet:
		return http.StatusOK, there, nil
	case change:
		return put(there)
	case http.MethodDelete:
		return http.StatusNoContent, nil, h.tx.Delete(collection + "/" + rest[0])
	}
	return 0, nil, missing()
}

// all returns the documents directly below a key, sorted by key.
func (h *request) all(collection string) []any {
	items := []any{}
	for _, key := range h.tx.List(collection + "/") {
		if !strings.Contains(key[len(collection)+1:], "/") {
			items = append(items, h.tx.Get(key))
		}
	}
	return items
}

// page answers with one page of a list, as GitHub does: at most 100 items, 30 by default.
func (h *request) page(field string, items []any) (int, any, error) {
	size, err := strconv.Atoi(h.query.Get("per_page"))
	if err != nil || size < 1 {
		size = 30
	}
	size = min(size, 100)
	page, err := strconv.Atoi(h.query.Get("page"))
	if err != nil || page < 1 {
		page = 1
	}
	start := min((page-1)*size, len(items))
	return http.StatusOK, map[string]any{"total_count": len(items), field: items[start:min(start+size, len(items))]}, nil
}

// number returns a new number for a GitHub object.
func (h *request) number() float64 {
	id, _ := strconv.ParseFloat(h.ids.Digits(9), 64)
	return id
}

// idOf returns the number of a GitHub object as a text.
func idOf(document map[string]any) string {
	return strconv.FormatFloat(doc.Number(document, "id"), 'f', 0, 64)
}

var variableForm = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`)

// variables answers for the variables of the repository or of one environment.
func (h *request) variables(collection string, rest []string) (int, any, error) {
	id := strings.ToUpper(doc.Text(h.body, "name"))
	if len(rest) > 0 {
		id = strings.ToUpper(rest[0])
		rest = append([]string{id}, rest[1:]...)
	}
	return h.entries(collection, rest, http.MethodPatch,
		func() (int, any, error) { return h.page("variables", h.all(collection)) },
		func(there map[string]any) (int, any, error) { return h.putVariable(collection, id, there) })
}

func (h *request) putVariable(collection, id string, there map[string]any) (int, any, error) {
	value, given := h.body["value"].(string)
	target := id
	if renamed := strings.ToUpper(doc.Text(h.body, "name")); there != nil && renamed != "" {
		target = renamed
	}
	switch {
	case !variableForm.MatchString(target) || strings.HasPrefix(target, "GITHUB_"):
		return 0, nil, invalid("ActionsVariable", "name", "Variable names may contain letters, digits and underscores only, must not begin "+
			"with a digit or with GITHUB_.")
	case there == nil && (!given || value == "") || len(value) > 48<<10:
		return 0, nil, invalid("ActionsVariable", "value", "Variable values must have 1 to 49152 bytes.")
	case (there == nil || target != id) && h.tx.Has(collection+"/"+target):
		return 0, nil, &refusal{Code: http.StatusConflict, Message: "Already exists - Variable already exists"}
	}
	code := http.StatusNoContent
	if there == nil {
		code, there = http.StatusCreated, map[string]any{"created_at": h.now}
	}
	if given {
		there["value"] = value
	}
	there["name"], there["updated_at"] = target, h.now
	if target != id {
		if err := h.tx.Delete(collection + "/" + id); err != nil {
			return 0, nil, err
		}
	}
	err := h.tx.Put(collection+"/"+target, there)
	if code == http.StatusCreated {
		return code, map[string]any{}, err
	}
	return code, nil, err
}

func (h *request) deleteTree(key string) error {
	for _, name := range append(h.tx.List(key+"/"), key) {
		if err := h.tx.Delete(name); err != nil {
			return err
		}
	}
	return nil
}
