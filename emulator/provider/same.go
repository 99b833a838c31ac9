package provider

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// sameValue returns the comparison with a name in properties.txt. Every comparison treats equal values as the same.
func sameValue(name string) func(old, new any) bool {
	if value, ok := strings.CutPrefix(name, "or-empty:"); ok {
		return func(old, new any) bool { return isZero(old) && new == value || isZero(new) && old == value }
	}
	same, ok := map[string]func(old, new any) bool{
		"algorithm": sameAlgorithm, "duration": sameDuration, "defaults": sameDefaults, "json": sameJSON, "member": sameMember,
		"short-name": sameShortName,
		"case":       func(old, new any) bool { return strings.EqualFold(fmt.Sprint(old), fmt.Sprint(new)) },
		"last-segment": func(old, new any) bool {
			return bothText(old, new) && doc.Last(old.(string)) == doc.Last(new.(string))
		},
		"last-slash": func(old, new any) bool {
			return bothText(old, new) && strings.TrimSuffix(old.(string), "/") == strings.TrimSuffix(new.(string), "/")
		},
		"key-ring": func(old, new any) bool { return bothText(old, new) && keyRing(old.(string)) == keyRing(new.(string)) },
		"slash":    func(old, new any) bool { return bothText(old, new) && old == "/"+new.(string) },
	}[name]
	if !ok {
		panic("provider: there is no comparison " + name)
	}
	return same
}

func bothText(old, new any) bool {
	_, ok1 := old.(string)
	_, ok2 := new.(string)
	return ok1 && ok2
}

// sameShortName reports whether two names mean the same resource. A name is a last segment alone, or a full name with or without
// a host. Two different full names with the same last segment mean different resources.
func sameShortName(old, new any) bool {
	if !bothText(old, new) {
		return false
	}
	was, is := old.(string), new.(string)
	if !strings.Contains(is, "/") {
		return doc.Last(was) == is
	}
	_, was, ok1 := strings.Cut(was, "projects/")
	_, is, ok2 := strings.Cut(is, "projects/")
	return ok1 && ok2 && was == is
}

// keyRing returns PROJECT/LOCATION/NAME of a key ring, which the provider also takes as projects/PROJECT/locations/LOCATION/keyRings/NAME.
func keyRing(name string) string {
	parts := strings.Split(name, "/")
	if len(parts) != 6 || parts[0] != "projects" || parts[2] != "locations" || parts[4] != "keyRings" {
		return name
	}
	return strings.Join([]string{parts[1], parts[3], parts[5]}, "/")
}

// sameDefaults reports whether both objects contain only defaults.
func sameDefaults(old, new any) bool { return onlyDefaults(old) && onlyDefaults(new) }

func onlyDefaults(value any) bool {
	if object, ok := value.(map[string]any); ok {
		for _, inner := range object {
			if !onlyDefaults(inner) {
				return false
			}
		}
		return true
	}
	name, _ := value.(string)
	return isZero(value) || strings.HasSuffix(name, "_UNSPECIFIED")
}

// sameAlgorithm compares signature algorithms. Some of them have two names.
func sameAlgorithm(old, new any) bool {
	name := func(value any) string { return strings.Replace(fmt.Sprint(value), "EC_SIGN_", "ECDSA_", 1) }
	return name(old) == name(new)
}

// sameDuration compares durations in the API's form ("300s") and in larger units ("30d").
func sameDuration(a, b any) bool {
	x, ok1 := duration(a)
	y, ok2 := duration(b)
	return ok1 && ok2 && x == y
}

// duration reads whole seconds, minutes, hours or days.
func duration(value any) (time.Duration, bool) {
	written, _ := value.(string)
	if written == "" {
		return 0, false
	}
	n, err := strconv.ParseInt(written[:len(written)-1], 10, 64)
	unit, ok := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[written[len(written)-1]]
	return time.Duration(n) * unit, ok && err == nil
}

// sameJSON compares JSON texts by their content. It ignores zero values and fields that the API assigns.
func sameJSON(a, b any) bool {
	x, y := parseJSON(a), parseJSON(b)
	return x != nil && y != nil && equal(withoutZeros(x), withoutZeros(y))
}

// parseJSON parses a JSON text. It returns nil if it cannot.
func parseJSON(value any) map[string]any {
	written, _ := value.(string)
	var object map[string]any
	if json.Unmarshal([]byte(written), &object) != nil {
		return nil
	}
	delete(object, "name")
	delete(object, "etag")
	return object
}

func withoutZeros(value any) any {
	return without(value, func(object map[string]any, key string) bool {
		_, isObject := object[key].(map[string]any)
		return !isObject && isZero(object[key])
	})
}
