package provider

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// resourceType is one row of the table: it says how a Pulumi resource type maps to the API. Paths separate nested properties with
// dots and leave out list indices: "template.containers.envs".
//
// A template (collection, query, self, id) contains properties in braces. {x} is escaped as one path segment, {x:short} is the
// last segment of a full resource name, and {+x} is a whole path, inserted as it is.
type resourceType struct {
	token string
	// args and state are the SDK's structs, from which the properties and their types are read.
	args, state pulumi.Input
	// facts are the type's lines in properties.txt.
	facts *facts
	// autoName is the property that gets a generated value if it is absent; "" means that no property does. If the program has
	// chosen the name, the resource is deleted before its replacement is created.
	autoName string
	// moved reports whether the resource is now in another place and has to be replaced, although no property requires it. May be
	// nil.
	moved func(ctx context.Context, c *call) (bool, error)
	// refuse reports what is wrong with the inputs as a whole. May be nil.
	refuse func(inputs map[string]any, fail func(path, format string, args ...any))
	// deleteFirst says that the resource is deleted before its replacement is created, no matter who chose its name.
	deleteFirst bool

	// api is the prefix of the API. The paths of its operations are relative to it as well.
	api string
	// collection is the path to which a creation is sent with POST. query is the creation's query. With createByPut, a creation
	// is a PUT to self.
	collection, query string
	createByPut       bool
	// nameInBody says that a creation has the whole name in the body. Other creations have the id in the query.
	nameInBody bool
	// self is the resource's path; "" means that the id is the path.
	self string
	// id is the Pulumi id, computed from the state; "" means that it is the same as self.
	id string
	// importID is the id that an import takes, if it differs from the id. Default: the id.
	importID string
	// wrap is the field of the request's body that holds the resource; "" means that the resource is the body. wrapWith lists the
	// properties together with that field in a creation.
	wrap     string
	wrapWith []string
	// update says how changes are written. Default: updateMask.
	update updateMethod

	// local lists properties that are not fields of the API's document: parts of its path, and properties of the provider itself.
	local []string
	// outputOnly lists properties inside input objects that only the API writes.
	outputOnly []string
	// rules holds the properties whose name or shape differs from the API's.
	rules map[string]rule
	// secrets lists the outputs that are always secret.
	secrets []string
	// writeOnly lists the properties that the API accepts and never shows.
	writeOnly []string
	// locate is a path by which [Locate] finds a resource if the inputs do not determine self. locateBy is the property that
	// distinguishes such resources if no path does.
	locate, locateBy string
	// switches says that the resource always exists. A deletion resets it.
	switches bool
	// predict adds to the state of a preview the values that are known before the API is asked. May be nil.
	predict func(planned map[string]any)
	// forgets lists the properties that an import does not know, even if the id contains them.
	forgets []string
	// derive adds computed properties to the state. May be nil.
	derive func(state map[string]any)
	// protection is a property of the provider that refuses deletion while it is true; "" means that the type has none.
	protection string
	// singular marks a data source; see [resourceType.decodeObject].
	singular bool
	// request completes a document before it is sent. document converts an answer to the shape of a request. They serve where
	// rules for single properties are not enough. May be nil.
	request, document func(map[string]any) map[string]any
	// operations replaces the ordinary create, read, update and delete. Default: [documents].
	operations operations
}

// updateMethod says how an API accepts changes.
type updateMethod int

const (
	updateMask   updateMethod = iota // PATCH of the changed fields, with updateMask
	updateWhole                      // PATCH of the whole resource, without a mask
	updatePut                        // PUT of the whole resource
	updateInBody                     // PATCH with updateMask in the body (service accounts)
	updateNone                       // sends nothing, because only properties of the provider itself can be updated
)

// types maps tokens to the rows of all supported types.
var types = func() map[string]*resourceType {
	table := map[string]*resourceType{}
	for _, rows := range [][]*resourceType{runTypes, iamTypes, projectTypes, secretTypes, registryTypes, billingTypes, monitoringTypes,
		sloTypes, schedulerTypes, sqlTypes, storageTypes, attestationTypes, githubTypes, protectionTypes} {
		for _, row := range rows {
			if table[row.token] != nil {
				panic("provider: two rows for " + row.token)
			}
			table[row.token] = row
		}
	}
	readFacts(factLines, table)
	return table
}()

