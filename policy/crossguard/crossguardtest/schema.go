package crossguardtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	"github.com/guiofsaints/procureflow-platform/policy/internal/meant"
)

// Schema checks a pack against providers' schemas. A rule that names a type or reads a property that the provider does not have
// fails the test. Without it, a misspelt path would read as absent and the rule would never report. The check sees a read only
// when the rule makes it, so the test has to reach every branch of the rule. A rule about several types may read a property that
// only one of them has. This command writes a schema file:
//
//	pulumi package get-schema gcp@8.41.1 > gcp.json
//
// An excerpt of a schema works too: leave out its "provider". With an excerpt, an unknown type fails the test only if its name is
// nearly that of a type in the excerpt.
func Schema(files ...string) Setting {
	return func(t TB, pack crossguard.Pack, server *crossguard.Server) {
		t.Helper()
		var all []*schema
		for _, file := range files {
			one, err := readSchema(file)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, one)
		}
		c := &checker{t: t, schemas: all, told: map[string]bool{}, types: map[string][]string{}}
		for _, p := range pack.Policies {
			c.note(p)
		}
		server.Watch(c.check)
	}
}

// checker reports to a test what is wrong with the reads of rules. It reports each problem once.
type checker struct {
	t       TB
	schemas []*schema
	mu      sync.Mutex
	told    map[string]bool
	types   map[string][]string // the types that each policy has named
}

// note checks the types that a policy lists, and notes those that belong to its kind.
func (c *checker) note(p crossguard.Policy) {
	for _, token := range p.Types {
		c.check(crossguard.Read{Policy: p.Name, Type: token})
	}
	if p.Kind.Has == nil {
		return
	}
	for _, s := range c.schemas {
		for token := range s.Resources {
			if p.Kind.Has(token) {
				c.types[p.Name] = append(c.types[p.Name], token)
			}
		}
	}
}

func (c *checker) check(read crossguard.Read) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(read.Steps) == 0 && !slices.Contains(c.types[read.Policy], read.Type) {
		c.types[read.Policy] = append(c.types[read.Policy], read.Type)
	}
	for _, s := range c.schemas {
		missing, problem := s.problem(read)
		if problem == "" || c.told[read.Policy+problem] || c.anotherHas(read, missing) {
			continue
		}
		c.told[read.Policy+problem] = true
		c.t.Errorf("%s: %s", read.Policy, problem)
	}
}

// anotherHas reports whether another type that the policy is about has a property of this name, in this package or another one. A
// rule about several types may ask each of them for a property that only one has.
func (c *checker) anotherHas(read crossguard.Read, name string) bool {
	for _, token := range c.types[read.Policy] {
		for _, s := range c.schemas {
			if name != "" && token != read.Type && (s.names(token, read.OfStack)[name] || s.lacks(token)) {
				return true
			}
		}
	}
	return false
}

// schema is the part of a package's schema that lists types and properties.
type schema struct {
	Name      string
	Resources map[string]struct{ InputProperties, Properties map[string]property }
	Types     map[string]struct{ Properties map[string]property }
	Provider  *struct{} // nil in an excerpt
}

type property struct {
	Ref                         string `json:"$ref"`
	Type                        string
	Items, AdditionalProperties *property
	OneOf                       []property
}

var schemas sync.Map // file → func() (*schema, error): reads each file once for all tests of a package

func readSchema(file string) (*schema, error) {
	read, _ := schemas.LoadOrStore(file, sync.OnceValues(func() (*schema, error) {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("the provider's schema (pulumi package get-schema NAME@VERSION > %s): %w", file, err)
		}
		s := &schema{}
		if err := json.Unmarshal(content, s); err != nil {
			return nil, fmt.Errorf("the provider's schema %s: %w", file, err)
		}
		if s.Name == "" || len(s.Resources) == 0 {
			return nil, fmt.Errorf("%s is not a provider's schema: write what pulumi package get-schema prints", file)
		}
		return s, nil
	}))
	return read.(func() (*schema, error))()
}

// problem says what is wrong with a read. It returns "" if the read is right or is about another package. missing is the name of
// the property that the type lacks, if that is the problem.
func (s *schema) problem(read crossguard.Read) (missing, problem string) {
	if !strings.HasPrefix(read.Type, s.Name+":") {
		return "", ""
	}
	resource, has := s.Resources[read.Type]
	if !has {
		const slips = 3 // this many letters may differ: a token contains the name twice
		near := meant.Name(read.Type, slices.Collect(maps.Keys(s.Resources)))
		if s.Provider == nil && meant.Distance(read.Type, near, slips+1) > slips {
			return "", ""
		}
		return "", fmt.Sprintf("there is no type %s in %s%s", read.Type, s.Name, suggest(near))
	}
	properties := map[string]property{}
	maps.Copy(properties, resource.InputProperties)
	if read.OfStack {
		maps.Copy(properties, resource.Properties)
		properties["id"] = property{Type: "string"}
	}
	for _, step := range read.Steps {
		key, isKey := step.(string)
		if !isKey {
			continue // an index: an object may be read as a list of one; the step before has entered the list's elements already
		}
		next, has := properties[key]
		_, free := properties[anyKey]
		switch {
		case strings.HasPrefix(key, "__") || free && !has:
			return "", ""
		case !has:
			near := meant.Name(key, slices.Collect(maps.Keys(properties)))
			return key, fmt.Sprintf("reads %s of %s, where there is no %s%s", read.Path, read.Type, key, suggest(near))
		}
		properties = s.within(next)
	}
	return "", ""
}

// anyKey is the key for all properties of an object that the schema does not describe further.
const anyKey = ""

// within returns the properties of a property's object, or of its elements.
func (s *schema) within(p property) map[string]property {
	for p.Items != nil {
		p = *p.Items
	}
	token, named := strings.CutPrefix(p.Ref, "#/types/")
	switch {
	case named && len(s.Types[token].Properties) > 0:
		return s.Types[token].Properties
	case p.Ref == "" && (p.Type == "string" || p.Type == "boolean" || p.Type == "integer" || p.Type == "number"):
		return nil
	}
	return map[string]property{anyKey: {}}
}

// lacks reports whether the schema is an excerpt without this type, although the type is of the schema's package.
func (s *schema) lacks(token string) bool {
	_, has := s.Resources[token]
	return !has && s.Provider == nil && strings.HasPrefix(token, s.Name+":")
}

// names returns the names of all properties of a type, at every depth.
func (s *schema) names(token string, outputs bool) map[string]bool {
	all, seen := map[string]bool{}, map[string]bool{}
	var add func(map[string]property)
	add = func(properties map[string]property) {
		for name, p := range properties {
			all[name] = true
			for p.Items != nil {
				p = *p.Items
			}
			if !seen[p.Ref] {
				seen[p.Ref] = true
				add(s.within(p))
			}
		}
	}
	add(s.Resources[token].InputProperties)
	if outputs {
		add(s.Resources[token].Properties)
	}
	delete(all, anyKey)
	return all
}

func suggest(name string) string {
	if name == "" {
		return ""
	}
	return ": did you mean " + name + "?"
}
