package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
)

// errAmbiguous refuses JSON that two readers can take for two different things. Go takes the last of two equal keys and ignores their
// case; other readers take the first one, or heed the case. So an image could show one user here and start as another.
var errAmbiguous = refuse("has a key twice, or in other letters than the specification's, so that its readers may differ about it")

// members reads one JSON object and returns its members. Keys that differ only in case count as equal. known are the keys that have to
// be in these letters.
func members(raw []byte, known ...string) (map[string]json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, refuse("has something else where an object belongs")
	}
	found, seen := map[string]json.RawMessage{}, map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		key, isText := token.(string)
		var value json.RawMessage
		if err != nil || !isText || decoder.Decode(&value) != nil {
			return nil, refuse("is not JSON")
		}
		folded := strings.ToLower(strings.ToUpper(key)) // both, for letters such as the long s
		if seen[folded] || slices.ContainsFunc(known, func(k string) bool { return k != key && strings.EqualFold(k, key) }) {
			return nil, errAmbiguous
		}
		found[key], seen[folded] = value, true
	}
	if _, err := decoder.Token(); err != nil { // the closing brace
		return nil, refuse("is not JSON")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, refuse("has something behind its end")
	}
	return found, nil
}

// plainManifest checks that a manifest and its descriptors are unambiguous.
func plainManifest(raw []byte) error {
	manifest, err := members(raw, "schemaVersion", "mediaType", "artifactType", "manifests", "config", "layers", "subject")
	if err != nil {
		return err
	}
	for _, key := range []string{"config", "subject", "layers", "manifests"} {
		descriptors := []json.RawMessage{manifest[key]}
		if key == "layers" || key == "manifests" {
			descriptors = nil
			if list, there := manifest[key]; there && json.Unmarshal(list, &descriptors) != nil {
				return refuse("has something else where a list belongs")
			}
		}
		for _, one := range descriptors {
			if text := string(one); text == "" || text == "null" {
				continue
			}
			if _, err := members(one, "mediaType", "digest", "size", "urls", "data"); err != nil {
				return err
			}
		}
	}
	return nil
}

// plainConfig checks the parts of an image's configuration that decide about its user and its platform.
func plainConfig(raw []byte) error {
	config, err := members(raw, "config", "os", "architecture", "variant")
	if err != nil {
		return err
	}
	if inner := string(config["config"]); inner != "" && inner != "null" {
		_, err = members(config["config"], "User")
	}
	return err
}
