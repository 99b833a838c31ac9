package cloud

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

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

// prefixes are the APIs' places, in the order they are tried.
var prefixes = []string{"run/v2", "iam/v1", "crm/v1", "ar/v1", "sm/v1", "mon/v3", "mon/v1", "budgets/v1", "cb/v1", "su/v1", "log/v2", "kms/v1", "ca/v1", "ba/v1"}

var errRollBack = errors.New("validate only")

// handle runs the request as one transaction.
func (q *request) handle(path string, raw []byte) (any, error) {
	path = strings.TrimPrefix(path, "/")
	i := slices.IndexFunc(prefixes, func(p string) bool { return strings.HasPrefix(path, p+"/") })
	if i < 0 {
		return nil, notFound("The requested URL /%s was not found: the sandbox serves %s and gh/api/v3.", path, strings.Join(prefixes, ", "))
	}
	segments, verb, ok := splitPath(path[len(prefixes[i])+1:])
	if !ok {
		return nil, invalid("Malformed resource name: %s", path)
	}
	if err := q.decode(raw); err != nil {
		return nil, err
	}
	if err := q.checkQuery(parameters); err != nil {
		return nil, err
	}
	return q.transact(func() (any, error) { return q.dispatch(prefixes[i], segments, verb) })
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

// parameters are the query parameters some method here takes. The first line is every Google API's.
var parameters = strings.Fields(`alt prettyPrint fields key quotaUser $.xgafv access_token callback oauth_token uploadType upload_protocol
	pageSize pageToken filter orderBy showDeleted view options.requestedPolicyVersion updateMask validateOnly allowMissing
	forceNewRevision etag force serviceId secretId repositoryId workloadIdentityPoolId workloadIdentityPoolProviderId
	serviceLevelObjectiveId names interval.startTime interval.endTime aggregation.alignmentPeriod aggregation.perSeriesAligner
	aggregation.crossSeriesReducer aggregation.groupByFields keyRingId cryptoKeyId skipInitialVersionCreation noteId attestorId`)

func (q *request) checkQuery(parameters []string) error {
	for parameter := range q.query {
		if !slices.Contains(parameters, parameter) {
			return invalid("Invalid JSON payload received. Unknown name %q: Cannot bind query parameter. Field '%s' could not be found in request message.", parameter, parameter)
		}
	}
	return nil
}

func (q *request) dispatch(prefix string, segments []string, verb string) (any, error) {
	if n := len(segments); n >= 2 && segments[n-2] == "operations" {
		return q.operation(prefix, strings.Join(segments, "/"), verb)
	}
	k := match(prefix, segments)
	if k == nil {
		return nil, notFound("Method not found.")
	}
	n := name{kind: k, segments: segments}
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
		return nil, notFound("Method not found.")
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
		return document, nil
	case !collection && (q.method == http.MethodPatch && !k.put || q.method == http.MethodPut && k.put):
		return q.update(n)
	case !collection && q.method == http.MethodDelete:
		return q.delete(n)
	}
	return nil, notFound("Method not found.")
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
		if !n.kind.global && !slices.Contains(regions, location) && (n.kind.host == runHost || !slices.Contains([]string{"us", "europe", "asia"}, location)) {
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
		return nil, notFound("Method not found.")
	}
	c := &change{request: q, name: n}
	if n.id() != "" {
		if c.old = q.get(n); c.old == nil && n.kind.message != "" {
			return nil, n.kind.missing(n)
		}
	}
	return method(c)
}
