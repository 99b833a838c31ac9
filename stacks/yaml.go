package stacks

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"time"
)

// FromYAML turns a stack file's settings, as a YAML reader decoded them, into the JSON text that [Parse] reads. A word replaces
// the encrypted value of a secret. Values that JSON does not have are written so that Parse refuses them at their place: a date
// as the text that Pulumi makes of it, an infinite number as a number that is too large.
func FromYAML(node any) ([]byte, error) { return json.Marshal(plain(node, "")) }

func plain(node any, path string) any {
	if encrypted(node) && secretValue.MatchString(path) {
		return "encrypted"
	}
	switch node := node.(type) {
	case map[string]any:
		out := make(map[string]any, len(node))
		for key, value := range node {
			out[key] = plain(value, join(path, key))
		}
		return out
	case map[any]any: // the key is not text, and no setting has such a key
		out := make(map[string]any, len(node))
		for key, value := range node {
			out[fmt.Sprint(key)] = plain(value, join(path, fmt.Sprint(key)))
		}
		return out
	case []any:
		out := make([]any, len(node))
		for i, value := range node {
			out[i] = plain(value, fmt.Sprintf("%s[%d]", path, i))
		}
		return out
	case time.Time:
		return node.String()
	case float64:
		if math.IsInf(node, 0) || math.IsNaN(node) {
			return json.Number("1e999")
		}
	}
	return node
}

// dateText is what Pulumi's command line makes of a date without quotes, 2024-10-21: "2024-10-21 00:00:00 +0000 UTC".
var dateText = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)? [+-][0-9]{4} \S+$`)

// encrypted says whether a node is an encrypted value as a stack file has it.
func encrypted(node any) bool {
	entries, _ := node.(map[string]any)
	_, secure := entries["secure"].(string)
	return secure && len(entries) == 1
}

// secretValue matches the paths of values that a stack's file holds encrypted.
var secretValue = regexp.MustCompile(`^(secrets` + anyKey + `\.value|monitoring\.channels` + anyKey + `\.secret)$`)

// anyKey matches one key in a path.
const anyKey = `(\.[A-Za-z0-9_-]+|\["[^"]*"\])`

// addEncrypted refuses an encrypted value at a path that is not a secret's, because the state and the resources would have it in
// plain text.
func (f *findings) addEncrypted(path string) {
	if path == "" {
		path = settingsKey
	}
	f.add(path, "is encrypted, and would stand in the clear in the state and where it is used: only secrets.ID.value and "+
		"monitoring.channels.KEY.secret may be encrypted",
		"encrypt it as secrets.ID.value, name the ID under services.KEY.secrets, and remove it here")
}

// checkEncrypted looks in the stack's file for encrypted values in places where they are not allowed, because a program gets them
// decrypted and does not learn where they were. root is the project's folder.
func checkEncrypted(root, stack string, found *findings) {
	document, err := Document(root, stack)
	if err != nil {
		found.add(settingsKey, "has encrypted values, and which ones cannot be seen: Pulumi."+stack+".yaml next to Pulumi.yaml cannot be read",
			"keep the stack's settings in that file, without --config-file")
		return
	}
	findEncrypted(document, "", found)
}

func findEncrypted(node any, path string, found *findings) {
	if encrypted(node) {
		if !secretValue.MatchString(path) {
			found.addEncrypted(path)
		}
		return
	}
	switch node := node.(type) {
	case map[string]any:
		for _, key := range sortedKeys(node) {
			findEncrypted(node[key], join(path, key), found)
		}
	case []any:
		for i, value := range node {
			findEncrypted(value, fmt.Sprintf("%s[%d]", path, i), found)
		}
	}
}
