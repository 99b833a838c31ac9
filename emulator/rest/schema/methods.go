package schema

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
)

//go:embed methods.json
var embeddedMethods []byte

// Method is one method of an API, as its description has it.
type Method struct {
	// ID is the method's name, "run.projects.locations.services.create".
	ID string `json:"id"`
	// HTTP is the method of the request.
	HTTP string `json:"http"`
	// Path is the request's path behind the API's version, with * for an id: "projects/*/locations/*/services/*:getIamPolicy".
	Path string `json:"path"`
	// Query are the parameters that the method takes beside those of every method.
	Query []string `json:"query,omitempty"`
	// Request and Response are the messages of the bodies. Request is empty where the method takes no body.
	Request  string `json:"request,omitempty"`
	Response string `json:"response,omitempty"`
}

// methods are the APIs' methods on projects and billing accounts, by API.
var methods = func() map[string][]Method {
	var m map[string][]Method
	if err := json.Unmarshal(embeddedMethods, &m); err != nil {
		panic("methods.json: " + err.Error())
	}
	return m
}()

// Methods are an API's methods, by their IDs.
func Methods(api string) []Method { return methods[api] }

// FindMethod finds the method that a request is for. The path is taken apart: its segments, and the verb behind the colon.
func FindMethod(api, http string, segments []string, verb string) (Method, bool) {
	for _, m := range methods[api] {
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

// Fields are the fields that a message has by their JSON names, with their types as schema.json has them; nil for no message.
func Fields(message string) map[string]string { return messages[message] }
