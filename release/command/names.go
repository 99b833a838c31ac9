package command

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// Names come from people and from a workflow's variables, which whoever may write to a repository can set. A name that would be taken
// for an option or for a part of an API's path is refused before anything is asked. A name that only does not exist is the API's to say.
var (
	serviceName = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$`)
	plainName   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.:_-]*$`)
	digestForm  = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// checkNames refuses a project or region that could be an option or a path.
func (a *app) checkNames() error {
	if a.flags.region == "" {
		return usage("--region is empty: name the service's region, such as us-central1")
	}
	for flag, value := range map[string]string{"project": a.flags.project, "region": a.flags.region} {
		if value != "" && !plainName.MatchString(value) {
			return usage("--%s %q is no name: use letters, digits and hyphens", flag, value)
		}
	}
	return nil
}

// checkOrigin refuses a commit or link that is none: both go into pages and messages.
func (a *app) checkOrigin() error {
	if a.flags.commit != "" && !commit.MatchString(a.flags.commit) {
		return usage("--commit %q is no commit: use 40 hex digits", a.flags.commit)
	}
	page, err := url.Parse(a.flags.link)
	if a.flags.link != "" && (err != nil || page.Scheme != "https" && page.Scheme != "http" || page.Host == "") {
		return usage("--link is no address of a page: use one such as https://github.com/OWNER/REPOSITORY/actions/runs/1")
	}
	return nil
}

// checkRevision does the same for a revision's name, which may be left out.
func checkRevision(flag, revision string) error {
	if revision != "" && !plainName.MatchString(revision) {
		return usage("--%s %q is no name of a revision: use letters, digits and hyphens", flag, revision)
	}
	return nil
}

// refuseHelpAsName keeps a command from ending as if it had done its work because its SERVICE, taken from a variable, was "--help".
// Asking for help about a command takes no other argument.
func (a *app) refuseHelpAsName(root *cobra.Command, arguments []string) {
	for _, command := range root.Commands() {
		if !strings.Contains(command.Use, "SERVICE") {
			continue
		}
		help := command.HelpFunc()
		command.SetHelpFunc(func(command *cobra.Command, rest []string) {
			if len(arguments) > 2 {
				fmt.Fprintf(a.streams.Err,
					"release: --help stands beside other arguments, so that nothing was done: ask with `release %s --help` alone\n\n", command.Name())
				command.SetOut(a.streams.Err)
				a.exit = ExitUsage
			}
			help(command, rest)
		})
	}
}

// defaultAudit is where a person's audit belongs: with the state of their programs, whatever folder they stand in. A workflow's stays in
// its folder, from where the run keeps it.
func defaultAudit() string {
	const name = "release-audit.jsonl"
	if file := os.Getenv("RELEASE_AUDIT"); file != "" { // The sandbox's releases are no part of a person's own.
		return file
	}
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		return name
	}
	state := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) { // As the XDG specification has it.
		home, err := os.UserHomeDir()
		if err != nil {
			return name
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "procureflow", name)
}

// where are the flags with which this command line reached its service, for commands to paste.
func (a *app) where(project string) string {
	words := []string{"--region", quote(a.flags.region), "--project", quote(project)}
	for _, name := range []string{"endpoint", "token-file", "monitoring-endpoint", "probe-via", "env", "policy", "audit"} {
		if flag := a.base.PersistentFlags().Lookup(name); flag.Changed {
			words = append(words, "--"+name, quote(flag.Value.String()))
		}
	}
	return strings.Join(words, " ")
}

var safe = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`)

// quote makes a value one word of a shell.
func quote(value string) string {
	if safe.MatchString(value) {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

// madeByRun is where "go run" puts what it makes: a folder of its own, or the build cache.
var madeByRun = regexp.MustCompile(`/go-build[0-9]*/.*/exe/|/[0-9a-f]{64}-d/`)

// Program is how a reader starts this program again, from how it was started: by its name where that is found on the path, by "go run"
// where that made it, else by its file.
func Program(started string) string {
	if madeByRun.MatchString(filepath.ToSlash(started)) {
		return "go run ./cmd/release"
	}
	if !strings.ContainsRune(started, filepath.Separator) {
		return started
	}
	return quote(started)
}

// version is the module's, or the commit that it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	commit, modified := "", ""
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			commit = setting.Value
		case setting.Key == "vcs.modified" && setting.Value == "true":
			modified = ", with changes"
		}
	}
	text := strings.Trim(info.Main.Version, "()")
	if commit != "" {
		text += " (" + commit + modified + ")"
	}
	return text + " " + info.GoVersion
}
