package review_test

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/cost"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
)

const (
	run  = "https://github.com/o/r/actions/runs/1"
	docs = "https://github.com/p/q/blob/main/docs"
)

func comment(previews ...review.Preview) string {
	return review.Comment{Report: &review.Report{Base: "b", Head: "h"}, Commit: "abc", Run: run, Docs: docs, Plans: review.Here,
		Previews: previews}.Markdown()
}

// TestCommentNamesReplacedAndDeletedResources checks the beginning of the comment: what a merge replaces or deletes, what is lost
// with it, who is needed, and where to read how. Of the text that the pull request's code wrote, only known types and plain names
// are shown.
func TestCommentNamesReplacedAndDeletedResources(t *testing.T) {
	t.Parallel()
	const (
		service  = "gcp:cloudrunv2/service:Service"
		registry = "gcp:artifactregistry/repository:Repository"
		secret   = "gcp:secretmanager/secret:Secret"
		region   = " [change a region or a name](" + docs + "/howto/region.md)"
		removal  = " [remove or rename a service](" + docs + "/howto/remove-service.md)"
		who      = " [who does what](" + docs + "/howto/README.md)"
		images   = "the registry `registry-repository`, **with every image in it**: no revision can start again, and no rollback is " +
			"possible, until a new image is built\n"
	)
	begun := func(stack string) string {
		return "> [!CAUTION]\n> **This change deletes these for good in " + stack + ":**\n"
	}
	owner := func(stack, rest string) string {
		return ">\n> After the merge an owner runs `up` of " + stack + " from main, and first tells the people who are affected: no pipeline " +
			"replaces or deletes a service, a registry or an account. The rest goes with platform-infrastructure.yml, " + rest + ". How, and in " +
			"which order:"
	}
	for name, test := range map[string]struct{ stack, gone, want string }{
		"nothing": {"dev", "", ""},
		"resources that can be made again": {"dev", "replace gcp:monitoring/alertPolicy:AlertPolicy watch-web-alert\ndelete " +
			"gcp:projects/iAMMember:IAMMember a\n", ""},
		"another region": {"dev", "replace " + registry + " registry-repository\nreplace " + service + " service-web-service\n",
			begun("dev") + "> * replaced: " + images + "> * replaced: the service `service-web-service`: its address, its revisions and the way " +
				"back to them\n" + owner("dev", "at once") + region + who},
		"another name of a service": {"prod", "replace " + service + " service-web-service\n", begun("prod") +
			"> * replaced: the service `service-web-service`: its address, its revisions and the way back to them\n" + owner("prod",
			"after its approvals") + region + who},
		"a service taken out, or its key renamed": {"staging", "delete " + service + " service-api-service\ndelete " +
			"gcp:serviceaccount/account:Account runtime-api-account\n", begun("staging") +
			"> * deleted: the account `runtime-api-account`: a new account of the same name lacks the grants that others gave it\n" +
			"> * deleted: the service `service-api-service`: its address, its revisions and the way back to them\n" + owner("staging",
			"after its approvals") + removal + who},
		"a secret": {"dev", "delete " + secret + " secrets-a\n", begun("dev") + "> * deleted: the secret `secrets-a`, **with the value of " +
			"every version**: save what you still need first\n" + owner("dev", "at once") + " [secrets](" + docs + "/howto/secret.md)" + who},
		"data": {"dev", "replace gcp:sql/databaseInstance:DatabaseInstance db\ndelete gcp:storage/bucket:Bucket files\n",
			begun("dev") + "> * deleted: the bucket `files`, **with all data in it**: copy what you still need first\n" +
				"> * replaced: the database server `db`, **with all data in it**: export it first; its name is taken for a week\n" +
				owner("dev", "at once") + who},
		"the same line three times": {"dev", strings.Repeat("delete "+secret+" s\n", 3), begun("dev") +
			"> * deleted: the secret `s`, **with the value of every version**: save what you still need first\n" + owner("dev", "at once") +
			" [secrets](" + docs + "/howto/secret.md)" + who},
		"a name that is Markdown": {"dev", "delete " + secret + " a`](https://evil.example)\ndelete " + secret + " a b\nreplaced " + secret +
			" x\n", ""},
		"a type that is a sentence": {"dev", "delete Approve this at once\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := test.want
			if want != "" {
				want += "\n\n"
			}
			said := comment(review.Preview{Stack: test.stack, Text: "changes\n", Gone: test.gone})
			assert.True(t, strings.HasPrefix(said, "<!-- platform-review -->\n"+want+"## What this pull request would do\n"), said)
			assert.Contains(t, said, "<details><summary>Plan of <code>"+test.stack+"</code> against the real cloud</summary>\n\n~~~~~~~~text\n"+
				"changes\n~~~~~~~~\n\n</details>\n\nAt commit `abc`.\n")
		})
	}
	var many strings.Builder
	for i := range 200 {
		fmt.Fprintf(&many, "delete %s s%d\n", secret, i)
	}
	assert.Contains(t, comment(review.Preview{Stack: "dev", Gone: many.String()}), "> * and 160 more\n")
	most := strings.Join(strings.SplitAfter(many.String(), "\n")[:40], "")
	assert.NotContains(t, comment(review.Preview{Stack: "dev", Gone: most}), " more\n")
}

