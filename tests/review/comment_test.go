package review_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/guiofsaints/procureflow-platform/infra/program"
	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/internal/golden"
	"github.com/guiofsaints/procureflow-platform/sandbox/dryrun"
	"github.com/guiofsaints/procureflow-platform/sandbox/rehearse"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
	"github.com/guiofsaints/procureflow-platform/sandbox/review/command"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

var update = flag.Bool("update", false, "write testdata/*.md again, and in testdata/*.json what the engine did not say")

const page = "https://github.com/guiofsaints/procureflow/actions/runs/1/artifacts/2"

// side returns what the program registers for a stack of the settings in folder.
func side(t testing.TB, folder, stack string) (rehearse.Side, error) {
	t.Helper()
	document, err := stacks.Filled(folder, stack)
	require.NoError(t, err)
	settings, err := stacks.Parse(document, stack)
	if err != nil {
		return rehearse.Side{}, err
	}
	resources, err := dryrun.Register(program.In(folder), folder, stack, document)
	return rehearse.Side{Settings: settings, Resources: resources}, err
}

// unchanged caches the base sides, which most pull requests share.
var unchanged sync.Map

func (p pull) baseSide(t testing.TB) rehearse.Side {
	t.Helper()
	if p.base == nil {
		if known, ok := unchanged.Load(p.stack); ok {
			return known.(rehearse.Side)
		}
	}
	before, err := side(t, tree(t, p.base), p.stack)
	require.NoError(t, err)
	if p.base == nil {
		unchanged.Store(p.stack, before)
	}
	return before
}

// report returns the report on a pull request: the engine's recorded results in testdata, and what the test computes.
func (p pull) report(t testing.TB) review.Report {
	t.Helper()
	said := p.kept(t).Stacks[0]
	return p.assessed(t, review.Stack{Failed: said.Failed, Plan: said.Plan, Findings: said.Findings, ManualSteps: said.ManualSteps,
		Rehearsal: said.Rehearsal})
}

// assessed returns the report from the engine's results.
func (p pull) assessed(t testing.TB, stack review.Stack) review.Report {
	t.Helper()
	stack.Name = p.stack
	before := p.baseSide(t)
	after, err := side(t, tree(t, p.base, p.head), p.stack)
	if err != nil {
		after = before // the settings are refused, as the engine's result says
	}
	require.NoError(t, rehearse.Assess(&stack, before, after, nil))
	return review.Report{Base: strings.Repeat("1", 40), Head: strings.Repeat("2", 40), Stacks: []review.Stack{stack}, WideningLabel: "widens"}
}

// TestComments checks each pull request's report and comment: the answers against the table, and both against testdata.
func TestComments(t *testing.T) {
	t.Parallel()
	require.GreaterOrEqual(t, len(pulls), 20)
	for _, p := range pulls {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			report := p.report(t)
			comment := report.Comment(page)
			if *update {
				p.keep(t, report)
			}
			golden.Check(t, p.file(".md"), comment, *update)
			assert.Equal(t, string(written(t, p.kept(t))), string(written(t, report)), "read the difference, and write it again: "+
				"go test ./tests/review -run Comments -update")
			isWritten(t, p.file(".json"), comment)
			if p.changes == "" {
				assert.Contains(t, comment, "Nothing: no stack changes, costs stay the same, nobody gains rights, and no policy has new findings.")
				assert.Less(t, strings.Count(comment, "\n"), 6, "passing is one line")
				return
			}
			for question, want := range map[string]string{"what changes": p.changes, "policies": p.policies,
				"what it costs a month, in USD": p.costs, "who gains what": p.gains, "do visitors notice": p.notices, "can it be taken back": p.back} {
				assert.Contains(t, comment, "| "+question+" | "+want+" |\n")
			}
		})
	}
}

