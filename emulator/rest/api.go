package rest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// API describes one version of one API: its address and its resources. A zero field means that the API does not have the feature.
type API struct {
	// Prefix is the path under which the API is served, without slashes around it: "sm/v1".
	Prefix string
	// Host is the API's name. It has to be enabled in the project, and full resource names begin with it.
	Host string
	// Schema is the API's name in package schema.
	Schema string
	// Kinds are the API's resource types.
	Kinds []*Kind
	// MultiRegions says that us, europe and asia are locations as well.
	MultiRegions bool
	// OperationsInLocation says that the names of operations are below the location rather than below the resource.
	OperationsInLocation bool

	// Before runs before every request, in its own transaction. Its changes stay even if the request fails.
	Before func(*http.Request) error
	// Due reports whether a change that happens by itself is due by now. Settle carries such changes out.
	Due    func(*Request) bool
	Settle func(*Request) error
}

// Add serves APIs. It panics if a kind names a message that its API does not have; every test would show that.
func (s *Server) Add(apis ...*API) {
	for _, api := range apis {
		for _, k := range api.Kinds {
			k.api = api
			k.check()
		}
		s.apis = append(s.apis, api)
	}
}

// match finds the kind whose collection or item the path segments name.
func (a *API) match(segments []string) *Kind {
	for _, k := range a.Kinds {
		pattern := strings.Split(k.Pattern, "/")
		item := !k.Names.Single && len(segments) == len(pattern)+1
		if (item || len(segments) == len(pattern)) && fits(pattern, segments) {
			return k
		}
	}
	return nil
}

func fits(pattern, segments []string) bool {
	for i, p := range pattern {
		if p != "*" && p != segments[i] {
			return false
		}
	}
	return true
}

// kind returns the API's kind with that pattern. It panics if the API has no such kind; a test would show that.
func (a *API) kind(pattern string) *Kind {
	i := slices.IndexFunc(a.Kinds, func(k *Kind) bool { return k.Pattern == pattern })
	if i < 0 {
		panic(fmt.Sprintf("rest: %s has no kind %s", a.Host, pattern))
	}
	return a.Kinds[i]
}

// root returns the kind of the first collection in a name, such as "projects", in any API. It returns nil if no API has it.
func (s *Server) root(collection string) *Kind {
	for _, api := range s.apis {
		for _, k := range api.Kinds {
			if k.Pattern == collection {
				return k
			}
		}
	}
	return nil
}
