package preflight

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/guiofsaints/procureflow-platform/firstrun/permissions"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// Exit codes of the command.
const (
	// ExitReady: the caller may do the first run.
	ExitReady = 0
	// ExitMissing: something is missing; the list says what and which roles hold it.
	ExitMissing = 1
	// ExitUsage: the call or the settings are wrong, and nothing was asked.
	ExitUsage = 2
	// ExitFailed: Google could not be asked, which says nothing about the caller's rights.
	ExitFailed = 3
)

const usage = `bootstrap STACK [--json]

Says whether you may do the first run of an environment, and if not, what you lack and which roles hold it. Changes nothing.
Reads Pulumi.STACK.yaml in the current folder; asks as ` + "`gcloud auth application-default login`" + ` left you.

Exit codes: 0 you may; 1 something is missing; 2 the call or the settings are wrong, nothing was asked; 3 Google could not be asked.
`

// Main runs the command in folder and returns its exit code. connect logs in.
func Main(ctx context.Context, folder string, args []string, out, errs io.Writer, connect func(context.Context) (Asker, error)) int {
	stack, asJSON := "", false
	for _, arg := range args {
		switch {
		case arg == "--json":
			asJSON = true
		case arg == "--help" || arg == "-h":
			fmt.Fprint(out, usage)
			return ExitReady
		case strings.HasPrefix(arg, "-") || stack != "":
			fmt.Fprintf(errs, "unexpected argument %q\n\n%s", arg, usage)
			return ExitUsage
		default:
			stack = arg
		}
	}
	if stack == "" {
		fmt.Fprint(errs, usage)
		return ExitUsage
	}
	settings, err := stacks.Read(folder, stack, false)
	if err != nil {
		fmt.Fprintln(errs, err)
		return ExitUsage
	}
	asker, err := connect(ctx)
	if err != nil {
		fmt.Fprintln(errs, err)
		return ExitFailed
	}
	report, err := Check(ctx, asker, stack, settings.Project.ID, settings.Project.BillingAccount, Types(settings))
	if err != nil {
		fmt.Fprintln(errs, err)
		return ExitFailed
	}
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		_ = encoder.Encode(report)
	} else {
		fmt.Fprint(out, report.Text())
	}
	if !report.Ready() {
		return ExitMissing
	}
	return ExitReady
}

// Text is the report for people.
func (r Report) Text() string {
	var text strings.Builder
	for _, place := range r.Places {
		if len(place.Missing) == 0 {
			fmt.Fprintf(&text, "%s: you have all %d permissions that the first run of %s takes.\n", place.Resource, place.Asked, r.Environment)
			continue
		}
		fmt.Fprintf(&text, "%s: you lack %d of the %d permissions that the first run of %s takes:\n", place.Resource, len(place.Missing),
			place.Asked, r.Environment)
		for _, permission := range place.Missing {
			fmt.Fprintf(&text, "  %s\n", permission)
		}
		fmt.Fprintf(&text, "These roles hold them. Have them granted to you for the run, and taken away after it:\n")
		for _, role := range place.Roles {
			fmt.Fprintf(&text, "  %s\n", role)
		}
	}
	return text.String()
}

// Types are the Google Cloud resource types that the first run of an environment makes: those of attestation where the settings
// ask for signatures.
func Types(settings stacks.Settings) []string {
	var types []string
	for token := range permissions.Types {
		attestation := strings.HasPrefix(token, "gcp:kms/") || strings.HasPrefix(token, "gcp:containeranalysis/") ||
			strings.HasPrefix(token, "gcp:binaryauthorization/")
		if !attestation || settings.BinaryAuthorization != nil {
			types = append(types, token)
		}
	}
	return types
}