// isWritten fails unless review-comment makes the comment of a report, with the plan that a job left, and for a fork without one.
func isWritten(t *testing.T, report, comment string) {
	t.Helper()
	const run, head = "https://github.com/guiofsaints/procureflow/actions/runs/1", "0123456789abcdef0123456789abcdef01234567"
	content, err := os.ReadFile(report)
	require.NoError(t, err)
	found := t.TempDir()
	for file, content := range map[string]string{"review/report.json": string(content), "preview-dev/dev.txt": "a plan ~~~~~~~~\n"} {
		require.NoError(t, os.Mkdir(filepath.Join(found, filepath.Dir(file)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(found, file), []byte(content), 0o600))
	}
	for _, plans := range []review.Plans{review.Here, review.Fork} {
		var out, problems strings.Builder
		code := command.Run(t.Context(), []string{"--run", run, "--page", page, "--docs", "https://github.com/p/q/blob/main/docs",
			"--commit", head, "--plans", string(plans), found}, cli.Streams{Out: &out, Err: &problems})
		require.Equal(t, command.ExitDone, code, problems.String())
		rest, same := strings.CutPrefix(out.String(), comment)
		assert.True(t, same, "the comment is\n%s", out.String())
		assert.Contains(t, rest, "~~~~~~~~text\na plan ~ ~ ~\n~~~~~~~~\n")
		assert.Equal(t, plans == review.Fork, strings.Contains(rest, "a fork's run gets no identity"))
		assert.True(t, strings.HasSuffix(rest, "At commit `"+head+"`.\n"), rest)
	}
}

// withoutCode removes code spans as CommonMark reads them, and what the writer puts around folded parts.
func withoutCode(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); {
		if text[i] != '`' {
			out.WriteByte(text[i])
			i++
			continue
		}
		run := len(text[i:]) - len(strings.TrimLeft(text[i:], "`"))
		end := -1
		for j := i + run; j < len(text); {
			if text[j] != '`' {
				j++
				continue
			}
			closing := len(text[j:]) - len(strings.TrimLeft(text[j:], "`"))
			if closing == run {
				end = j + closing
				break
			}
			j += closing
		}
		if end < 0 {
			out.WriteString(text[i : i+run])
			i += run
			continue
		}
		i = end
	}
	return out.String()
}

func TestHostileValuesStayInCodeSpans(t *testing.T) {
	t.Parallel()
	evil := "`` </code></details>\n# title\n::error::x\r##[command]y <!-- platform-review --> @everyone ```" +
		" | [a](https://evil.example) <img " +
		"" +
		"" +
		"" +
		"" +
		"" +
		"" +
		"" +
		"src=x> \u202e\x1b[31m"
	report := review.Report{Base: evil, Head: evil, WideningLabel: evil, Stacks: []review.Stack{{Name: evil, Failed: evil,
		Plan: []review.Step{{Op: review.Replace, Name: evil, Type: evil, Data: true, Changes: []review.Property{{Path: evil, Before: evil,
			After: evil}}}},
		Findings: review.Findings{New: []review.Finding{{Policy: evil, Level: "advisory", Resource: evil, Message: evil}},
			Old: []review.Finding{{Policy: evil, Message: evil}}},
		Authority: []review.AuthorityChange{{Widens: true, Added: true, Kind: review.Becomes, Subject: evil, Text: evil},
			{Kind: review.Reads, Subject: evil, Text: evil}},
		Rehearsal: &review.Rehearsal{Failed: evil, ManualSteps: []string{evil}, Stages: []review.Stage{{Name: evil, Result: evil}},
			Lost:     []string{evil},
			Visitors: []review.Visitors{{Service: evil, Failures: 1, During: evil}}},
	}}}
	comment := report.Comment(page)
	assert.Contains(t, comment, "evil.example", "as code, it is shown")
	said := withoutCode(comment)
	for _, harm := range []string{"evil.example", "@everyone", "<img", "::error", "##[command]", "# title", "\u202e", "\x1b",
		"</code></details>"} {
		assert.NotContains(t, said, harm)
	}
	assert.Equal(t, 1, strings.Count(said, review.Marker), "only the comment's own marker occurs")
	for line := range strings.Lines(comment) {
		assert.False(t, strings.HasPrefix(line, "::") || strings.HasPrefix(line, "##["), "a workflow command: %s", line)
	}
	assert.NotContains(t, comment, "\u202e")
	assert.NotContains(t, comment, "\x1b")

	var html, text strings.Builder
	require.NoError(t, report.Page(&html))
	assert.NotContains(t, html.String(), "<img")
	assert.NotContains(t, html.String(), "<!-- platform-review")
	assert.Equal(t, strings.Count(html.String(), "<details"), strings.Count(html.String(), "</details>"))
	require.NoError(t, report.Write(&text))
	assert.NotContains(t, text.String(), "\x1b")
	assert.NotContains(t, text.String(), "\n::error")
}

