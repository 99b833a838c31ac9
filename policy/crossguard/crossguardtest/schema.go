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
)

// Schema holds a pack against providers' schemas: a rule that names a type or reads a property which the provider does not have
// fails the test. A misspelt path would else read as absent for ever. What a rule reads is seen when it reads it, so the test has
// to walk the rule's branches. A rule about several types may read what only one of them has. Get a file by
//
//	pulumi package get-schema gcp@8.41.1 > gcp.json
//
// An excerpt of a schema will do as well, which is one without "provider": a type that it does not have fails the test only where
// it is nearly one that it has.
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
			for _, token := range p.Types {
				c.check(crossguard.Read{Policy: p.Name, Type: token})
			}
			for _, s := range all {
				for token := range s.Resources {
					if p.Kind.Has != nil && p.Kind.Has(token) {
						c.types[p.Name] = append(c.types[p.Name], token)
					}
				}
			}
		}
		server.Watch(c.check)
	}
}

// checker tells a test what is wrong with what rules ask for, each thing once.
type checker struct {
	t       TB
	schemas []*schema
	mu      sync.Mutex
	told    map[string]bool
	types   map[string][]string // that a policy has named, by its name
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

// anotherHas reports whether a type that the policy is about, of this one or another package, has a property of the name that is
// missing in this type: a rule about several types asks all of them for what only one of them has, each in its own place.
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

// schema is the part of a package's schema that says which properties there are.
type schema struct {
	Name      string
	Resources map[string]struct{ InputProperties, Properties map[string]property }
	Types     map[string]struct{ Properties map[string]property }
	Provider  *struct{} // whatever is in it
}

type property struct {
	Ref                         string `json:"$ref"`
	Type                        string
	Items, AdditionalProperties *property
	OneOf                       []property
}

var schemas sync.Map // file → func() (*schema, error): each is read once for all tests of a package

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
			return nil, fmt.Errorf("%s is no provider's schema: write what pulumi package get-schema prints", file)
		}
		return s, nil
	}))
	return read.(func() (*schema, error))()
}

// problem says what is wrong with what a rule asks for, "" if nothing is, or if it is another package's; and which property is
// missing, if one is.
func (s *schema) problem(read crossguard.Read) (missing, problem string) {
	if !strings.HasPrefix(read.Type, s.Name+":") {
		return "", ""
	}
	resource, has := s.Resources[read.Type]
	if !has {
		const slips = 3 // the name is in a token twice
		near := nearest(read.Type, slices.Collect(maps.Keys(s.Resources)))
		if s.Provider == nil && distance(read.Type, near, slips+1) > slips {
			return "", ""
		}
		return "", fmt.Sprintf("there is no type %s in %s%s", read.Type, s.Name, meant(near))
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
			continue // an object is read as a list of one, and what is in a list was entered with the list
		}
		next, has := properties[key]
		_, free := properties[anyKey]
		switch {
		case strings.HasPrefix(key, "__") || free && !has:
			return "", ""
		case !has:
			near := nearest(key, slices.Collect(maps.Keys(properties)))
			return key, fmt.Sprintf("reads %s of %s, where there is no %s%s", read.Path, read.Type, key, meant(near))
		}
		properties = s.within(next)
	}
	return "", ""
}

// anyKey stands for the properties of an object of which the schema does not say more.
const anyKey = ""

// within are the properties of a property, or of its elements.
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

// lacks reports whether the schema is an excerpt that does not have a type of its package.
func (s *schema) lacks(token string) bool {
	_, has := s.Resources[token]
	return !has && s.Provider == nil && strings.HasPrefix(token, s.Name+":")
}

// names are the names of all properties of a type, however deep.
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

func meant(name string) string {
	if name == "" {
		return ""
	}
	return ": did you mean " + name + "?"
}

// nearest is the name that is nearest to one that is not there, "" if no name is near.
func nearest(name string, names []string) string {
	slices.Sort(names)
	best, least := "", len(name)/2+1
	for _, candidate := range names {
		if d := distance(strings.ToLower(name), strings.ToLower(candidate), least); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance is how many letters have to be put in, left out or changed; limit if it is that many or more.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return min(row[len(b)], limit)
}
