package rest

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/disturb"
	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/ids"
	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// Request is one call of an API, or work that the cloud does by itself.
type Request struct {
	// Method is the HTTP method.
	Method string
	// Host and Path are the address of the request. The path is escaped.
	Host, Path string
	// Query are the parameters after the question mark.
	Query url.Values
	// Body is the decoded body. It is never nil.
	Body map[string]any
	// DryRun makes the request return the usual answer without storing anything.
	DryRun bool
	// Now is the time of the request.
	Now time.Time
	// Disturbance is the fault that was injected for this request; the zero value for none.
	Disturbance disturb.Disturbance
	// IDs gives the ids that the request assigns.
	IDs *ids.Source
	// Tx is the transaction that the request reads and writes in.
	Tx *store.Tx

	server       *Server
	raw          []byte
	quotaProject string
}

var (
	errRollBack = errors.New("dry run")
	// ErrNoMethod answers a method that the API does not have. If the API has the method and the emulator does not, another error
	// replaces it.
	ErrNoMethod = NotFound("Method not found.")
)

func unserved(m schema.Method) *Error {
	return refuse(http.StatusNotImplemented, "UNIMPLEMENTED", "The emulator does not serve %s.", []any{m.ID})
}

// handle answers a request to one of the APIs' own paths.
func (q *Request) handle() (any, error) {
	path := strings.TrimPrefix(q.Path, "/")
	i := slices.IndexFunc(q.server.apis, func(a *API) bool { return strings.HasPrefix(path, a.Prefix+"/") })
	if i < 0 {
		return nil, q.server.unknownAddress(path)
	}
	api := q.server.apis[i]
	if strings.HasSuffix(path, "/") {
		return nil, ErrNoMethod
	}
	// Some clients add the version to an endpoint that contains it already, and others remove it. Both forms of the path are
	// accepted.
	version := api.Prefix[strings.LastIndexByte(api.Prefix, '/')+1:] + "/"
	segments, verb, ok := SplitPath(strings.TrimPrefix(path[len(api.Prefix)+1:], version))
	if !ok {
		return nil, Invalid("Malformed resource name: %s", path)
	}
	if err := q.decode(); err != nil {
		return nil, err
	}
	method, found := schema.FindMethod(api.Schema, q.Method, segments, verb)
	if !found {
		return nil, ErrNoMethod
	}
	if err := q.checkQuery(method.Query); err != nil {
		return nil, err
	}
	if verb != "" && method.Request != "" {
		var err error
		if q.Body, err = schema.Normalize(api.Schema+":"+method.Request, "", q.Body); err != nil {
			return nil, err
		}
	}
	q.DryRun = q.Query.Get("validateOnly") == "true" || verb != "" && doc.Flag(q.Body, "validateOnly")
	answer, err := q.transact(func() (any, error) { return q.dispatch(api, segments, verb) })
	if errors.Is(err, ErrNoMethod) {
		err = unserved(method)
	}
	return answer, err
}

// Handle answers a request to a path that an API serves itself. parameters are the query parameters that the path takes. work
// makes the answer in one transaction.
func (q *Request) Handle(parameters []string, work func() (any, error)) (any, error) {
	if err := q.decode(); err != nil {
		return nil, err
	}
	if err := q.checkQuery(parameters); err != nil {
		return nil, err
	}
	return q.transact(work)
}

func (q *Request) decode() error {
	q.Body = map[string]any{}
	if len(strings.TrimSpace(string(q.raw))) == 0 || q.Method == http.MethodGet || q.Method == http.MethodDelete {
		return nil
	}
	if err := json.Unmarshal(q.raw, &q.Body); err != nil {
		return Invalid("Invalid JSON payload received. %v", err)
	}
	if q.Body == nil {
		q.Body = map[string]any{}
	}
	return nil
}

// everywhere lists the query parameters that every method of a Google API takes.
var everywhere = strings.Fields(`alt prettyPrint fields key quotaUser $.xgafv access_token callback oauth_token uploadType upload_protocol
	$alt $prettyPrint $fields`)

// checkQuery gives every query parameter its JSON name, because some requests use the name in protocol buffers (update_mask). It
// refuses parameters that the method does not take. Every write takes validateOnly, even if the real API does not have it: the
// request returns the write's answer and stores nothing.
func (q *Request) checkQuery(own []string) error {
	query := url.Values{}
	for _, given := range slices.Sorted(maps.Keys(q.Query)) {
		parameter := given
		if !slices.Contains(everywhere, given) {
			parameter = schema.Camel(given)
			known := slices.Contains(own, parameter) || parameter == "validateOnly" && q.Method != http.MethodGet
			if !known {
				return Invalid("Invalid JSON payload received. Unknown name %q: Cannot bind query parameter. Field '%s' could not be found in "+
					"request message.", given, given)
			}
		}
		query[parameter] = append(query[parameter], q.Query[given]...)
	}
	q.Query = query
	return nil
}

// dispatch finds the function that answers: for an operation, for a method with a verb, or for one that all kinds have.
func (q *Request) dispatch(api *API, segments []string, verb string) (any, error) {
	k := api.match(segments)
	switch n := len(segments); {
	case k == nil && n >= 2 && segments[n-2] == "operations":
		return q.operation(api, strings.Join(segments, "/"), verb)
	case k == nil:
		return nil, ErrNoMethod
	}
	n := Name{Kind: k, Segments: segments}
	if len(segments) == 1 { // projects, billing accounts, buckets: collections without a parent
		return q.onCollection(n)
	}
	if err := q.Enter(&n); err != nil {
		return nil, err
	}
	if id := n.ID(); id != "" && k.Names.Rename != nil {
		n = n.Collection().Child(k.Names.Rename(q, n.Collection(), id))
	}
	switch {
	case verb != "":
		return q.custom(n, verb)
	case n.ID() == "":
		return q.onCollection(n)
	}
	return q.onResource(n)
}

// onCollection answers a request to a collection, or to a resource without an id.
func (q *Request) onCollection(n Name) (any, error) {
	k := n.Kind
	switch {
	case k.Methods[q.Method] != nil:
		return k.Methods[q.Method](&Change{Request: q, Name: n})
	case k.Names.Single && q.Method == http.MethodGet:
		return q.read(n)
	case k.Names.Single && q.Method == http.MethodPut:
		return q.update(n)
	case q.Method == http.MethodGet:
		return q.list(n)
	case q.Method == http.MethodPost:
		return q.create(n)
	}
	return nil, ErrNoMethod
}

func (q *Request) onResource(n Name) (any, error) {
	switch q.Method {
	case http.MethodGet:
		return q.read(n)
	case http.MethodPatch, http.MethodPut:
		return q.update(n)
	case http.MethodDelete:
		return q.Delete(n, q.Query.Get("etag"))
	}
	return nil, ErrNoMethod
}

// custom answers a custom method, whose name stands behind a colon in the path.
func (q *Request) custom(n Name, verb string) (any, error) {
	if n.Kind.Policy && slices.Contains([]string{"getIamPolicy", "setIamPolicy", "testIamPermissions"}, verb) {
		return q.iam(n, verb)
	}
	method := n.Kind.Methods[q.Method+" "+verb]
	if method == nil {
		return nil, ErrNoMethod
	}
	c := &Change{Request: q, Name: n}
	if n.ID() != "" {
		if c.Old = q.Get(n); c.Old == nil && n.Kind.Message != "" {
			return nil, n.Missing()
		}
	}
	return method(c)
}