// TestAnyValueStaysInItsCodeSpan checks random values: nothing of a value is left once code spans are removed.
func TestAnyValueStaysInItsCodeSpan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringOf(rapid.RuneFrom([]rune("`a|\\<\n ~*_[]()!@#:\u2028"))).Draw(t, "value")
		report := review.Report{Base: "b", Head: "h", Stacks: []review.Stack{{Name: "dev", Failed: value}}}
		want := review.Report{Base: "b", Head: "h", Stacks: []review.Stack{{Name: "dev", Failed: "x"}}}
		said := withoutCode(report.Comment(""))
		if strings.TrimSpace(value) == "" || strings.Contains(report.Comment(""), "(empty)") {
			return
		}
		if want := withoutCode(want.Comment("")); said != want {
			t.Fatalf("%q becomes\n%s\nand not\n%s", value, said, want)
		}
	})
}

// TestLargeReportIsCutWithANote checks GitHub's limit of 65,536 characters. The comment says what is left out and where to find it.
func TestLargeReportIsCutWithANote(t *testing.T) {
	t.Parallel()
	for _, size := range []int{100, 3000, 30000} {
		stack := review.Stack{Name: "prod"}
		for range size {
			stack.Plan = append(stack.Plan, review.Step{Op: review.Update, Name: strings.Repeat("n", 60), Type: "gcp:a/b:C",
				Changes: []review.Property{{Path: "a", Before: strings.Repeat("😀", 300), After: strings.Repeat("x", 300)}}})
		}
		stack.Plan = append(stack.Plan, review.Step{Op: review.Delete, Name: "the-registry", Type: "gcp:artifactregistry/repository:Repository",
			Data: true})
		comment := review.Report{Base: "b", Head: "h", Stacks: []review.Stack{stack, stack, stack}}.Comment(page)
		assert.LessOrEqual(t, len(utf16.Encode([]rune(comment))), 65_000)
		assert.Equal(t, 3, strings.Count(comment, "`the-registry`"), "the riskiest changes stay")
		assert.Regexp(t, `and \d+ more: \[the page\]\(`+page+`\) has all of them`, comment)
	}
}

// TestReportOnSeveralStacks checks a report on three stacks: one table, and details of the stacks that change.
func TestReportOnSeveralStacks(t *testing.T) {
	t.Parallel()
	var report review.Report
	for _, name := range []string{"costs less", "costs more"} {
		for _, p := range pulls {
			if p.name == name {
				report.Stacks = append(report.Stacks, p.report(t).Stacks...)
			}
		}
	}
	report.Stacks = append(report.Stacks[:1:1], append([]review.Stack{{Name: "staging"}}, report.Stacks[1:]...)...)
	comment := report.Comment("")
	assert.Contains(t, comment, "|  | `dev` | `staging` | `prod` |\n")
	assert.Contains(t, comment, "| what changes | 1 in place | nothing | 1 in place |\n")
	assert.NotContains(t, comment, "### `staging`")
	files, err := filepath.Glob("testdata/*.md")
	require.NoError(t, err)
	assert.Len(t, files, len(pulls), "a comment that no pull request has is left in testdata")
}
