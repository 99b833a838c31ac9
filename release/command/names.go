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

// Names come from people and from a workflow's variables, and everybody who may write to the repository can set those. A name is
// refused before any request if it could be taken for an option or for a part of an API's path. The API says whether a name exists.
var (
	serviceName   = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$`)
	jobName       = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
	plainName     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.:_-]*$`)
	imageByDigest = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/-]*@sha256:[0-9a-f]{64}$`)
	digestForm    = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// checkNames refuses a project or region that could be an option or a path.
func (a *app) checkNames() error {
	if a.flags.region == "" {
		return usage("--region is empty: name the service's region, such as us-central1")
	}
	for _, flag := range []struct{ name, value string }{{"project", a.flags.project}, {"region", a.flags.region}} {
		if flag.value != "" && !plainName.MatchString(flag.value) {
			return usage("--%s %q is not a name: use letters, digits and hyphens", flag.name, flag.value)
		}
	}
	return nil
}

// checkOrigin refuses a malformed commit or link, because both go into pages and messages.
func (a *app) checkOrigin() error {
	if a.flags.commit != "" && !commit.MatchString(a.flags.commit) {
		return usage("--commit %q is not a commit: use 40 hex digits", a.flags.commit)
	}
	page, err := url.Parse(a.flags.link)
	if a.flags.link != "" && (err != nil || page.Scheme != "https" && page.Scheme != "http" || page.Host == "") {
		return usage("--link is not the address of a page: use one such as https://github.com/OWNER/REPOSITORY/actions/runs/1")
	}
	return nil
}

// checkRevision refuses a revision name that could be an option or a path. The name may be left out.
func checkRevision(flag, revision string) error {
	if revision != "" && !plainName.MatchString(revision) {
		return usage("--%s %q is not the name of a revision: use letters, digits and hyphens", flag, revision)
	}
	return nil
}

// refuseHelpAsName refuses a command line whose SERVICE or JOB is "--help", as a workflow's variable may set it. Printing the help and
// exiting with 0 would look as if the command had done its work. A person who asks for a command's help gives no other argument.
func (a *app) refuseHelpAsName(root *cobra.Command, arguments []string) {
	for _, command := range root.Commands() {
		if !strings.Contains(command.Use, "SERVICE") && !strings.Contains(command.Use, "JOB") {
			continue
		}
		help := command.HelpFunc()
		command.SetHelpFunc(func(command *cobra.Command, rest []string) {
			if len(arguments) > 2 {
				fmt.Fprintf(a.streams.Err,
					"release: --help was given together with other arguments, so nothing was done: ask with `release %s --help` alone\n\n", command.Name())
				command.SetOut(a.streams.Err)
				a.exit = ExitUsage
			}
			help(command, rest)
		})
	}
}

// defaultAudit returns where the audit file goes by default. A person's goes to the folder in which their programs keep state, whatever
// folder they are in. A workflow's goes to its working folder, from which the run uploads it.
func defaultAudit() string {
	const name = "release-audit.jsonl"
	if file := os.Getenv("RELEASE_AUDIT"); file != "" { // The sandbox's releases do not belong in a person's own audit file.
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

// where returns the flags with which this command line reached its service, for commands that a reader pastes.
func (a *app) where(project string) string {
	words := []string{"--region", quote(a.flags.region), "--project", quote(project)}
	for _, name := range []string{"endpoint", "token-file", "monitoring-endpoint", "probe-via", "probe-account", "env", "policy", "audit"} {
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

// madeByRun matches the paths at which "go run" puts its binaries: a temporary folder, or the build cache.
var madeByRun = regexp.MustCompile(`/go-build[0-9]*/.*/exe/|/[0-9a-f]{64}-d/`)

// Program returns the command that starts this program again, judged by how it was started: its name if that is on the path, "go run …"
// if that built it, else its file.
func Program(started string) string {
	if madeByRun.MatchString(filepath.ToSlash(started)) {
		return "go run ./cmd/release"
	}
	if !strings.ContainsRune(started, filepath.Separator) {
		return started
	}
	return quote(started)
}

// version returns the module's version, or the commit that it was built from.
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