// TestLongPreview checks the limit of GitHub's comments, 65,536 UTF-16 units. Whole lines are left out, and the comment says so and
// links to the run.
func TestLongPreview(t *testing.T) {
	t.Parallel()
	numbered := func(format string, n int) string {
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, format+"\n", i+1)
		}
		return text.String()
	}
	for _, test := range []struct {
		name, preview, first, last string
		left                       bool
	}{
		{"4,000 lines", numbered("line %d of the preview, a resource to replace", 4000), "line 1 of the preview, a resource to replace",
			"line 4000 of the preview, a resource to replace", true},
		{"just not too long", numbered("line %4d", 6000), "line    1", "line 6000", false},
		{"characters that count twice", numbered(strings.Repeat("😀", 40)+" %d", 1000), strings.Repeat("😀", 40) + " 1",
			strings.Repeat("😀", 40) + " 1000", true},
		{"one long line", strings.Repeat("x", 90000) + "\nend\n", "[1 line left out]", "end", true},
		{"fences without end", strings.Repeat("~~~~~~~~\n", 9000), "~ ~ ~", "~ ~ ~", false},
		{"not UTF-8", strings.Repeat("\xff", 10), strings.Repeat("?", 1), strings.Repeat("?", 1), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			said := comment(review.Preview{Stack: "dev", Text: test.preview})
			assert.LessOrEqual(t, units(said), 65_536)
			lines := strings.Split(said, "\n")
			begin, end := slices.Index(lines, "~~~~~~~~text"), slices.Index(lines, "~~~~~~~~")
			if assert.Greater(t, end, begin) {
				assert.Equal(t, test.first, lines[begin+1])
				assert.Equal(t, test.last, lines[end-1])
			}
			assert.Equal(t, test.left, strings.Contains(said, "in the middle left out; [the run]("+run+
				") has the whole text in its artifact and log."))
		})
	}
	// Three long plans share the space, and the report keeps its part.
	long := numbered("line %d of the preview, a resource to replace", 4000)
	said := comment(review.Preview{Stack: "dev", Text: long}, review.Preview{Stack: "prod", Text: long},
		review.Preview{Stack: "staging", Text: long})
	assert.LessOrEqual(t, units(said), 65_536)
	assert.Equal(t, 3, strings.Count(said, "in the middle left out"))
	assert.Equal(t, 3, strings.Count(said, "\nline 4000 of the preview"))
	// As many stacks as are read, each of which deletes a lot.
	var gone strings.Builder
	for i := range 60 {
		fmt.Fprintf(&gone, "delete gcp:sql/databaseInstance:DatabaseInstance %s-%d\n", strings.Repeat("x", 90), i)
	}
	var previews []review.Preview
	for i := range 20 {
		previews = append(previews, review.Preview{Stack: fmt.Sprintf("%s-%d", strings.Repeat("s", 36), i), Text: long, Gone: gone.String()})
	}
	said = comment(previews...)
	assert.LessOrEqual(t, units(said), 65_536)
	assert.Equal(t, 20, strings.Count(said, "**This change deletes these for good in s"))
	assert.Equal(t, 20, strings.Count(said, "> * and 58 more\n"))
	assert.Equal(t, 20, strings.Count(said, "\nline 4000 of the preview"))
}

