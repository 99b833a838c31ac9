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

// habits are turns of phrase that made readers stop. Each has a pattern that matches nothing else, and what to write instead.
var habits = []struct{ pattern, instead, bad, good string }{
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
	{`\b[Ss]imulated (?:cloud|API|container|GitHub)`, "call the cloud emulated; a simulation is of releases",
		"asks the simulated cloud", "the simulated release"},
}

// TestSentencesArePlain looks for [habits] in the comments of code and in documents.
func TestSentencesArePlain(t *testing.T) {
	t.Parallel()
	patterns := make([]*regexp.Regexp, len(habits))
	for i, habit := range habits {
		patterns[i] = regexp.MustCompile(habit.pattern)
		assert.Regexp(t, patterns[i], habit.bad)
		assert.NotRegexp(t, patterns[i], habit.good)
	}
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
