package architecture_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// habit is a turn of phrase: the pattern that finds it, what to write instead, a text that it finds and one that it must not find.
type habit struct{ pattern, instead, bad, good string }

// matching compiles the patterns of habits, and tries each on its two texts.
func matching(t *testing.T, habits []habit) []*regexp.Regexp {
	patterns := make([]*regexp.Regexp, len(habits))
	for i, habit := range habits {
		patterns[i] = regexp.MustCompile(habit.pattern)
		assert.Regexp(t, patterns[i], habit.bad)
		assert.NotRegexp(t, patterns[i], habit.good)
	}
	return patterns
}

// habits are turns of phrase that made readers stop. Each has a pattern that matches nothing else.
var habits = []habit{
	{`\b(?:it|that|which|they|this|value|list|text|one) (?:is|are|was|were) none(?:[^ ]| [^o])`, "say what the thing is or does",
		"a text that is none. Send it back", "it is none of these, and there is none yet. Make one"},
	{`\b[Ss]ays of [\w' ]+ whether\b`, "write: reports whether", "isOdd says of a number whether it is odd", "says what it is made of"},
	{`\bfor (?:lack|want) of\b`, "write: because … is missing", "skipped for want of a browser", "paid for, of course"},
	{`[.:] Who(?:ever|se|m)? [^?.]*\.`, "begin with the subject: people who …", "It ends. Who waited is told.", "He asked: Who is there? Nobody."},
	{`[.:] (?:Nor|Not \w+|Never \w+) (?:is|are|was|were|has|have|do|does|did)\b`, "put the subject first",
		"It reads. Not checked is the form.", "It reads. Not everybody agrees."},
	{`[.:] What (?:is|are) [\w ]+ (?:is|are)\b`, "name the thing", "It ends. What is left is removed.", "It ends. What is left?"},
	{`\bof whose\b`, "make it a second sentence", "a stack, of whose settings it reads one", "a stack, whose settings it reads"},
	{`\b(?:is|are) for [\w' ]+ to (?:say|decide|show)\b`, "make the one who decides the subject",
		"the name is for the API to say", "the button is for people"},
	{`^Test\w+ holds\b`, "write: checks that", "TestSum holds that sums add up", "TestSum checks that the list holds the sum"},
	{`\b[Bb]eside\b`, "write: next to, in addition to, at the same time as", "a container beside it", "besides its usual author"},
	{`\banew\b`, "write: again, or start over", "the file is written anew", "a new file is written"},
	{`\b[Ww]ho(?:m|se)?ever\b`, "write: everybody who, or no matter who", "Whoever reads it, knows", "everybody who reads it"},
	{`\b[Ss]imulated (?:cloud|API|container|GitHub)`, "call the cloud emulated; a simulation is of releases",
		"asks the simulated cloud", "the simulated release"},
}

// TestSentencesArePlain looks for [habits] in the comments of code and in documents.
func TestSentencesArePlain(t *testing.T) {
	t.Parallel()
	patterns := matching(t, habits)
	for _, name := range files(t) {
		ext := filepath.Ext(name)
		if ext != ".go" && ext != ".md" || strings.Contains(name, "/testdata/") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		for _, paragraph := range paragraphs(string(content), ext == ".go") {
			for i, habit := range habits {
				if found := patterns[i].FindString(paragraph); found != "" {
					t.Errorf("%s has %q: %s", name, found, habit.instead)
				}
			}
		}
	}
}

// nameHabits are turns of phrase in names of test cases that did not say what broke to a person who reads the failing line alone.
var nameHabits = []habit{
	{`^(?:what (?:is|was|runs|has|had) |who(?:se|m)? |that |those |as (?:it|in|said|before)\b)`,
		"begin with the thing that the case is about", "what was only read",
		"a service that was refreshed only"},
	{`\b(?:beside|anew|alike|whoever)\b`, "write: next to, again, with one name, no matter who", "a container beside it", "a sidecar"},
	{`\b(?:of|to) (?:nobody|nothing|ours)$`, "say which thing is missing or wrong", "an order of nobody",
		"dependsOn an unknown container"},
}

// caseName matches the name of a test case at the beginning of its row: the key of a map, or the first field of a struct.
var caseName = regexp.MustCompile(`(?m)^\t+(?:"([a-z][^"\\]* [^"\\]*)":|\{(?:[nN]ame: )?"([a-z][^"\\]* [^"\\]*)",)`)

// TestNamesOfTestCasesArePlain looks for [nameHabits] in the tables of tests.
func TestNamesOfTestCasesArePlain(t *testing.T) {
	t.Parallel()
	patterns := matching(t, nameHabits)
	for _, name := range files(t) {
		if !strings.HasSuffix(name, "_test.go") {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		for _, found := range caseName.FindAllStringSubmatch(string(content), -1) {
			for i, habit := range nameHabits {
				if text := found[1] + found[2]; patterns[i].MatchString(text) {
					t.Errorf("%s has the case %q: %s", name, text, habit.instead)
				}
			}
		}
	}
}

func TestParagraphs(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"F adds. It is fast.", "after"},
		paragraphs("package p\n\n// F adds.\n// It is fast.\nvar f = 1 // after\n", true))
	assert.Equal(t, []string{"# T", "A line and another."}, paragraphs("# T\n\nA line\n  and another.\n", false))
}

var comment = regexp.MustCompile(`^\s*//\s?(.*)$|\s// (.*)$`)

// paragraphs returns a document's paragraphs, or those of the comments of code, each on one line.
func paragraphs(text string, code bool) (list []string) {
	var lines []string
	end := func() {
		if joined := strings.Join(strings.Fields(strings.Join(lines, " ")), " "); joined != "" {
			list = append(list, joined)
		}
		lines = nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		match := []string{line, line, ""}
		if code {
			match = comment.FindStringSubmatch(line)
		}
		if match == nil || match[1] == "" {
			end()
		}
		if match != nil {
			lines = append(lines, match[1]+match[2])
		}
	}
	end()
	return list
}
