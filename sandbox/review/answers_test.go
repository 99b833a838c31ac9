package review

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/oneline"
	"github.com/guiofsaints/procureflow-platform/sandbox/cost"
)

// steps makes one step of each operation.
func steps(ops ...Op) (made []Step) {
	for _, op := range ops {
		made = append(made, Step{Op: op, Name: "a", Type: "t"})
	}
	return made
}

// priced is a change from one expected and worst amount to another.
func priced(was, worstWas, is, worstIs float64) *cost.Change {
	return &cost.Change{Before: cost.Estimate{Total: cost.Amounts{Expected: was, Worst: worstWas}},
		After: cost.Estimate{Total: cost.Amounts{Expected: is, Worst: worstIs}},
		Delta: cost.Amounts{Expected: is - was, Worst: worstIs - worstWas}}
}

// TestAnswers checks each row of the summary, which is all that most people read of a report. What is in bold wants a decision.
func TestAnswers(t *testing.T) {
	t.Parallel()
	data := []Step{{Op: Delete, Name: "db", Type: "t", Data: true}, {Op: Update, Name: "other", Type: "t", Data: true}}
	visited := func(visitors ...Visitors) *Rehearsal { return &Rehearsal{Visitors: visitors} }
	for _, test := range []struct {
		name                                           string
		stack                                          Stack
		changes, policies, costs, gains, noticed, back string
	}{
		{"nothing", Stack{Rehearsal: visited(Visitors{Requests: 9})}, "nothing", "pass", "not known", "nobody", "no", "nothing to take back"},
		{"refused", Stack{Failed: "it is", Plan: data, Findings: Findings{New: []Finding{{Level: "mandatory"}, {Level: "advisory"},
			{Level: "error"}}}}, "**it cannot be applied**", "**refused, 2**", "not known", "nobody", "nothing is applied", "nothing is applied"},
		{"a new stack", Stack{Note: "new", Authority: []AuthorityChange{{Widens: true}}}, "**the stack is new**", "pass", "not known",
			"**1 thing becomes possible**", "not rehearsed", "nothing to take back"},
		{"a plan with a note", Stack{Note: "n", Plan: steps(Create)}, "1 new", "pass", "not known", "nobody", "not rehearsed", "yes"},
		{"harmless", Stack{Plan: steps(Create, Update, Update), Cost: priced(1, 2, 1, 2), Rehearsal: visited(Visitors{Requests: 7},
			Visitors{Requests: 5}), Findings: Findings{Gone: []Finding{{}}}, Authority: []AuthorityChange{{}}},
			"2 in place, 1 new", "pass, and 1 finding is gone", "1.00 as before", "nobody; some lose", "no, in 12 requests", "yes"},
		{"cheaper", Stack{Plan: steps(Update), Cost: priced(2, 3, 1, 3), Rehearsal: visited(), Findings: Findings{Gone: []Finding{{}, {}}}},
			"1 in place", "pass, and 2 findings are gone", "2.00 → 1.00 (-1.00), at worst 3.00 as before", "nobody",
			"nobody asks: nothing was public", "yes"},
		{"cheaper at worst", Stack{Plan: steps(Update), Cost: priced(2, 3, 2, 1)}, "1 in place", "pass",
			"2.00 as before, at worst 3.00 → 1.00 (-2.00)", "nobody", "not rehearsed", "yes"},
		{"dearer at worst", Stack{Plan: steps(Update), Cost: priced(2, 3, 1, 4)}, "1 in place", "pass",
			"**2.00 → 1.00 (-1.00), at worst 3.00 → 4.00 (+1.00)**", "nobody", "not rehearsed", "yes"},
		{"dearer", Stack{Plan: steps(Replace), Cost: priced(0.004, 1, 0.005, 2.5), Rehearsal: visited(
			Visitors{Requests: 7, Failures: 2, Seconds: 1.4},
			Visitors{Requests: 3, Failures: 1, Seconds: 3.5}), Findings: Findings{New: []Finding{{Level: "advisory"}}},
			Authority: []AuthorityChange{{Widens: true, More: 2}, {}, {Widens: true}}}, "**1 replaced**", "**1 new warning**",
			"**0.00 → 0.01 (+0.01), at worst 1.00 → 2.50 (+1.50)**", "**4 things become possible**", "**3 of 10 requests fail, 4 s**",
			"by another update, which makes 1 resource again"},
		{"two resources replaced", Stack{Plan: steps(Delete, Replace, Create),
			Rehearsal: visited(Visitors{Requests: 4, Failures: 4, StillFailing: true}),
			Findings:  Findings{New: []Finding{{Level: "remediate"}, {Level: "warning"}}}}, "**1 deleted, 1 replaced, 1 new**",
			"**2 new warnings**", "not known", "nobody", "**4 of 4 requests fail, and still at the end**",
			"by another update, which makes 2 resources again"},
		{"data", Stack{Plan: data}, "**1 deleted, 1 in place**", "pass", "not known", "nobody", "not rehearsed",
			"**no: 1 resource's content is lost**"},
		{"more data", Stack{Plan: append(data, Step{Op: Replace, Data: true})}, "**1 deleted, 1 replaced, 1 in place**", "pass", "not known",
			"nobody", "not rehearsed", "**no: 2 resources' contents are lost**"},
		{"a rollback leaves a part", Stack{Plan: steps(Update), Rehearsal: &Rehearsal{NotRestored: []string{"x"}}}, "1 in place", "pass",
			"not known", "nobody", "nobody asks: nothing was public",
			"yes, by another update: a rollback of the release alone leaves a part"},
		{"the update fails", Stack{Plan: steps(Update), Rehearsal: &Rehearsal{Failed: "f"}}, "**1 in place, and it fails**", "pass", "not known",
			"nobody", "nobody asks: nothing was public", "**not shown, because the update fails**"},
		{"the base fails its visitors", Stack{Rehearsal: visited(Visitors{Requests: 2, Failures: 1})}, "nothing", "pass", "not known", "nobody",
			"**1 of 2 requests fails, 0 s**", "nothing to take back"},
	} {
		for i, answer := range []line{test.stack.changes(), test.stack.policies(), test.stack.costs(), test.stack.gains(), test.stack.noticed(),
			test.stack.back()} {
			want := []string{test.changes, test.policies, test.costs, test.gains, test.noticed, test.back}[i]
			assert.Equal(t, want, inMarkdown(answer, false), test.name)
		}
	}
}

