package scaffold

import (
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/stacks"
)

// fill puts what a later run was told in the place of stand-ins, in the settings and in provenance.yaml. A value that is no stand-in
// stays.
func (a Answers) fill(file File, text string) string {
	name := path.Base(file.Path)
	if path.Dir(file.Path) != a.Folder {
		return text
	}
	if name == "provenance.yaml" && a.RepositoryID != "" && !stands(a.RepositoryID) {
		return standInComment.ReplaceAllString(text, `repositoryId: "`+a.RepositoryID+`" # As`)
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

var standInComment = regexp.MustCompile(`(?m)^repositoryId: "[^"]*" # A stand-in, as`)

// standIn is the line of a key whose value, or only entry, is a stand-in. The value is not in its first group.
func standIn(key string) *regexp.Regexp {
	return regexp.MustCompile(`(?m)^( +` + key + `: )(?:"` + stacks.StandInPrefix + `[^"]*"|\["` + stacks.StandInPrefix + `[^"]*"\])$`)
}

// quote and list are what is said as YAML has it, and nothing where nothing is said.
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
