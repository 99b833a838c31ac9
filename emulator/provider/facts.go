package provider

import (
	_ "embed"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// factLines holds what the official providers say about single properties, type by type:
//
//	gcp:monitoring/slo:Slo
//	  goal required check=goal
//	  exactly-one-of rollingPeriodDays calendarPeriod
//
// The word delete-first after a type says that a resource is deleted before its replacement is created. A property without a line
// is optional, has no default, accepts every value of its type, and can be changed in place. These words may follow a property's
// path:
//
//	required            the program has to give it
//	computed            if the program leaves it out, it keeps the API's value
//	replaces            a change requires a new resource
//	output              only the API writes it, although it lies inside an input
//	set                 the order of the list has no meaning
//	default=V           the value that the provider fills in
//	same=NAME           how to recognize values with the same meaning, which are not a change: see [sameValue]
//	one-of=A|B|C        the allowed values; a | at the end allows the empty one. each-one-of is for the elements of a list
//	match=EXPRESSION    the allowed texts, as a regular expression
//	range=1..30         the allowed numbers
//	length=1..100       the allowed lengths of its text; at-least=1 and at-most=6 are for lists
//	check=NAME          a check written in Go: see [valueChecks]
//	keeps=KEY           a key that the API adds to the map; it is not a change if the program leaves it out
//	with=A|B            refused unless one of these is given
//	without=A|B         refused if one of these is given
//
//go:embed properties.txt
var factLines string

// fact holds the words of one line.
type fact struct {
	required, computed, replaces, set bool
	fallback                          any
	same                              func(old, new any) bool
	checks                            []valueCheck
	with, without                     []string
	keeps                             string
}

// facts holds the facts about a type's properties, by path, and the type's groups.
type facts struct {
	properties map[string]fact
	groups     []group
}

// group is a choice between properties. Exactly one of them, or at least one, has to be given.
type group struct {
	exactly bool
	paths   []string
}

// at returns the facts about a property. Most properties have none.
func (f *facts) at(path string) fact {
	if f == nil {
		return fact{}
	}
	return f.properties[path]
}

// readFacts reads [factLines] for the types of the table. It panics on a line that it does not understand, as regexp.MustCompile
// does.
func readFacts(text string, table map[string]*resourceType) {
	var current *resourceType
	for i, line := range strings.Split(text, "\n") {
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !strings.HasPrefix(line, "  ") {
			token, first, _ := strings.Cut(line, " ")
			if current = table[token]; current == nil || current.facts != nil {
				panic(fmt.Sprintf("provider: properties.txt:%d: %s: name a type of the tables, once", i+1, token))
			}
			current.facts = &facts{properties: map[string]fact{}}
			current.deleteFirst = first == "delete-first"
			continue
		}
		fields := strings.Fields(line)
		switch fields[0] {
		case "exactly-one-of", "at-least-one-of":
			current.facts.groups = append(current.facts.groups, group{exactly: fields[0] == "exactly-one-of", paths: fields[1:]})
			continue
		}
		s := shapeOf(current.args).at(fields[0])
		if s == nil {
			panic(fmt.Sprintf("provider: properties.txt:%d: %s has no property %s", i+1, current.token, fields[0]))
		}
		if fields[1] == "output" {
			current.outputOnly = append(current.outputOnly, fields[0])
			continue
		}
		p, err := readProperty(s, fields[1:])
		if err != nil {
			panic(fmt.Sprintf("provider: properties.txt:%d: %v", i+1, err))
		}
		current.facts.properties[fields[0]] = p
	}
}

func readProperty(s *shape, words []string) (fact, error) {
	var p fact
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		var check valueCheck
		switch name {
		case "required":
			p.required = true
		case "computed":
			p.computed = true
		case "replaces":
			p.replaces = true
		case "set":
			p.set = true
		case "default":
			p.fallback = scalarOf(s, value)
		case "same":
			p.same = sameValue(value)
		case "one-of":
			check = oneOf(strings.Split(value, "|"))
		case "each-one-of":
			check = each(oneOf(strings.Split(value, "|")))
		case "match":
			check = matches(regexp.MustCompile(value))
		case "range":
			check = between(value)
		case "length":
			check = longAs(value)
		case "at-least", "at-most":
			n, err := strconv.Atoi(value)
			if err != nil {
				return p, err
			}
			check = elements(name, n)
		case "check":
			check = valueChecks[value]
		case "keeps":
			p.keeps = value
		case "with":
			p.with = strings.Split(value, "|")
		case "without":
			p.without = strings.Split(value, "|")
		default:
			return p, fmt.Errorf("%s: write one of the words about properties that this file reads", word)
		}
		if check != nil {
			p.checks = append(p.checks, check)
		} else if slices.Contains([]string{"one-of", "each-one-of", "match", "range", "length", "check"}, name) {
			return p, fmt.Errorf("%s: there is no such rule", word)
		}
	}
	return p, nil
}

// scalarOf reads a default value.
func scalarOf(s *shape, text string) any {
	switch s.kind {
	case reflect.Bool:
		return text == "true"
	case reflect.Int, reflect.Float64:
		number, err := strconv.ParseFloat(text, 64)
		if err != nil {
			panic(fmt.Sprintf("provider: the default %q: write a number", text))
		}
		return number
	}
	return text
}