// TestApart checks how two values are shown: whole if they are short, else with their difference and a little around it.
func TestApart(t *testing.T) {
	t.Parallel()
	x, y := strings.Repeat("x", 100), strings.Repeat("y", 100)
	around := func(of string) string { return strings.Repeat(of, 24) }
	for name, test := range map[string][4]string{
		"short":             {"one", "two", "one", "two"},
		"just short enough": {x[:79], x[:78], x[:79], x[:78]},
		"one character": {x + "a" + y, x + "b" + y, "…" + around("x") + "a" + around("y") + "…",
			"…" + around("x") + "b" + around("y") + "…"},
		"at the beginning": {"a" + y, "b" + y, "a" + around("y") + "…", "b" + around("y") + "…"},
		"at the end":       {x + "a", x + "bc", "…" + around("x") + "a", "…" + around("x") + "bc"},
		"something inserted": {x + y, x + "é" + y, "…" + around("x") + around("y") + "…",
			"…" + around("x") + "é" + around("y") + "…"},
		"the same with one character more": {x, x + "x", "…" + around("x"), "…" + around("x") + "x"},
		"nothing in common":                {x, y, x, y},
		"the first is long":                {x[:80], x[:79], "…" + around("x") + "x", "…" + around("x")},
		"the second is long":               {x[:79], x[:80], "…" + around("x"), "…" + around("x") + "x"},
		"one is short":                     {x, x[:30], "…" + x[:94], "…" + around("x")},
	} {
		before, after := apart(test[0], test[1])
		assert.Equal(t, test[2:], []string{before, after}, name)
	}
}

// TestProperties checks how the changes of one resource are worded, those that replace it first.
func TestProperties(t *testing.T) {
	t.Parallel()
	step := Step{Op: Replace, Changes: []Property{{Path: "a", Before: "1", After: "2"}, {Path: "b", After: `"x|y"`}, {Path: "c", Before: "3"},
		{Path: "d", Unknown: true}, {Path: "region", Before: "r", After: "s", Replaces: true}, {Path: "long", Before: strings.Repeat("ä", 601),
			After: strings.Repeat("ö", 700)}}}
	const first = ": `region` from `r` to `s`, which replaces it"
	for most, want := range map[int]string{
		9: first + ", `a` from `1` to `2`, `b` becomes `\"x|y\"`, `c` was `3` and goes, `long` changes within its 700 characters",
		4: first + ", `a` from `1` to `2`, `b` becomes `\"x|y\"`, `c` was `3` and goes, and 1 more property",
		1: first + ", and 4 more properties",
	} {
		assert.Equal(t, want, inMarkdown(step.properties(limits{properties: most}), false))
	}
	for length, want := range map[int]bool{longText: false, longText + 1: true} {
		long := Step{Op: Update, Changes: []Property{{Path: "p", Before: strings.Repeat("x", length), After: strings.Repeat("y", length)}}}
		assert.Equal(t, want, strings.Contains(inMarkdown(long.properties(limits{properties: 1}), false), "changes within"), length)
	}
	for _, op := range []Op{Create, Delete} {
		step.Op = op
		assert.Empty(t, step.properties(limits{properties: 9}), op)
	}
}

