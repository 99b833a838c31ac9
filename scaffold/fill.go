package scaffold

import (
	"path"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/guiofsaints/procureflow-platform/stacks"
)

// fill replaces stand-ins by the values that a later run was given, in the settings and in provenance.yaml, and adds the new
// environments to release.yaml. Values that are not stand-ins stay.
func (a Answers) fill(file File, text string) string {
	name := path.Base(file.Path)
	if path.Dir(file.Path) != a.Folder {
		return text
	}
	if name == "provenance.yaml" && a.RepositoryID != "" && !stands(a.RepositoryID) {
		return standInComment.ReplaceAllString(text, `repositoryId: "`+a.RepositoryID+`" # As`)
	}
	if name == "release.yaml" {
		return addReleases(text, file.Content)
	}
	environment, is := strings.CutPrefix(strings.TrimSuffix(name, ".yaml"), "Pulumi.")
	if !is {
		return text
	}
	for key, value := range map[string]string{
		"number": quote(a.Numbers[environment]), "billingAccount": quote(a.BillingAccount), "ownerId": a.OwnerID,
		"repositoryId": a.RepositoryID, "alertEmails": list(quote(a.Alerts)),
	} {
		if value != "" && !stands(value) {
			text = standIn(key).ReplaceAllString(text, "${1}"+value)
		}
	}
	for gate, ids := range a.Reviewers {
		text = standIn(`- name: `+regexp.QuoteMeta(gate)+`\n +reviewers`).ReplaceAllString(text, "${1}"+list(strings.Join(ids, ", ")))
	}
	return text
}

// addReleases adds the environments that only the other text has to the key environments, if that is the last key of a
// release.yaml.
func addReleases(text, from string) string {
	var has, wants struct{ Environments map[string]any }
	var node yaml.Node
	if yaml.Unmarshal([]byte(text), &has) != nil || yaml.Unmarshal([]byte(from), &wants) != nil ||
		yaml.Unmarshal([]byte(text), &node) != nil || len(node.Content) == 0 {
		return text
	}
	keys := node.Content[0].Content
	if len(keys) < 2 || keys[len(keys)-2].Value != "environments" || keys[len(keys)-1].Style == yaml.FlowStyle {
		return text
	}
	for _, environment := range environments {
		_, there := has.Environments[environment]
		if _, wanted := wants.Environments[environment]; there || !wanted {
			continue
		}
		_, block, _ := strings.Cut(from, "\n  "+environment+":\n")
		if end := anotherKey.FindStringIndex(block); end != nil {
			block = block[:end[0]]
		}
		text = strings.TrimRight(text, "\n") + "\n  " + environment + ":\n" + strings.TrimRight(block, "\n") + "\n"
	}
	return text
}

var anotherKey = regexp.MustCompile(`(?m)^  [a-z]+:$`)

var standInComment = regexp.MustCompile(`(?m)^repositoryId: "[^"]*" # A stand-in, as`)

// standIn matches the line of a key whose value, or only entry, is a stand-in. The first group is the text before the
// value.
func standIn(key string) *regexp.Regexp {
	return regexp.MustCompile(`(?m)^( +` + key + `: )(?:"` + stacks.StandInPrefix + `[^"]*"|\["` + stacks.StandInPrefix + `[^"]*"\])$`)
}

// quote and list return a given value as YAML writes it, and nothing for an empty value.
func quote(said string) string {
	if said == "" {
		return ""
	}
	return strconv.Quote(said)
}

func list(said string) string {
	if said == "" {
		return ""
	}
	return "[" + said + "]"
}
