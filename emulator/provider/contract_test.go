package provider

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The official providers' schemas say which changes force a replacement, which inputs are required and which outputs
// are secret. They are large and not ours to copy, so they lie next to the repository:
//
//	../shared/schemas/gcp-8.41.1.json      pulumi package get-schema gcp@8.41.1
//	../shared/schemas/github-6.14.0.json   pulumi package get-schema github@6.14.0
//
// or in the folder that PLATFORM_SCHEMAS names.
type pulumiSchema struct {
	Resources map[string]struct {
		InputProperties map[string]pulumiProperty `json:"inputProperties"`
		RequiredInputs  []string                  `json:"requiredInputs"`
		Properties      map[string]pulumiProperty `json:"properties"`
	} `json:"resources"`
	Types map[string]struct {
		Properties map[string]pulumiProperty `json:"properties"`
		Required   []string                  `json:"required"`
	} `json:"types"`
}

type pulumiProperty struct {
	Ref                  string          `json:"$ref"`
	Type                 string          `json:"type"`
	Items                *pulumiProperty `json:"items"`
	Secret               bool            `json:"secret"`
	WillReplaceOnChanges bool            `json:"willReplaceOnChanges"`
}

var readSchemas = sync.OnceValue(func() map[string]*pulumiSchema {
	folder := os.Getenv("PLATFORM_SCHEMAS")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "schemas")
	}
	schemas := map[string]*pulumiSchema{}
	for name, version := range versions {
		data, err := os.ReadFile(filepath.Join(folder, name+"-"+version+".json"))
		if err != nil {
			return nil
		}
		schemas[name] = &pulumiSchema{}
		if json.Unmarshal(data, schemas[name]) != nil {
			return nil
		}
	}
	return schemas
})

const schemasMissing = "the official providers' schemas are not there: write `pulumi package get-schema gcp@8.41.1` and github@6.14.0 " +
	"to gcp-8.41.1.json and github-6.14.0.json in ../shared/schemas next to the repository or in the folder PLATFORM_SCHEMAS names"

func schemasFor(t *testing.T) map[string]*pulumiSchema {
	t.Helper()
	schemas := readSchemas()
	if schemas == nil {
		t.Skip(schemasMissing)
	}
	return schemas
}

// TestEveryTypeHasFacts looks for types without lines in properties.txt, for which the provider would replace nothing and require
// nothing. Where the official schemas are at hand, the failure prints the lines to begin with.
func TestEveryTypeHasFacts(t *testing.T) {
	t.Parallel()
	for token, row := range types {
		if row.facts != nil {
			continue
		}
		name, _, _ := strings.Cut(token, ":")
		begin := "  (" + schemasMissing + ")"
		if schema := readSchemas()[name]; schema != nil {
			official := schema.Resources[token]
			begin = strings.Join(schema.factLines(official.InputProperties, official.RequiredInputs, ""), "\n")
		}
		t.Errorf("%s has no lines in emulator/provider/properties.txt: begin with these, and add what else facts.go lists\n%s\n%s", token,
			token, begin)
	}
}

// factLines returns the lines of properties.txt that follow from the schema.
func (s *pulumiSchema) factLines(properties map[string]pulumiProperty, required []string, path string) (found []string) {
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		line := "  " + join(path, name)
		if slices.Contains(required, name) {
			line += " required"
		}
		if properties[name].WillReplaceOnChanges {
			line += " replaces"
		}
		if strings.Contains(strings.TrimSpace(line), " ") {
			found = append(found, line)
		}
		if inner, innerRequired := s.inner(properties[name]); inner != nil && strings.Count(path, ".") < 8 {
			found = append(found, s.factLines(inner, innerRequired, join(path, name))...)
		}
	}
	return found
}

// TestReplacementsAreTheProviders compares which changes replace a resource with the official schemas, nested properties included.
func TestReplacementsAreTheProviders(t *testing.T) {
	t.Parallel()
	schemas := schemasFor(t)
	for token, row := range types {
		if strings.HasPrefix(token, "gcp:sql/") {
			continue // The schemas at hand lack some types; TestOwnStructsAreTheSDKs covers those.
		}
		name, _, _ := strings.Cut(token, ":")
		official, ok := schemas[name].Resources[token]
		require.True(t, ok, "%s is not an official type", token)
		schemas[name].walk(official.InputProperties, "", 0, func(path string, p pulumiProperty) {
			if _, has := shapeOf(row.args).fields[topLevel(path)]; !has {
				return // This package's own structs leave some properties out.
			}
			if p.WillReplaceOnChanges {
				assert.True(t, row.forces(path), "%s: a change of %s replaces: say so in properties.txt", token, path)
			} else if !insideReplaced(row, path) {
				assert.False(t, row.forces(path), "%s: a change of %s does not replace: take the word out of properties.txt", token, path)
			}
		})
		var secrets []string
		for property, p := range official.Properties {
			if p.Secret {
				secrets = append(secrets, property)
			}
		}
		assert.ElementsMatch(t, secrets, row.secrets, "%s: secret outputs", token)
	}
}