// TestUnknownProperties checks how the values are listed that are known only after an update. A new resource has no such value before.
func TestUnknownProperties(t *testing.T) {
	t.Parallel()
	unknown := []Property{{Path: "id", Unknown: true}, {Path: "name", After: "n"}, {Path: "url", Unknown: true}}
	stack := Stack{Plan: []Step{{Op: Create, Name: "new", Changes: unknown}, {Op: Update, Name: "web", Changes: unknown}}}
	for most, want := range map[int]string{
		0: "Known only once it is made: `web.id`, and 1 more.", 1: "Known only once it is made: `web.id`, and 1 more.",
		2: "Known only once it is made: `web.id`, `web.url`.", 3: "Known only once it is made: `web.id`, `web.url`.",
	} {
		assert.Equal(t, want+"\n\n", markdown(stack.unknown(limits{properties: most})), most)
	}
	stack.Plan = stack.Plan[:1]
	assert.Empty(t, stack.unknown(limits{properties: 1}))
}

// TestListsAreCutWhereTheyAreTooLong checks the ends of two limits: of a list of rights, and of a text's room.
func TestListsAreCutWhereTheyAreTooLong(t *testing.T) {
	t.Parallel()
	for number, cut := range map[int]bool{3: false, 4: true} {
		var stack Stack
		for range number {
			stack.Authority = append(stack.Authority, AuthorityChange{Widens: true, Kind: Holds, Subject: "ci", Text: "r"})
		}
		assert.Equal(t, cut, strings.Contains(markdown(stack.authority(limits{steps: 2})), " more: "), number)
	}
	for room, want := range map[int]int{6: 2, 5: 2, 4: 1, 3: 1, 2: 0} {
		assert.Len(t, fitting([]string{"ab", "c"}, room), want, room)
	}
}

// TestWhenCostsAreShown checks that a report shows costs that move from one resource to another, whose sum stays the same.
func TestWhenCostsAreShown(t *testing.T) {
	t.Parallel()
	for shown, changes := range map[bool][]*cost.Change{
		false: {nil, {}},
		true:  {priced(1, 2, 2, 2), {Lines: []cost.LineChange{{Resource: "db"}}}},
	} {
		for _, change := range changes {
			assert.Equal(t, shown, Stack{Cost: change}.money(limits{steps: 1}) != nil, "%+v", change)
		}
	}
}

// everyBlock is a document with each kind of block, and a value with characters that mean something to a page and a terminal.
var everyBlock = document{
	heading{1, say("What ", val("i|t"), " does")}, heading{2, say(val("ä"))},
	paragraph(say("It is ", bold("bold"), ": ", val("<b>\x1b[31m&|\n"), ".")),
	list{say("one"), say(msg("two"))},
	table{header: []line{nil, say(val("de|v"))}, rows: [][]line{{say("long row"), say(bold("x"))}, {say("y"), say("z")}}},
	fold{say("3 <more>"), []block{paragraph(say("in it")), list{say("three")}}},
}

// TestDocumentForATerminal compares the whole text.
func TestDocumentForATerminal(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	writeText(&text, everyBlock, "")
	assert.Equal(t, `What i|t does
=============

ä
-

It is bold: <b>[31m&| .

- one
- two

           de|v
long row   x
y          z

3 <more>

  in it

  - three

`, text.String())
}

