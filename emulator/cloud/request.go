package cloud

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud/schema"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// request is one call of a Google API.
type request struct {
	cloud        *Cloud
	method       string
	query        url.Values
	quotaProject string
	now          time.Time
	disturbance  Disturbance

	tx   *store.Tx
	body map[string]any
}

// served are the APIs: where each is, and its name in package schema. They are tried in this order.
var served = []struct{ prefix, api string }{
	{"run/v2", "run"}, {"iam/v1", "iam"}, {"crm/v1", "crm"}, {"ar/v1", "ar"}, {"sm/v1", "sm"}, {"mon/v3", "mon"}, {"mon/v1", "dash"},
	{"budgets/v1", "budgets"}, {"cb/v1", "cb"}, {"su/v1", "su"}, {"log/v2", "log"}, {"kms/v1", "kms"}, {"ca/v1", "ca"},
	{"ca/v1beta1", "cabeta"}, {"ba/v1", "ba"},
}

// Prefixes are the places of Google's APIs, each with its name in package schema.
func Prefixes() map[string]string {
	all := map[string]string{}
	for _, s := range served {
		all[s.prefix] = s.api
	}
	return all
}

var (
	errRollBack = errors.New("validate only")
	// errNoMethod is the answer to a method that the API does not have, and becomes [unserved] for one that it has.
	errNoMethod = notFound("Method not found.")
)

func unserved(m schema.Method) *Error {
	return refuse(http.StatusNotImplemented, "UNIMPLEMENTED", "The emulator does not serve %s.", []any{m.ID})
}

// handle runs the request as one transaction.
func (q *request) handle(path string, raw []byte) (any, error) {
	path = strings.TrimPrefix(path, "/")
	i := slices.IndexFunc(served, func(s struct{ prefix, api string }) bool { return strings.HasPrefix(path, s.prefix+"/") })
	if i < 0 {
		var places []string
		for _, s := range served {
			places = append(places, s.prefix)
		}
		return nil, notFound("The requested URL /%s was not found: the emulator serves %s and gh/api/v3.", path, strings.Join(places, ", "))
	}
	prefix, api := served[i].prefix, served[i].api
	if strings.HasSuffix(path, "/") {
		return nil, errNoMethod
	}
	// Clients that are told an endpoint with the version add it once more, and those that strip it do not: both arrive.
	version := prefix[strings.LastIndexByte(prefix, '/')+1:] + "/"
	segments, verb, ok := splitPath(strings.TrimPrefix(path[len(prefix)+1:], version))
	if !ok {
		return nil, invalid("Malformed resource name: %s", path)
	}
	if err := q.decode(raw); err != nil {
		return nil, err
	}
	method, found := schema.FindMethod(api, q.method, segments, verb)
	if !found {
		return nil, errNoMethod
	}
	if err := q.canonicalQuery(method.Query); err != nil {
		return nil, err
	}
	if verb != "" && method.Request != "" {
		var err error
		if q.body, err = schema.Normalize(api+":"+method.Request, "", q.body); err != nil {
			return nil, err
		}
	}
	answer, err := q.transact(func() (any, error) { return q.dispatch(prefix, segments, verb) })
	if errors.Is(err, errNoMethod) {
		err = unserved(method)
	}
	return answer, err
}

// transact runs the request's work as one transaction, after the operations whose time has come have ended.
func (q *request) transact(work func() (any, error)) (any, error) {
	if err := q.cloud.settle(q.now); err != nil {
		return nil, err
	}
	run := q.cloud.store.Update
	if q.method == http.MethodGet {
		run = q.cloud.store.View
	}
	var answer any
	err := run(func(tx *store.Tx) error {
		q.tx = tx
		var err error
		answer, err = work()
		if err == nil && q.query.Get("validateOnly") == "true" {
			return errRollBack
		}
		return err
	})
	if errors.Is(err, errRollBack) {
		err = nil
	}
	return answer, err
}

func (q *request) decode(raw []byte) error {
	q.body = map[string]any{}
	if len(strings.TrimSpace(string(raw))) == 0 || q.method == http.MethodGet || q.method == http.MethodDelete {
		return nil
	}
	if err := json.Unmarshal(raw, &q.body); err != nil {
		return invalid("Invalid JSON payload received. %v", err)
	}
	if q.body == nil {
		q.body = map[string]any{}
	}
	return nil
}

// everywhere are the query parameters that every method of a Google API takes.
var everywhere = strings.Fields(`alt prettyPrint fields key quotaUser $.xgafv access_token callback oauth_token uploadType upload_protocol
	$alt $prettyPrint $fields`)

// canonicalQuery gives every parameter its JSON name, for requests that have the name of the protocol buffers (update_mask),
// and refuses those that the method does not take. Any write takes validateOnly, also where the API does not have it: the
// answer is the one that the write would get, and nothing is stored.
func (q *request) canonicalQuery(own []string) error {
	query := url.Values{}
	for _, given := range slices.Sorted(maps.Keys(q.query)) {
		parameter := given
		if !slices.Contains(everywhere, given) {
			parameter = schema.Camel(given)
			known := slices.Contains(own, parameter) || parameter == "validateOnly" && q.method != http.MethodGet
			if !known {
				return invalid("Invalid JSON payload received. Unknown name %q: Cannot bind query parameter. Field '%s' could not be "+
					"found in request message.", given, given)
			}
		}
		query[parameter] = append(query[parameter], q.query[given]...)
	}
	q.query = query
	return nil
}

