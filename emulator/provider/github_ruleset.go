package provider

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// rulesetType is a repository's ruleset. It has an object of rules where the API has a list of rules with types.
var rulesetType = &resourceType{
	token: "github:index/repositoryRuleset:RepositoryRuleset", args: inputsOf[repositoryRuleset]{}, state: inputsOf[rulesetState]{},
	api: githubAPI, collection: "repos/{owner}/{repository}/rulesets", self: "repos/{owner}/{repository}/rulesets/{rulesetId}",
	id: "{rulesetId}", importID: "{repository}:{rulesetId}", update: updatePut, locateBy: "name", autoName: "name",
	local: words("repository"),
	rules: map[string]rule{
		"rulesetId": {api: "id"}, "nodeId": {api: "node_id"}, "bypassActors": {api: "bypass_actors"},
		"bypassActors.actorId": {api: "actor_id"}, "bypassActors.actorType": {api: "actor_type"}, "bypassActors.bypassMode": {api: "bypass_mode"},
		"conditions.refName": {api: "ref_name"}, "conditions.refName.includes": {api: "include"}, "conditions.refName.excludes": {api: "exclude"},
	},
	refuse: rulesOfTarget, request: rulesetAsSent, document: rulesetAsProperties, derive: rulesetTag,
}

// pushRules lists the rules about pushed content. A ruleset for pushes has only these rules, and no other ruleset has them.
var pushRules = words("fileExtensionRestriction filePathRestriction maxFilePathLength maxFileSize")

// rulesOfTarget refuses the rules and conditions that a ruleset's target does not have. Like the official provider, it accepts
// updateAllowsFetchAndMerge, although no target has it as a rule.
func rulesOfTarget(inputs map[string]any, fail func(path, format string, args ...any)) {
	target := doc.Text(inputs, "target")
	rules, _ := inputs["rules"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		if name == defaultsKey || zeroScalar(rules[name]) {
			continue
		}
		if slices.Contains(pushRules, name) != (target == "push") || name == "updateAllowsFetchAndMerge" {
			fail("rules."+name, "The rule %q is not valid for a ruleset whose target is %q.", name, target)
		}
	}
	if conditions, ok := inputs["conditions"].(map[string]any); ok && (conditions["refName"] != nil) == (target == "push") {
		fail("conditions.refName", "A ruleset for branches or tags names refs in its conditions, and one for pushes does not.")
	}
}

// rulesetTag sets a replacement for the ETag header of the answer, which the official provider stores.
func rulesetTag(state map[string]any) {
	delete(state, "etag")
	data, err := json.Marshal(state)
	if err != nil {
		return
	}
	sum := sha256.Sum256(data)
	state["etag"] = `W/"` + hex.EncodeToString(sum[:]) + `"`
}

// These rules and parameters have other names in the API than their properties in snake case.
var (
	ruleNames      = map[string]string{"requiredCodeScanning": "code_scanning"}
	parameterNames = map[string]string{"requiredChecks": "required_status_checks", "requiredCodeScanningTools": "code_scanning_tools"}
)

var (
	capital         = regexp.MustCompile(`[A-Z]`)
	afterUnderscore = regexp.MustCompile(`_[a-z]`)
)

func snake(property string, special map[string]string) string {
	if name := special[property]; name != "" {
		return name
	}
	return capital.ReplaceAllStringFunc(property, func(letter string) string { return "_" + strings.ToLower(letter) })
}

func camel(name string, special map[string]string) string {
	for property, other := range special {
		if other == name {
			return property
		}
	}
	return afterUnderscore.ReplaceAllStringFunc(name, func(found string) string { return strings.ToUpper(found[1:]) })
}

// rulesetAsSent converts the rules' properties to the API's list of rules with types. A rule without parameters is a boolean, and
// false means that the rule is absent. The list is complete, because a field that a PUT leaves out would keep its value.
func rulesetAsSent(document map[string]any) map[string]any {
	if document["bypass_actors"] == nil {
		document["bypass_actors"] = []any{}
	}
	rules, _ := document["rules"].(map[string]any)
	list := []any{}
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		rule := map[string]any{"type": snake(name, ruleNames)}
		switch value := rules[name].(type) {
		case bool:
			if !value || name == "updateAllowsFetchAndMerge" {
				continue
			}
			if name == "update" {
				rule["parameters"] = map[string]any{"update_allows_fetch_and_merge": rules["updateAllowsFetchAndMerge"] == true}
			}
		case map[string]any:
			parameters, _ := renamed(value, func(name string) string { return snake(name, parameterNames) }).(map[string]any)
			if name == "requiredStatusChecks" && parameters["strict_required_status_checks_policy"] == nil {
				parameters["strict_required_status_checks_policy"] = false // GitHub requires the field
			}
			rule["parameters"] = parameters
		}
		list = append(list, rule)
	}
	document["rules"] = list
	return document
}

// rulesetAsProperties converts the API's list back to properties.
func rulesetAsProperties(answer map[string]any) map[string]any {
	document, properties := maps.Clone(answer), map[string]any{}
	list, _ := answer["rules"].([]any)
	for _, element := range list {
		rule, _ := element.(map[string]any)
		name := camel(doc.Text(rule, "type"), ruleNames)
		parameters, _ := rule["parameters"].(map[string]any)
		switch {
		case name == "update":
			properties["update"] = true
			properties["updateAllowsFetchAndMerge"] = parameters["update_allows_fetch_and_merge"] == true
		case len(parameters) == 0:
			properties[name] = true
		default:
			properties[name] = renamed(parameters, func(name string) string { return camel(name, parameterNames) })
		}
	}
	document["rules"] = properties
	return document
}

// renamed returns a value whose objects have other key names. It leaves out the app of a check if it is 0, which means any app.
func renamed(value any, name func(string) string) any {
	switch v := value.(type) {
	case map[string]any:
		object := map[string]any{}
		for key, inner := range v {
			if key == "integrationId" && isZero(inner) || inner == nil {
				continue
			}
			object[name(key)] = renamed(inner, name)
		}
		return object
	case []any:
		list := make([]any, len(v))
		for i, inner := range v {
			list[i] = renamed(inner, name)
		}
		return list
	}
	return value
}