// TestDocumentAsAPage compares the whole page's body.
func TestDocumentAsAPage(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	writePage(&text, everyBlock)
	assert.Equal(t, `<h1>What <code>i|t</code> does</h1>
<h2><code>ä</code></h2>
<p>It is <strong>bold</strong>: <code>&lt;b&gt;[31m&amp;| </code>.</p>
<ul>
<li>one</li>
<li><code>two</code></li>
</ul>
<div class="scroll"><table><thead><tr><th></th><th><code>de|v</code></th></tr>
</thead><tbody>
<tr><td>long row</td><td><strong>x</strong></td></tr>
<tr><td>y</td><td>z</td></tr>
</tbody></table></div>
<details open><summary>3 &lt;more&gt;</summary>
<p>in it</p>
<ul>
<li>three</li>
</ul>
</details>
`, text.String())
}

// TestDocumentAsAComment compares the whole text in Markdown.
func TestDocumentAsAComment(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "## What `i|t` does\n\n### `ä`\n\nIt is **bold**: `<b>[31m&| `.\n\n- one\n- `two`\n\n|  | `de\\|v` |\n|---|---|\n"+
		"| long row | **x** |\n| y | z |\n\n<details><summary>3 &lt;more&gt;</summary>\n\nin it\n\n- three\n\n</details>\n\n",
		markdown(everyBlock))
	for text, want := range map[string]string{"a`b": "``a`b``", "`a": "`` `a ``", "a``": "``` a`` ```", " \t": "(empty)", "a|b": "`a\\|b`"} {
		assert.Equal(t, want, codeSpan(val(text), true), text)
	}
	assert.Equal(t, "`a|b`", codeSpan(val("a|b"), false))
}

// TestCleanText checks what becomes of characters that end a line, hide or turn text, and of text that is too long.
func TestCleanText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\r\nb\tc\u2028d\u2029e\u0085f": "a  b c d e f", "\x1b[31mred\x00": "[31mred", "a\u202eb\u200bc": "abc", "\xff\ufffd": "??",
		"ä €": "ä €",
	} {
		assert.Equal(t, want, oneline.Of(text), "%q", text)
	}
	long := strings.Repeat("ä", 901)
	assert.Equal(t, long[:480]+"… (661 more)", val(long).clean())
	assert.Equal(t, long[:1800]+"… (1 more)", msg(long).clean())
	assert.Equal(t, long[:1800], msg(long[:1800]).clean())
}

// TestReportOfOneChange writes a report in its three forms, and one of a change that changes nothing.
func TestReportOfOneChange(t *testing.T) {
	t.Parallel()
	report := Report{Base: strings.Repeat("b", 40), Head: "the working tree", Stacks: []Stack{{Name: "dev", Note: "It is new."}}}
	const compared = "Compared: `bbbbbbbbbbbb` with `the working tree`, on an emulated cloud and without a credential."
	const nothing = "Nothing: no stack changes, costs stay the same, nobody gains rights, and no policy has new findings.\n\n"
	written := func() (terminal, page string) {
		t.Helper()
		var a, b strings.Builder
		require.NoError(t, report.Write(&a))
		require.NoError(t, report.Page(&b))
		return a.String(), b.String()
	}
	text, page := written()
	assert.True(t, strings.HasSuffix(text, "It is new.\n\n"+strings.ReplaceAll(compared, "`", "")+"\n\n"), text)
	assert.True(t, strings.HasPrefix(page, "<!doctype html>\n") && strings.HasSuffix(page, " a credential.</p>\n</body>\n</html>\n"), page)
	assert.True(t, strings.HasSuffix(report.Comment("https://page"), compared+
		" Everything is on [the page](https://page), which is in the run's artifact.\n\n"))
	assert.Equal(t, "## What this pull request would do\n\nThe report does not fit into a comment: the run has it as an artifact.\n\n",
		report.fitting("", 10))
	report.Stacks[0].Note = ""
	old := Finding{Policy: "p", Level: "advisory", Message: "is"}
	report.Stacks = append(report.Stacks, Stack{Name: "prod"})
	for number, stays := range map[int]string{1: " 1 finding stays from before.", 3: " 3 findings stay from before."} {
		report.Stacks[0].Findings.Old, report.Stacks[1].Findings.Old = []Finding{old}, slices.Repeat([]Finding{old}, number-1)
		text, _ = written()
		assert.True(t, strings.HasSuffix(text, strings.TrimSpace(nothing)+stays+"\n\n"), text)
	}
	report.Stacks = []Stack{{Name: "dev"}}
	text, page = written()
	assert.Equal(t, "What this pull request would do\n===============================\n\n"+nothing, text)
	assert.Contains(t, page, "<p>"+strings.TrimSpace(nothing)+"</p>")
	assert.Equal(t, Marker+"\n## What this pull request would do\n\n"+nothing, report.Comment("https://page"))
}
