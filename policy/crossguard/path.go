package crossguard

import (
	"fmt"
	"strconv"
	"strings"
)

// A path names a property as in Pulumi's documentation: template.containers[0].image,
// metadata.annotations["autoscaling.knative.dev/maxScale"]. A quoted key is a Go string, so that a path can contain every key:
// labels["a \"b\""].

// Key returns a key, with any characters in it, as a step of a path: "labels" + crossguard.Key(name).
func Key(key string) string { return "[" + strconv.Quote(key) + "]" }

// step is one step of a path: a key of an object or, if inList, an index into a list.
type step struct {
	key    string
	index  int
	inList bool
}

// nextStep cuts the first step off a path. It panics if the path is malformed: that is a mistake in the rule and not in the
// resource, and the rule fails closed.
func nextStep(path string) (step, string) {
	if strings.HasPrefix(path, `["`) {
		key, rest, ok := quotedKey(path[1:])
		if !ok {
			panic(fmt.Sprintf(`property path %s: [" without "]`, path))
		}
		return step{key: key}, strings.TrimPrefix(rest, ".")
	}
	if strings.HasPrefix(path, "[") {
		digits, rest, ok := strings.Cut(path[1:], "]")
		index, err := strconv.Atoi(digits)
		if !ok || err != nil || index < 0 {
			panic(fmt.Sprintf("property path %s: [ must be followed by an index or a quoted key", path))
		}
		return step{index: index, inList: true}, strings.TrimPrefix(rest, ".")
	}
	for i := range len(path) {
		switch path[i] {
		case '.':
			return step{key: path[:i]}, path[i+1:]
		case '[':
			return step{key: path[:i]}, path[i:]
		}
	}
	return step{key: path}, ""
}

// quotedKey cuts a quoted key and the bracket behind it off a path.
func quotedKey(path string) (key, rest string, ok bool) {
	if end := strings.IndexAny(path[1:], `"\`) + 1; end > 0 && path[end] == '"' { // nothing is escaped, as in nearly all keys
		rest, ok = strings.CutPrefix(path[end+1:], "]")
		return path[1:end], rest, ok
	}
	quoted, err := strconv.QuotedPrefix(path)
	if err != nil {
		return "", "", false
	}
	key, err = strconv.Unquote(quoted)
	rest, ok = strings.CutPrefix(path[len(quoted):], "]")
	return key, rest, ok && err == nil
}

func appendStep(path string, s step) string {
	switch {
	case s.inList:
		return path + "[" + strconv.Itoa(s.index) + "]"
	case s.key == "" || strings.ContainsFunc(s.key, func(r rune) bool { return strings.ContainsRune(".[]\"\\", r) || !strconv.IsPrint(r) }):
		return path + Key(s.key)
	case path == "":
		return s.key
	}
	return path + "." + s.key
}

// place says where an object stands in its resource. It becomes a path only when a message needs one.
type place struct {
	parent   *place
	path     string // from parent
	unquoted bool   // path is one key as it is, which as a path may need quotes
	index    int    // index into the list at path; -1 means path itself
}

func (p *place) String() string {
	if p == nil {
		return ""
	}
	path := p.path
	if p.unquoted {
		path = appendStep("", step{key: path})
	}
	s := joinPath(p.parent.String(), path)
	if p.index >= 0 {
		s = appendStep(s, step{index: p.index, inList: true})
	}
	return s
}

func joinPath(prefix, path string) string {
	if prefix == "" || path == "" || path[0] == '[' {
		return prefix + path
	}
	return prefix + "." + path
}