// lookup returns the row of a type. The error says what to do if the type is not supported.
func lookup(token string) (*resourceType, error) {
	if t := types[token]; t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("the sandbox has no resource type %s: run this program against the real cloud, or add a row for it to "+
		"emulator/provider. It has: %s",
		token, strings.Join(slices.Sorted(maps.Keys(types)), ", "))
}

func (t *resourceType) ops() operations {
	if t.operations != nil {
		return t.operations
	}
	return documents{}
}

func (t *resourceType) idTemplate() string {
	if t.id != "" {
		return t.id
	}
	return t.self
}

var templateVariable = regexp.MustCompile(`\{(\+?)(\w+)(:short)?\}`)

// expand fills a template with values. The error names a missing property.
func expand(template string, values map[string]any, escape func(string) string) (string, error) {
	var missing string
	out := templateVariable.ReplaceAllStringFunc(template, func(match string) string {
		parts := templateVariable.FindStringSubmatch(match)
		value := scalarText(values[parts[2]])
		if value == "" {
			missing = parts[2]
		}
		if parts[3] != "" {
			value = doc.Last(value)
		}
		if parts[1] != "" {
			return value
		}
		return escape(value)
	})
	if missing != "" {
		return "", fmt.Errorf("%s has no value: give the resource's %s, or configure it on the provider", missing, missing)
	}
	return out, nil
}

func asIs(s string) string { return s }

// path fills a template of an API path.
func (t *resourceType) path(template string, values map[string]any) (string, error) {
	p, err := expand(template, values, url.PathEscape)
	if err != nil {
		return "", fmt.Errorf("%s: %w", t.token, err)
	}
	return t.api + p, nil
}

// parseImport returns the values that are known of a resource without a state. Of an import they come from its id. Of an
// interrupted creation they come from its id and from the inputs in its path.
func (t *resourceType) parseImport(id string, inputs map[string]any) (map[string]any, error) {
	if t.importID == "" {
		return t.parseID(id)
	}
	values, err := t.parse(t.importID, id)
	if err == nil || len(inputs) == 0 {
		return values, err
	}
	if values, err = t.parseID(id); err != nil {
		return nil, err
	}
	for _, name := range t.local {
		values[name] = inputs[name]
	}
	return values, nil
}

// parseID returns the values from which an id was made. With them a resource can be read although only its id is known.
func (t *resourceType) parseID(id string) (map[string]any, error) { return t.parse(t.idTemplate(), id) }

func (t *resourceType) parse(template, id string) (map[string]any, error) {
	expression := anyName
	if template != "" {
		id = strings.Join(strings.Fields(id), "/") // ids of IAM members have spaces instead of slashes in an import
		expression = regexp.MustCompile("^" + idPattern(template) + "$")
	}
	match := expression.FindStringSubmatch(id)
	if match == nil {
		return nil, fmt.Errorf("%s: %q is not an id of this type; an id looks like %s", t.token, id, template)
	}
	values := map[string]any{}
	for i, name := range expression.SubexpNames() {
		if name != "" && match[i] != "" {
			values[name] = match[i]
		}
	}
	return values, nil
}

// anyName matches the full names of resources whose id the API assigns.
var anyName = regexp.MustCompile(`^(?:projects/(?P<project>[^/]+)|billingAccounts/(?P<billingAccount>[^/]+))(?:/services/(?P<service>[^/]+)/serviceLevelObjectives)?/.+$`)

// idPattern converts an id template to a regular expression.
func idPattern(template string) string {
	segment := "[^/]+"
	if !strings.Contains(template, "/") {
		segment = "[^:]+" // colons separate the parts of GitHub's ids
	}
	var pattern strings.Builder
	end := 0
	for _, at := range templateVariable.FindAllStringSubmatchIndex(template, -1) {
		pattern.WriteString(regexp.QuoteMeta(template[end:at[0]]))
		name, value := template[at[4]:at[5]], segment
		switch {
		case name == "role":
			value = "(?:(?:projects|organizations)/[^/]+/)?roles/[^/]+"
		case at[3] > at[2]: // {+name}
			value = ".+?"
		}
		pattern.WriteString("(?P<" + name + ">" + value + ")")
		end = at[1]
	}
	return pattern.String() + regexp.QuoteMeta(template[end:])
}

// words splits a list of names, which keeps the table readable.
func words(names string) []string { return strings.Fields(names) }