// insideReplaced reports whether a parent of the property forces a replacement. The official schema flags such a parent without
// flagging every property in it.
func insideReplaced(row *resourceType, path string) bool {
	return row.insideReplacing(path)
}

// TestInputsAreTheProviders compares the inputs, from the SDK's structs and the rows' additions, with the official schemas.
func TestInputsAreTheProviders(t *testing.T) {
	t.Parallel()
	schemas := schemasFor(t)
	for token, row := range types {
		if strings.HasPrefix(token, "gcp:sql/") {
			continue
		}
		if row.facts == nil {
			continue // TestEveryTypeHasFacts reports it
		}
		name, _, _ := strings.Cut(token, ":")
		official := schemas[name].Resources[token]
		seen := map[string]bool{}
		schemas[name].walk(official.InputProperties, "", 0, func(path string, p pulumiProperty) { seen[path] = true })
		var walk func(s *shape, required []string, properties map[string]pulumiProperty, path string)
		walk = func(s *shape, required []string, properties map[string]pulumiProperty, path string) {
			for property, f := range s.fields {
				p := join(path, property)
				assert.Contains(t, properties, property, "%s: %s", token, p)
				// A property that no sample uses needs no row, because the SDK says which scalars are required. The official
				// provider requires a name; here Check makes one if the program gives none.
				isRequired := (f.required || row.facts.at(p).required) && p != row.autoName
				if slices.Contains(required, property) && (f.kind == reflect.Slice || f.kind == reflect.Map) && untranslated(p) {
					continue
				}
				assert.Equal(t, slices.Contains(required, property), isRequired, "%s: %s: the word required in properties.txt", token, p)
				inner, innerRequired := schemas[name].inner(properties[property])
				elem := f.shape
				for elem.elem != nil {
					elem = elem.elem
				}
				if inner != nil && elem.fields != nil && strings.Count(p, ".") < 8 {
					walk(elem, innerRequired, inner, p)
				}
			}
		}
		walk(shapeOf(row.args), official.RequiredInputs, official.InputProperties, "")

		// Only this check finds a path in the table that does not exist.
		var named []string
		named = append(named, row.outputOnly...)
		named = append(named, row.writeOnly...)
		for path := range row.facts.properties {
			named = append(named, path)
		}
		for _, path := range named {
			assert.True(t, seen[path], "%s: the row names %s, which is not an input", token, path)
		}
		for _, path := range append(slices.Clone(row.local), row.autoName, row.protection) {
			_, isOutput := official.Properties[path]
			assert.True(t, path == "" || seen[path] || isOutput, "%s: the row names %s, which is not a property", token, path)
		}
	}
}

// untranslated reports whether a property belongs to a use of its type that the platform does not have. Such a document passes
// through with the API's names, and no row says which of its lists must not be empty.
func untranslated(path string) bool {
	return slices.Contains(words("remoteRepositoryConfig virtualRepositoryConfig mavenConfig inlineTrustConfig "+
		"inlineCertificateIssuanceConfig aws saml x509"), topLevel(path))
}

func (s *pulumiSchema) walk(properties map[string]pulumiProperty, path string, depth int, visit func(path string, p pulumiProperty)) {
	for name, p := range properties {
		visit(join(path, name), p)
		if inner, _ := s.inner(p); inner != nil && depth < 8 {
			s.walk(inner, join(path, name), depth+1, visit)
		}
	}
}

func (s *pulumiSchema) inner(p pulumiProperty) (map[string]pulumiProperty, []string) {
	for p.Items != nil {
		p = *p.Items
	}
	reference, ok := strings.CutPrefix(p.Ref, "#/types/")
	if !ok {
		return nil, nil
	}
	return s.Types[reference].Properties, s.Types[reference].Required
}
