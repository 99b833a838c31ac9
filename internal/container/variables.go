package container

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/problems"
)

// Variables lists the sources of a container's variables.
type Variables struct {
	// Field is the path of the sources in the arguments, such as "args".
	Field string
	// Reserved says whether Cloud Run itself sets a variable.
	Reserved func(name string) bool
	// Plain are the sources of values that are not secret, each by its field's name.
	Plain map[string]map[string]pulumi.StringInput
	// Secrets are the versions of secrets that variables read, by the name of the variable.
	Secrets map[string]Secret
}

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Check finds what is wrong with the variables.
func (v Variables) Check(found *problems.List) {
	fields := map[string][]string{}
	for _, source := range slices.Sorted(maps.Keys(v.Plain)) {
		for name := range v.Plain[source] {
			fields[name] = append(fields[name], source)
		}
	}
	for name := range v.Secrets {
		fields[name] = append(fields[name], "Secrets")
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		field := v.Field + "." + fields[name][0]
		found.If(!variable.MatchString(name), "%s[%q]: name the variable by letters, digits and underscores, no digit first", field, name)
		found.If(v.Reserved(name), "%s[%q] is set by Cloud Run itself: choose another name", field, name)
		found.If(len(fields[name]) > 1, "variable %q is given %d times, in %s: keep one", name, len(fields[name]),
			strings.Join(fields[name], " and "))
		for _, source := range slices.Sorted(maps.Keys(v.Plain)) {
			if value, given := v.Plain[source][name]; given && value == nil {
				found.Add("%s.%s[%q] has no value: set one, or remove it", v.Field, source, name)
			}
		}
		if secret, given := v.Secrets[name]; given {
			secret.Check(fmt.Sprintf("%s.Secrets[%q]", v.Field, name), found)
		}
	}
}

// Text returns nil for an empty text, because an API would take the empty text for a value.
func Text(text string) pulumi.StringPtrInput {
	if text == "" {
		return nil
	}
	return pulumi.String(text)
}

// Texts returns nil for an empty list, because an empty list would rename a service's revision.
func Texts(list []string) pulumi.StringArrayInput {
	if len(list) == 0 {
		return nil
	}
	return pulumi.ToStringArray(list)
}
