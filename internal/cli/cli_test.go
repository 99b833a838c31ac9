package cli

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMeant(t *testing.T) {
	t.Parallel()
	known := []string{"rollout", "rollback", "status", "report", "watch"}
	for word, want := range map[string]string{
		"rolout": "; did you mean rollout?", "rollbakc": "; did you mean rollback?", "staus": "; did you mean status?",
		"stauts": "; did you mean status?",
		"reprot": "; did you mean report?", "wacth": "; did you mean watch?", "deploy": "", "": "", "x": "", "rollo": "; did you mean rollout?",
		"ro": "", "rol": "; did you mean rollback or rollout?", "st": "", "sta": "; did you mean status?", "unrelatedwatch": "",
		"xxwatch": "; did you mean watch?",
	} {
		assert.Equal(t, want, Meant(word, known), word)
	}
	assert.Equal(t, "; did you mean abc or abd?", Meant("abx", []string{"abc", "abd", "xyz"}))
}

func tree() *cobra.Command {
	root := &cobra.Command{Use: "tool", Short: "Do things", SilenceErrors: true}
	root.PersistentFlags().String("region", "here", "where")
	root.PersistentFlags().String("colour", "", "which")
	root.PersistentFlags().Bool("json", false, "for a script")
	one := Uses(&cobra.Command{Use: "one NAME", Short: "Do one thing", Args: cobra.ExactArgs(1), Example: "  tool one a",
		Annotations: map[string]string{Codes: "Exit codes: 0 done."}, RunE: func(*cobra.Command, []string) error { return nil }}, "region")
	one.Flags().Bool("fast", false, "at once")
	two := &cobra.Command{Use: "two", Short: "Do more"}
	four := &cobra.Command{Use: "four", Short: "Do it in a row", Run: func(command *cobra.Command, _ []string) { command.Print("in a row") }}
	four.AddCommand(&cobra.Command{Use: "five", Run: func(*cobra.Command, []string) {}})
	two.AddCommand(&cobra.Command{Use: "three", Run: func(*cobra.Command, []string) {}})
	none := &cobra.Command{Use: "none --level LEVEL", Short: "Do none", Args: cobra.NoArgs, Hidden: true,
		Run: func(*cobra.Command, []string) {}}
	flags := none.Flags()
	flags.Duration("wait", 0, "")
	flags.Bool("sure", false, "")
	flags.Float64("rate", 0, "")
	flags.Int("times", 0, "")
	flags.Int64("big", 0, "")
	flags.Uint64("seed", 0, "")
	flags.StringToString("map", nil, "")
	rest := &cobra.Command{Use: "rest -- ARGS", Args: cobra.MinimumNArgs(1), Hidden: true, Run: func(*cobra.Command, []string) {}}
	own := &cobra.Command{Use: "own STACK", Hidden: true, Run: func(*cobra.Command, []string) {},
		Args: func(*cobra.Command, []string) error { return errors.New("name a stack") }}
	root.AddCommand(one, two, four, none, rest, own,
		&cobra.Command{Use: "former", Short: "Do it as before", Hidden: true, Run: func(*cobra.Command, []string) {}})
	Rename(root, "area", "region")
	Dress(root)
	return root
}

func run(t *testing.T, words ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := Execute(t.Context(), tree(), words, Streams{Out: &out, Err: &out})
	return out.String(), err
}

// TestHelp checks the order of a command's help: its purpose, examples, then the flags that it uses.
func TestHelp(t *testing.T) {
	t.Parallel()
	root := tree()
	one, _, err := root.Find([]string{"one"})
	require.NoError(t, err)
	assert.Equal(t, "Do one thing.\n\nUsage:\n  tool one NAME [flags]\n\nExamples:\n  tool one a\n\nFlags:\n      --fast            at once\n"+
		"  -h, --help            help for one\n      --region string   where (default \"here\")\n\nExit codes: 0 done.\n", help(one))
	said, err := run(t, "--help")
	require.NoError(t, err)
	assert.Equal(t, "Do things.\n\nUsage:\n  tool [flags]\n\nAvailable Commands:\n"+
		"  completion  Generate the autocompletion script for the specified shell\n  four        Do it in a row\n"+
		"  help        Say what a command is for, and how it is called\n"+
		"  one         Do one thing\n  two         Do more\n\n"+
		"Flags:\n  -h, --help   help for tool\n\n\"tool COMMAND --help\" says more about a command.\n", said)
	for long, want := range map[string]string{
		"It does the thing at once.":        "Do one thing.\n\nIt does the thing at once.",
		"Do one thing.\n\nIt is done once.": "Do one thing.\n\nIt is done once.",
		"Do one thing, and do it at once.":  "Do one thing, and do it at once.",
	} {
		one.Long = long
		purpose, _, _ := strings.Cut(help(one), "\n\nUsage:")
		assert.Equal(t, want, purpose)
	}
	assert.NotContains(t, help(root), "--region")
	five, _, err := root.Find([]string{"four", "five"})
	require.NoError(t, err)
	five.Parent().Annotations = map[string]string{Codes: "Exit codes: 0 in a row; 4 not in a row."}
	assert.Contains(t, help(five), "\n\nExit codes: 0 in a row; 4 not in a row.\n", "those of the command above it")
	five.Long = "Do it.\n\nExit codes: 0 done."
	assert.Equal(t, 1, strings.Count(help(five), "Exit codes:"), "its own")
}

