package command

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/emulator/guard"
	"github.com/guiofsaints/procureflow-platform/sandbox/console"
	"github.com/guiofsaints/procureflow-platform/sandbox/server"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

func (a *app) env() *cobra.Command {
	return &cobra.Command{
		Use: "env STACK", Short: "Print the variables that make `release`, gcloud and the official clients use the sandbox", Args: stackArgument,
		Long: "Print the variables that make `release`, gcloud and the official clients use the sandbox, as lines for a POSIX shell:\n\n" +
			"  eval \"$(go run ./cmd/sandbox env dev)\"\n\n" +
			"The APIs take requests with the sandbox's token only. It stays in files that only you may read; the lines name them.\n\n" +
			"Exit codes: 0 done; 1 the cloud is not running; 2 the call or the settings are wrong.",
		RunE: func(command *cobra.Command, args []string) error {
			folder, err := a.folder()
			if err != nil {
				return err
			}
			document, err := settingsOf(folder, args[0])
			if err != nil {
				return err
			}
			settings, err := stacks.Parse(document, args[0])
			if err != nil {
				return err
			}
			dir, err := a.openDir()
			if err != nil {
				return err
			}
			status, running, err := a.cloudStatus(command.Context(), dir)
			if err != nil || !running {
				return err
			}
			lines, err := environment(dir, status, settings)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(a.streams.Out, lines)
			return err
		},
	}
}

// environment returns the shell's text. It contains no token, only the path of the token's file.
func environment(dir statedir.Dir, status server.Status, settings stacks.Settings) (string, error) {
	api, err := url.Parse(status.API)
	if err != nil {
		return "", err
	}
	token, credentials := server.TokenFile(dir), filepath.Join(filepath.Dir(server.TokenFile(dir)), "credentials.json")
	content, err := guard.Credentials(status.API, token)
	if err != nil {
		return "", err
	}
	if err := statedir.WriteFile(credentials, content, 0o600); err != nil {
		return "", err
	}
	var lines strings.Builder
	for _, variable := range [][2]string{
		// release
		{"RELEASE_ENDPOINT", status.API + "/run/"},
		{"RELEASE_PROBE_VIA", status.DataPlane},
		{"RELEASE_TOKEN_FILE", token},
		{"RELEASE_AUDIT", console.JournalFile(dir)},
		// gcloud uses an older API of Cloud Run with one host per region, so its requests go through the sandbox as a
		// proxy.
		{"CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN", "http://run.sandbox/"},
		{"CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", status.API + "/sm/"},
		{"CLOUDSDK_API_ENDPOINT_OVERRIDES_SQL", status.API + "/"},
		{"CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE", status.API + "/storage/v1/"},
		{"CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDSCHEDULER", status.API + "/cs/"},
		{"CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", token},
		{"CLOUDSDK_CORE_PROJECT", settings.Project.ID},
		{"CLOUDSDK_PROXY_TYPE", "http_no_tunnel"},
		{"CLOUDSDK_PROXY_ADDRESS", api.Hostname()},
		{"CLOUDSDK_PROXY_PORT", api.Port()},
		{"CLOUDSDK_RUN_REGION", settings.Project.Region},
		// Google's client libraries get each API's address from the program that uses them: APIS/run/, APIS/sm/, …
		{"GOOGLE_APPLICATION_CREDENTIALS", credentials},
		{"GOOGLE_CLOUD_PROJECT", settings.Project.ID},
		{"SANDBOX_APIS", status.API},
		// These are for GitHub's own clients and for Pulumi's GitHub provider, whose SDK reads them in the program's
		// process.
		{"GITHUB_API_URL", status.API + "/gh/api/v3"},
		{"GITHUB_BASE_URL", status.API + "/gh/"},
	} {
		fmt.Fprintf(&lines, "export %s=%s\n", variable[0], quoted(variable[1]))
	}
	fmt.Fprintf(&lines, "export GITHUB_TOKEN=\"$(cat %s)\"\n", quoted(token))
	return lines.String(), nil
}

// quoted returns text as one word of a POSIX shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
