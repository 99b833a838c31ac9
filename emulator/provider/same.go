package provider

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// sameShortName compares resource names that may be written in full or short.
func sameShortName(a, b any) bool { return lastSegment(fmt.Sprint(a)) == lastSegment(fmt.Sprint(b)) }

// sameDuration compares durations in the API's form ("300s", "1.5s") and in days ("30d").
func sameDuration(a, b any) bool {
	x, ok1 := duration(a)
	y, ok2 := duration(b)
	return ok1 && ok2 && x == y
}

func duration(value any) (time.Duration, bool) {
	written, _ := value.(string)
	if days, ok := strings.CutSuffix(written, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		return time.Duration(n * 24 * float64(time.Hour)), err == nil
	}
	d, err := time.ParseDuration(written)
	return d, err == nil
}

// sameJSON compares JSON texts by what they say. Zero values and what the API assigns say nothing.
func sameJSON(a, b any) bool {
	x, y := parseJSON(a), parseJSON(b)
	return x != nil && y != nil && equal(withoutZeros(x), withoutZeros(y))
}

// parseJSON reads a JSON text, or returns nil.
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
	switch v := value.(type) {
	case map[string]any:
		object := map[string]any{}
		for key, element := range v {
			if _, isObject := element.(map[string]any); isObject || !isZero(element) {
				object[key] = withoutZeros(element)
			}
		}
		return object
	case []any:
		list := make([]any, len(v))
		for i, element := range v {
			list[i] = withoutZeros(element)
		}
		return list
	}
	return value
}