// TestFold checks that lines end at the page's width, and that a line's end after a sentence or before an indented line stays.
func TestFold(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 20) // 100 columns with the blank at its end.
	for text, want := range map[string]string{
		"a\nb c":                "a b c",
		"It ends.\nIt begins.":  "It ends.\nIt begins.",
		"these:\n  a\n  b\nand": "these:\n  a\n  b\nand",
		"a\n\nb":                "a\n\nb",
		"a\n  " + long + long:   "a\n  " + strings.TrimSpace(long+long),
		long + "over\nand on":   strings.TrimSpace(long) + "\nover and on",
		"é" + long[1:]:          "é" + strings.TrimSpace(long[1:]),
	} {
		assert.Equal(t, want, fold(text))
	}
}

// TestWrongCalls checks that every wrong call is the caller's, and that its message says how the command is called.
func TestWrongCalls(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"one --regoin x": "unknown flag: --regoin; did you mean --region? See tool one --help",
		"one --zzzzzz":   "unknown flag: --zzzzzz: see tool one --help",
		"one --region":   "flag needs an argument: --region: see tool one --help",
		"one -z":         "unknown shorthand flag: 'z' in -z: see tool one --help",
		"oen --help":     `there is no command "oen"; did you mean one? See tool --help`,
		"oen a -h":       `there is no command "oen"; did you mean one? See tool --help`,
		"--help oen":     `there is no command "oen"; did you mean one? See tool --help`,
		"two tree -h":    `there is no command "tree"; did you mean three? See tool two --help`,
		"completion bsh": `there is no command "bsh"; did you mean bash or zsh? See tool completion --help`,
		"one":            "takes NAME, got none; usage: tool one NAME [flags]",
		"one a b":        "takes NAME, got a b; usage: tool one NAME [flags]",
		"none a":         "takes no arguments, got a; usage: tool none --level LEVEL [flags]",
		"rest":           "takes -- ARGS, got none; usage: tool rest -- ARGS [flags]",
		"own":            "name a stack; usage: tool own STACK [flags]",
		"none --wait x":  `--wait is "x": want a time such as 90s or 10m`,
		"none --sure=x":  `--sure is "x": want true or false`,
		"none --rate x":  `--rate is "x": want a number`,
		"none --times x": `--times is "x": want a whole number`,
		"none --big x":   `--big is "x": want a whole number`,
		"none --seed -1": `--seed is "-1": want a whole number that is not negative`,
		"none --map x":   `invalid argument "x" for "--map" flag: x must be formatted as key=value: see tool none --help`,
		"oen":            `there is no command "oen"; did you mean one? See tool --help`,
		"two tree":       `there is no command "tree"; did you mean three? See tool two --help`,
		"help oen":       `there is no command "oen"; did you mean one?`,
		"one a --json":   "tool one has no JSON to print: leave out --json",
		"--json one a":   "tool one has no JSON to print: leave out --json",
	} {
		said, err := run(t, strings.Fields(line)...)
		require.EqualError(t, err, want, line)
		assert.Empty(t, said, "%s: the error says how the command is called", line)
		assert.True(t, Blamed(err), line)
	}
	assert.False(t, Blamed(errors.New("disk full")))
	require.NoError(t, Blame(nil))
	_, err := run(t, "one", "a", "--colour", "red", "--area", "there")
	require.NoError(t, err, "a hidden flag and a former name are accepted")
	_, err = run(t, "two", "three", "x", "--json")
	require.NoError(t, err, "this command uses every flag")
	for _, line := range []string{"one --help", "one a --help", "--help one", "help one", "-h one"} {
		said, err := run(t, strings.Fields(line)...)
		require.NoError(t, err, line)
		assert.Contains(t, said, "Do one thing.\n", line)
	}
	said, err := run(t, "two")
	require.NoError(t, err)
	assert.Contains(t, said, "Do more.\n")
	said, err = run(t, "four")
	require.NoError(t, err)
	assert.Equal(t, "in a row", said, "a command with others below it may do something itself")
}

func TestJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, Streams{Out: &out}.JSON(map[string]string{"image": "<none>"}))
	assert.Equal(t, "{\n  \"image\": \"<none>\"\n}\n", out.String())
}

// TestWhoLooks checks when output has colours. The controlling side of a pseudo-terminal stands for a terminal.
func TestWhoLooks(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("this system has no pseudo-terminals: ", err)
	}
	defer terminal.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	defer file.Close()
	for _, test := range []struct {
		ci, noColour, term string
		watched, coloured  bool
	}{
		{"", "", "xterm", true, true}, {"", "1", "xterm", true, false}, {"", "", "dumb", true, false}, {"true", "", "xterm", false, false},
	} {
		t.Setenv("CI", test.ci)
		t.Setenv("NO_COLOR", test.noColour)
		t.Setenv("TERM", test.term)
		assert.Equal(t, []bool{test.watched, test.coloured}, []bool{watched(terminal), Coloured(terminal)}, "%+v", test)
		assert.Equal(t, []bool{false, false}, []bool{watched(file), Coloured(file)}, "%+v", test)
	}
}

func TestPaint(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "\x1b[1;31mno\x1b[0m", Paint(true, "bad", "no"))
	assert.Equal(t, "no", Paint(false, "bad", "no"))
	assert.Equal(t, "no", Paint(true, "plain", "no"))
}