func units(text string) (n int) {
	for _, r := range text {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}

// hostile are texts that try to end the code in which they are shown: each line break and invisible character, runs of backticks, a
// table's bar, HTML, and all of Markdown that GitHub acts on. EVIL is in every part of them.
var hostile = map[string]string{
	"plain": "EVIL", "a line break": "EVIL\n\n# EVIL\r\n> EVIL\u2028EVIL", "a mention": "EVIL @EVIL #1 @org/EVIL",
	"a link": "EVIL](https://EVIL) ![EVIL](https://EVIL) <https://EVIL>", "HTML": `EVIL</code></summary></details><img src="EVIL">&EVIL;`,
	"a backtick": "`EVIL` EVIL`", "two backticks": "``EVIL`` `EVIL", "a fence": "```\nEVIL\n```EVIL", "a comment": "EVIL --> <!-- EVIL",
	"a bar": `EVIL | EVIL \| EVIL \\| EVIL`, "invisible characters": "EVIL`\u202eEVIL\u200b`EVIL\x1b[31mEVIL\x00", "no text": "EVIL \xff`EVIL",
	"a long text": strings.Repeat("EVIL`", 100_000),
}

// TestNoTextOfAReportLeavesItsCode fills every text of a report with one that tries to end its code block.
func TestNoTextOfAReportLeavesItsCode(t *testing.T) {
	t.Parallel()
	for name, evil := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			staysInItsCode(t, evil)
		})
	}
}

// code matches code in one line: what is between two runs of the same number of backticks, of at most four, or in the element code.
var code = regexp.MustCompile("`{4}.*?[^`]`{4}([^`]|$)|`{3}.*?[^`]`{3}([^`]|$)|`{2}.*?[^`]`{2}([^`]|$)|`[^`]*`([^`]|$)|<code>[^<]*</code>")

func staysInItsCode(t *testing.T, evil string) {
	var report review.Report
	fill(reflect.ValueOf(&report).Elem(), evil)
	for _, kind := range []string{review.Becomes, review.Guard, evil} {
		report.Stacks[0].Authority = append(report.Stacks[0].Authority,
			review.AuthorityChange{Widens: true, Kind: kind, Subject: evil, Text: evil},
			review.AuthorityChange{Kind: kind, Subject: evil, Text: evil, Was: evil})
	}
	for _, op := range []review.Op{review.Delete, review.Replace, review.Update, review.Create} {
		report.Stacks[0].Plan = append(report.Stacks[0].Plan, review.Step{Op: op, Name: evil, Type: evil, Data: true,
			Changes: []review.Property{{Path: evil, Before: evil, After: evil}, {Path: evil, Unknown: true}, {Path: evil, Before: evil}}})
	}
	report.Stacks[0].Cost = &cost.Change{Delta: cost.Amounts{Expected: 1}, Lines: []cost.LineChange{{Resource: evil}},
		After: cost.Estimate{PricesOf: evil, Assumptions: []string{evil}, NotPriced: []string{evil}}}
	said := review.Comment{Report: &report, Commit: evil, Run: run, Docs: docs, Plans: review.Here}.Markdown()
	assert.LessOrEqual(t, units(said), 65_536)
	if len(evil) < 1000 {
		assert.Greater(t, strings.Count(said, "EVIL"), 40)
	}
	for line := range strings.Lines(said) {
		assert.NotContains(t, code.ReplaceAllString(strings.TrimSuffix(line, "\n"), ""), "EVIL", line)
	}
	var page strings.Builder
	require.NoError(t, report.Page(&page))
	assert.Greater(t, strings.Count(page.String(), "EVIL"), 40)
	assert.NotContains(t, regexp.MustCompile("<code>[^<]*</code>").ReplaceAllString(page.String(), ""), "EVIL")
}

// fill sets every text to the given one, and gives every list one element.
func fill(value reflect.Value, text string) {
	switch value.Kind() {
	case reflect.String:
		value.SetString(text)
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		fill(value.Elem(), text)
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), 1, 1))
		fill(value.Index(0), text)
	case reflect.Struct:
		for i := range value.NumField() {
			fill(value.Field(i), text)
		}
	case reflect.Int:
		value.SetInt(1)
	}
}
