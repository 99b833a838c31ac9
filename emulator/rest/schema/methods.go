package schema

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"sync"
)

//go:embed methods.json
var embeddedMethods []byte

// Method is one method in an API's description.
type Method struct {
	// ID is the method's name, for example "run.projects.locations.services.create".
	ID string `json:"id"`
	// HTTP is the HTTP method of the request.
	HTTP string `json:"http"`
	// Path is the path after the API's version, with * for an id: "projects/*/locations/*/services/*:getIamPolicy".
	Path string `json:"path"`
	// Query lists the parameters that the method takes, except those that every method takes.
	Query []string `json:"query,omitempty"`
	// Request and Response are the messages of the bodies. Request is empty if the method takes no body.
	Request  string `json:"request,omitempty"`
	Response string `json:"response,omitempty"`
}

// methods maps an API to its methods on projects and billing accounts.
var methods = sync.OnceValue(func() map[string][]Method {
	var m map[string][]Method
	if err := json.Unmarshal(embeddedMethods, &m); err != nil {
		panic("methods.json: " + err.Error())
	}
	return m
})

// Methods returns the methods of an API, sorted by ID.
func Methods(api string) []Method { return methods()[api] }

// FindMethod finds the method of a request. The request's path is given as its segments and the verb behind the colon.
func FindMethod(api, http string, segments []string, verb string) (Method, bool) {
	for _, m := range methods()[api] {
		if m.HTTP == http && m.fits(segments, verb) {
			return m, true
		}
	}
	return Method{}, false
}

func (m Method) fits(segments []string, verb string) bool {
	path, own, _ := strings.Cut(m.Path, ":")
	pattern := strings.Split(path, "/")
	return own == verb && slices.EqualFunc(pattern, segments, func(p, s string) bool { return p == "*" || p == s })
}

// Fields maps the JSON names of a message's fields to their types, in the notation of schema.json. It returns nil for an unknown
// message.
func Fields(message string) map[string]string { return messages()[message] }
