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

// resourceType is one row of the table: how a Pulumi resource type maps to the API. Paths name nested properties with
// dots and leave out list indices: "template.containers.envs".
//
// A template (collection, query, self, id) names properties in braces. {x} is escaped as one path segment, {x:short} is
// the last segment of a full resource name, {+x} is a whole path taken as it is.
type resourceType struct {
	token string
	// args and state are the SDK's structs, of which the properties and their types are read.
	args, state pulumi.Input
	// facts are what properties.txt says about single properties.
	facts *facts
	// autoName is the property that gets a generated value when absent. Empty: none. A resource whose name the program
	// chose has to go before it is replaced.
	autoName string
	// moved says that a change which replaces by no property replaces all the same: the resource is in another place then.
	// May be nil.
	moved func(ctx context.Context, c *call) (bool, error)
	// refuse says what is wrong with inputs as a whole. May be nil.
	refuse func(inputs map[string]any, fail func(path, format string, args ...any))
	// deleteFirst says that the resource goes before its replacement comes, whoever chose its name.
	deleteFirst bool

	// api is the API's prefix, which the paths of its operations are relative to as well.
	api string
	// collection is where POST creates; query is the creation's query. With createByPut, PUT on self creates.
	collection, query string
	createByPut       bool
	// nameInBody says that a creation has the whole name in the body, where others have the id in the query.
	nameInBody bool
	// self is the resource's path; empty means the path is the id.
	self string
	// id is the Pulumi id, computed from the state. Empty: the same as self.
	id string
	// importID is what an import is given, where that is not the id. Default: the id.
	importID string
	// wrap is the field of the request's body that holds the resource when it is not the body itself; wrapWith are the
	// properties beside it in a creation.
	wrap     string
	wrapWith []string
	// update is how changes are written. Default: updateMask.
	update updateMethod

	// local are properties that are no field of the API's document: parts of its path, and the provider's own switches.
	local []string
	// outputOnly are properties inside input objects that only the API writes.
	outputOnly []string
	// rules are the properties whose name or shape differs from the API's.
	rules map[string]rule
	// secrets are outputs that are always secret.
	secrets []string
	// writeOnly are properties that the API takes and never shows.
	writeOnly []string
	// locate is a path by which [Locate] finds a resource whose self the inputs do not determine; locateBy is the
	// property that tells such resources apart when no path does.
	locate, locateBy string
	// switches are types of which there is always one: a deletion sets it back.
	switches bool
	// predict completes the state of a preview with what is known before the API is asked. May be nil.
	predict func(planned map[string]any)
	// forgets are the properties that an import does not know, whatever its id says.
	forgets []string
	// derive completes the state. May be nil.
	derive func(state map[string]any)
	// protection is the client-side property that refuses deletion while true. Empty: none.
	protection string
	// singular is for data sources, see [resourceType.decodeObject].
	singular bool
	// request completes what is sent, document turns what is answered into the shape of what is sent, where rules for
	// single properties do not do. May be nil.
	request, document func(map[string]any) map[string]any
	// operations replaces the ordinary create, read, update and delete. Default: [documents].
	operations operations
}

// updateMethod is how an API takes changes.
type updateMethod int

const (
	updateMask   updateMethod = iota // PATCH of what changed, with updateMask
	updateWhole                      // PATCH of everything, without a mask
	updatePut                        // PUT of everything
	updateInBody                     // PATCH with updateMask in the body (service accounts)
	updateNone                       // nothing is sent: every updatable property is the provider's own
)

// types is the table of all supported types by token.
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

// lookup returns the row of a type, or an error that says what to do.
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

// expand fills a template from values. The error names the property that is missing.
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

// path expands a template of the API's paths.
func (t *resourceType) path(template string, values map[string]any) (string, error) {
	p, err := expand(template, values, url.PathEscape)
	if err != nil {
		return "", fmt.Errorf("%s: %w", t.token, err)
	}
	return t.api + p, nil
}

// parseImport returns the values that are known of a resource without a state: those in the id of an import; or, of an
// interrupted creation, those in its id, and the parts of its path among its inputs.
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

// parseID returns the values that an id was made from, so that a resource can be read of which only the id is known.
func (t *resourceType) parseID(id string) (map[string]any, error) { return t.parse(t.idTemplate(), id) }

func (t *resourceType) parse(template, id string) (map[string]any, error) {
	expression := anyName
	if template != "" {
		id = strings.Join(strings.Fields(id), "/") // the import form of IAM members has spaces for slashes
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

// anyName matches the full names of resources to which the API assigns an id.
var anyName = regexp.MustCompile(`^(?:projects/(?P<project>[^/]+)|billingAccounts/(?P<billingAccount>[^/]+))(?:/services/(?P<service>[^/]+)/serviceLevelObjectives)?/.+$`)

// idPattern turns an id template into a regular expression.
func idPattern(template string) string {
	segment := "[^/]+"
	if !strings.Contains(template, "/") {
		segment = "[^:]+" // GitHub's ids are separated by colons
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