func (q *request) dispatch(prefix string, segments []string, verb string) (any, error) {
	if n := len(segments); n >= 2 && segments[n-2] == "operations" {
		return q.operation(prefix, strings.Join(segments, "/"), verb)
	}
	k := match(prefix, segments)
	if k == nil {
		return nil, errNoMethod
	}
	n := name{kind: k, segments: segments}
	if len(segments) == 1 && q.method == http.MethodGet { // the list of projects or of billing accounts, which is nobody's
		return q.list(n)
	}
	if len(segments) == 1 {
		return nil, errNoMethod
	}
	if err := q.admit(&n); err != nil {
		return nil, err
	}
	if id := n.id(); id != "" && k.rename != nil {
		collection := name{kind: k, project: n.project, segments: n.segments[:len(n.segments)-1]}
		n = collection.child(k.rename(q, collection, id))
	}
	if verb != "" {
		return q.custom(n, verb)
	}
	if k.prefix == "su/v1" && q.method == http.MethodGet {
		return q.usage(n)
	}
	switch collection := n.id() == ""; {
	case k.single && q.method == http.MethodGet:
		return k.read(q, n)
	case k.single && q.method == http.MethodPut && k.put:
		return q.update(n)
	case k.single:
		return nil, errNoMethod
	case collection && q.method == http.MethodPost:
		return q.create(n)
	case collection && q.method == http.MethodGet && k.read != nil:
		return k.read(q, n)
	case collection && q.method == http.MethodGet:
		return q.list(n)
	case !collection && q.method == http.MethodGet:
		document := q.get(n)
		if document == nil {
			return nil, k.missing(n)
		}
		return k.outbound(document), nil
	case !collection && (q.method == http.MethodPatch && !k.put || q.method == http.MethodPut && k.put):
		return q.update(n)
	case !collection && q.method == http.MethodDelete:
		return q.delete(n)
	}
	return nil, errNoMethod
}

// admit checks what comes before the resource itself: its project, whether the API is on, its place and its parent.
func (q *request) admit(n *name) error {
	switch n.segments[0] {
	case "projects":
		if err := q.admitProject(n); err != nil {
			return err
		}
	case "billingAccounts":
		if !q.tx.Has("//cloudbilling.googleapis.com/billingAccounts/" + n.segments[1]) {
			return denied("The caller does not have permission")
		}
		if p, found := findProject(q.tx, q.quotaProject); found && n.kind.host != "cloudbilling.googleapis.com" {
			if err := q.requireAPI(p, n.kind.host); err != nil {
				return err
			}
		}
	}
	if location := n.variable("locations"); location != "" {
		if n.kind.global && location != "global" {
			return notFound("Requested entity was not found.")
		}
		if !n.kind.global && !slices.Contains(regions, location) && (n.kind.host == runHost ||
			!slices.Contains([]string{"us", "europe", "asia"}, location)) {
			return denied("Permission denied on 'locations/%s' (or it may not exist).", location)
		}
	}
	for _, parent := range kinds {
		if parent.host != n.kind.host || !strings.HasPrefix(n.kind.pattern, parent.pattern+"/*/") {
			continue
		}
		p := name{kind: parent, project: n.project, segments: n.segments[:strings.Count(parent.pattern, "/")+2]}
		if q.get(p) == nil {
			return parent.missing(p)
		}
	}
	return nil
}

func (q *request) admitProject(n *name) error {
	if n.kind.host == iamHost && n.variable("serviceAccounts") != "" && n.segments[1] == "-" {
		_, domain, _ := strings.Cut(n.variable("serviceAccounts"), "@")
		n.segments[1] = strings.TrimSuffix(domain, ".iam.gserviceaccount.com")
	}
	p, found := findProject(q.tx, n.segments[1])
	if !found {
		if n.kind.host == "cloudresourcemanager.googleapis.com" {
			return denied("The caller does not have permission")
		}
		e := denied("Permission denied on resource project %s.", n.segments[1])
		e.Details = []any{errorInfo("CONSUMER_INVALID", "projects/"+n.segments[1], n.kind.host)}
		return e
	}
	n.project, n.segments[1] = p, p.id
	return q.requireAPI(p, n.kind.host)
}

func errorInfo(reason, consumer, service string) map[string]any {
	return map[string]any{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com",
		"metadata": map[string]any{"consumer": consumer, "service": service}}
}

// custom answers a method behind a colon.
func (q *request) custom(n name, verb string) (any, error) {
	if n.kind.policy && slices.Contains([]string{"getIamPolicy", "setIamPolicy", "testIamPermissions"}, verb) {
		return q.iam(n, verb)
	}
	method := n.kind.verbs[q.method+" "+verb]
	if method == nil {
		return nil, errNoMethod
	}
	c := &change{request: q, name: n}
	if n.id() != "" {
		if c.old = q.get(n); c.old == nil && n.kind.message != "" {
			return nil, n.kind.missing(n)
		}
	}
	return method(c)
}
