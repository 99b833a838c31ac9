// Package cli holds the parts that the repository's command lines share. Help says first what a command is for, then shows examples,
// then lists the flags that the command uses. An unknown word gets a guess at the word that was meant. Output has colours if a person
// looks at it and wants them.
package cli

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// uses is the annotation that lists the flags of its parents that a command uses.
const uses = "flags"

// Uses sets which of its parents' flags a command uses. Its help lists only those. The command still accepts the others.
func Uses(command *cobra.Command, flags ...string) *cobra.Command {
	if command.Annotations == nil {
		command.Annotations = map[string]string{}
	}
	command.Annotations[uses] = strings.Join(flags, " ")
	return command
}

// Codes is the annotation that explains a command's exit codes, and those of the commands below it that have no explanation of their own.
const Codes = "codes"

// Dress gives root and all commands below it this package's help and its errors of a wrong call. It comes after the last command is added.
func Dress(root *cobra.Command) {
	root.SilenceUsage = true        // The error says how the command is called.
	root.InitDefaultCompletionCmd() // Its help and its errors are as those of the others.
	blame(root)
	root.SetHelpFunc(func(command *cobra.Command, _ []string) {
		if !command.HasSubCommands() || unknown(command, command.Flags().Args()) == nil { // Otherwise Execute returns the error.
			fmt.Fprint(command.OutOrStdout(), help(command))
		}
	})
	root.SetHelpCommand(&cobra.Command{Use: "help [COMMAND]", Short: "Say what a command is for, and how it is called",
		RunE: func(command *cobra.Command, words []string) error {
			found, rest, err := command.Root().Find(words)
			if err != nil || len(rest) > 0 {
				return Blame(fmt.Errorf("there is no command %q%s", strings.Join(words, " "), Meant(strings.Join(rest, " "), names(found))))
			}
			return found.Help()
		}})
}

// restates reports whether a text begins like the short one, and therefore repeats it in more words.
func restates(long, short string) bool {
	words := strings.Fields(short)
	return strings.HasPrefix(strings.Join(strings.Fields(long), " "), strings.Join(words[:min(len(words), 3)], " "))
}

// help returns a command's help: its purpose, its usage, examples, the commands below it, its flags and its exit codes.
func help(command *cobra.Command) string {
	var out strings.Builder
	purpose := command.Short
	if command.Long != "" && !restates(command.Long, command.Short) {
		purpose += ".\n\n" + command.Long
	} else if command.Long != "" {
		purpose = command.Long
	}
	out.WriteString(fold(purpose))
	if command.Long == "" {
		out.WriteString(".")
	}
	out.WriteString("\n\nUsage:\n  " + command.UseLine() + "\n")
	if command.HasAvailableSubCommands() && command.Runnable() && command.HasParent() {
		out.WriteString("  " + command.CommandPath() + " COMMAND\n")
	}
	if command.Example != "" {
		out.WriteString("\nExamples:\n" + strings.TrimRight(command.Example, "\n") + "\n")
	}
	if command.HasAvailableSubCommands() {
		out.WriteString("\nAvailable Commands:\n")
		for _, one := range command.Commands() {
			if one.IsAvailableCommand() || one.Name() == "help" {
				fmt.Fprintf(&out, "  %-*s %s\n", command.NamePadding(), one.Name(), one.Short)
			}
		}
	}
	if flags := used(command); flags.HasAvailableFlags() {
		out.WriteString("\nFlags:\n" + flags.FlagUsagesWrapped(columns))
	}
	if codes := codesOf(command); codes != "" {
		out.WriteString("\n" + fold(codes) + "\n")
	}
	if command.HasAvailableSubCommands() {
		fmt.Fprintf(&out, "\n\"%s COMMAND --help\" says more about a command.\n", command.CommandPath())
	}
	return out.String()
}

// codesOf returns the exit codes of a command in words: its own, or those of the command above it. It returns nothing where the purpose
// has them.
func codesOf(command *cobra.Command) string {
	if strings.Contains(command.Long, "Exit codes:") {
		return command.Annotations[Codes]
	}
	for ; command != nil; command = command.Parent() {
		if codes := command.Annotations[Codes]; codes != "" {
			return codes
		}
	}
	return ""
}

// columns is the width of a help page.
const columns = 100

// fold breaks lines that are longer than a help page is wide, and joins what it breaks off with the next line. An indented line, an empty
// one, and the end of a sentence at a line's end stay as they are.
func fold(text string) string {
	var out []string
	open := false // The last line goes on.
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if line == "" || line[0] == ' ' {
			out, open = append(out, line), false
			continue
		}
		for _, word := range strings.Fields(line) {
			last := len(out) - 1
			if open && utf8.RuneCountInString(out[last])+1+utf8.RuneCountInString(word) <= columns {
				out[last] += " " + word
			} else {
				out, open = append(out, word), true
			}
		}
		open = !strings.HasSuffix(line, ".") && !strings.HasSuffix(line, ":")
	}
	return strings.Join(out, "\n")
}

// used returns the command's own flags, and the flags of its parents that it uses.
func used(command *cobra.Command) *pflag.FlagSet {
	command.InitDefaultHelpFlag()
	flags := pflag.NewFlagSet(command.Name(), pflag.ContinueOnError)
	named, limited := command.Annotations[uses]
	local := command.LocalNonPersistentFlags()
	command.LocalFlags().VisitAll(func(flag *pflag.Flag) {
		// A root's persistent flags are for its commands.
		if local.Lookup(flag.Name) != nil || flag.Name == "help" || flag.Name == "version" || !command.HasParent() && !command.HasSubCommands() {
			flags.AddFlag(flag)
		}
	})
	command.InheritedFlags().VisitAll(func(flag *pflag.Flag) {
		if !limited || slices.Contains(strings.Fields(named), flag.Name) {
			flags.AddFlag(flag)
		}
	})
	return flags
}

func names(command *cobra.Command) (list []string) {
	for _, one := range command.Commands() {
		if one.IsAvailableCommand() {
			list = append(list, one.Name())
		}
	}
	return list
}

// Meant returns a guess at the known word that an unknown word stands for, such as "; did you mean status?". It is empty if no word
// is near.
func Meant(word string, known []string) string {
	var near []string
	nearest := 1 + max(1, len(word)/3)
	for _, one := range slices.Sorted(slices.Values(known)) {
		d := distance(word, one)
		if len(word) > 2 && strings.HasPrefix(one, word) {
			d = 1
		}
		switch {
		case d < nearest:
			nearest, near = d, []string{one}
		case d == nearest && len(near) > 0:
			near = append(near, one)
		}
	}
	if len(near) == 0 || word == "" {
		return ""
	}
	return "; did you mean " + strings.Join(near, " or ") + "?"
}

// distance returns how many letters have to be changed, added, left out or swapped with the next letter.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	rows := make([][]int, len(from)+1)
	for i := range rows {
		rows[i] = make([]int, len(to)+1)
		rows[i][0] = i
	}
	for j := range to {
		rows[0][j+1] = j + 1
	}
	for i := 1; i <= len(from); i++ {
		for j := 1; j <= len(to); j++ {
			change := 1
			if from[i-1] == to[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && from[i-1] == to[j-2] && from[i-2] == to[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(from)][len(to)]
}
