package review

import (
	"flag"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/internal/golden"
	"github.com/guiofsaints/procureflow-platform/sandbox/cost"
)

var update = flag.Bool("update", false, "write the golden files again")

// whole is a report in which every list has something in it: prod has much of everything, dev is new, and staging is refused.
func whole() Report {
	amounts := func(idle float64) cost.Amounts { return cost.Amounts{Idle: idle, Expected: 2 * idle, Worst: 3 * idle} }
	prod := Stack{Name: "prod", Findings: Findings{
		New: []Finding{{Policy: "p-stops", Level: "mandatory", Resource: "web", Message: "no"},
			{Policy: "p-warns", Level: "advisory", Message: "hm"},
			{Policy: "p-more", Level: "advisory", Resource: "db", Message: "hm"}},
		Gone: []Finding{{Policy: "p-gone", Level: "advisory", Message: "was"}},
		Old:  []Finding{{Policy: "p-old", Level: "advisory", Message: "is"}, {Policy: "p-older", Level: "advisory", Message: "is"}},
	}, Plan: []Step{{Op: Delete, Name: "grant", Type: "t:Grant"}, {Op: Delete, Name: "db", Type: "t:Db", Data: true},
		{Op: Replace, Name: "bucket", Type: "t:Bucket", Data: true, Changes: []Property{{Path: "region", Before: "a", After: "b", Replaces: true},
			{Path: "name", Unknown: true}}},
		{Op: Create, Name: "topic", Type: "t:Topic", Data: true, Changes: []Property{{Path: "id", Unknown: true}}}},
		Authority: []AuthorityChange{{Widens: true, Added: true, Kind: Becomes, Subject: "deploy", Text: "a job of main", More: 1},
			{Widens: true, Added: true, Kind: Holds, Subject: "ci", Text: "roles/owner", More: 2}, {Widens: true, Kind: Guard, Subject: "main",
				Text: "two reviews"}, {Widens: true, Kind: Guard, Subject: "wait", Text: "5 minutes", Was: "10 minutes"},
			{Kind: Reads, Subject: "web", Text: "a secret"}, {Added: true, Kind: Internet, Subject: "api", Text: "it answers"}},
		ManualSteps: []string{"an owner deletes it"},
		Cost: &cost.Change{Before: cost.Estimate{Total: amounts(1)}, After: cost.Estimate{Total: amounts(4), PricesOf: "2026-01-02",
			Assumptions: []string{"a month has 31 days"}, NotPriced: []string{"traffic"}}, Delta: amounts(3), Lines: []cost.LineChange{
			{Resource: "db", After: amounts(2)}, {Resource: "web", Before: amounts(1), After: amounts(1)}, {Resource: "x", After: amounts(1)}}},
		Rehearsal: &Rehearsal{Seed: 7, Failed: "the update fails", Stages: []Stage{{Name: "it comes up", Result: "it does"}, {Name: "it goes on",
			Result: "no quota", Bad: true}}, Visitors: []Visitors{
			{Service: "web", Requests: 9, Failures: 2, Seconds: 3, StillFailing: true, During: "it goes on"},
			{Service: "api", Requests: 1}}, Lost: []string{"db"}, Restored: []string{"web: the image"},
			NotRestored: []string{"a", "b", "c", "d"}, ManualSteps: []string{"a person mends it"}},
	}
	for i := range 13 {
		prod.Plan = append(prod.Plan, Step{Op: Update, Name: fmt.Sprintf("service-%02d", i), Type: "t:Service",
			Changes: []Property{{Path: "memory", Before: "1", After: "2"}, {Path: "cpu", After: "1"}, {Path: "uri", Unknown: true}}})
	}
	return Report{Base: strings.Repeat("b", 40), Head: strings.Repeat("c", 40), WideningLabel: "widens", Stacks: []Stack{
		{Name: "dev", Note: "The stack is new.", Authority: []AuthorityChange{}}, prod,
		{Name: "staging", Failed: "services.web.memory: too little", Findings: Findings{Old: []Finding{{Policy: "p-old", Message: "is"}}}}}}
}

// TestWholeReport compares every word of a report: for a terminal with all its lists, and as a comment with lists that are cut.
func TestWholeReport(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	writeText(&text, whole().document(limits{steps: 100, properties: 100}), "")
	golden.Check(t, filepath.Join("testdata", "report.txt"), text.String(), *update)
	cut := markdown(whole().document(limits{steps: 2, properties: 1, page: "https://page"}))
	golden.Check(t, filepath.Join("testdata", "report-cut.md"), cut, *update)
}

// TestCommentsWithoutAPlan checks what a comment says where the run made no plan against the real cloud, or no report.
func TestCommentsWithoutAPlan(t *testing.T) {
	t.Parallel()
	const run, end = "https://run", "At commit `abc`.\n"
	report := &Report{Stacks: []Stack{{Name: "dev"}, {Name: "prod"}}}
	missing := func(stack string) string {
		return "**Missing:** `" + stack + "` was not planned against the real cloud: [the run](https://run) says why.\n\n"
	}
	comment := Comment{Report: report, Commit: "abc", Run: run, Plans: Here}
	said := comment.Markdown()
	assert.True(t, strings.HasSuffix(said, missing("dev")+missing("prod")+end), said)
	comment.Previews = []Preview{{Stack: "dev", Text: "x\n"}}
	said = comment.Markdown()
	assert.NotContains(t, said, missing("dev"))
	assert.True(t, strings.HasSuffix(said, missing("prod")+end), said)
	comment.Plans = Fork
	said = comment.Markdown()
	assert.NotContains(t, said, missing("prod"))
	assert.True(t, strings.HasSuffix(said, "There is no plan against the real cloud, because a fork's run gets no identity. A maintainer who "+
		"has read the change pushes it to a branch of this repository to see one.\n\n"+end), said)
	assert.Equal(t, Marker+"\n## What this pull request would do\n\nThere is no review: [the run](https://run) says why.\n\n"+end,
		Comment{Commit: "abc", Run: run, Plans: Here}.Markdown())
}
