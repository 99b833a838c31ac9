package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/stacks"
	"github.com/guiofsaints/procureflow-platform/stacks/adopter"
)

// settingsFlags holds the flags of release settings.
type settingsFlags struct {
	folder, stack, service, format string
	standIns                       bool
}

func (a *app) settings() *cobra.Command {
	var f settingsFlags
	command := &cobra.Command{
		Example: "  release settings --stack prod --service web --format github >> \"$GITHUB_OUTPUT\"",
		Use:     "settings --stack STACK",
		Short:   "Print the values of a stack that a workflow's job needs, from the reviewed settings", Args: cobra.NoArgs,
		Long: "Reads platform.yaml, Pulumi.yaml and Pulumi.STACK.yaml in the folder, as they are checked out, and makes no requests. It\n" +
			"checks the form of each value, and refuses line breaks. --format github is for \"$GITHUB_OUTPUT\".\n\n" +
			"Exit codes: 0 printed; 2 the call or the settings are wrong, and nothing was printed.",
		RunE: func(*cobra.Command, []string) error {
			if f.stack == "" {
				return usage("settings needs --stack: dev, staging or prod")
			}
			values, err := f.values()
			if err != nil {
				return usage("%v", err)
			}
			if f.format != "github" {
				return usage("--format is %q: use github, or --json", f.format)
			}
			object := map[string]string{}
			for _, value := range values {
				object[value.name] = value.text
				if !a.flags.json {
					fmt.Fprintf(a.streams.Out, "%s=%s\n", value.name, value.text)
				}
			}
			if a.flags.json {
				return a.print(object)
			}
			return nil
		},
	}
	flags := command.Flags()
	flags.StringVar(&f.folder, "folder", ".", "folder of platform.yaml, Pulumi.yaml and the stack files")
	flags.StringVar(&f.stack, "stack", "", "the stack: dev, staging or prod (required)")
	flags.StringVar(&f.service, "service", "", "key of a service in the settings, whose name, address, image and paths are printed too")
	flags.StringVar(&f.format, "format", "github", "github: NAME=VALUE lines")
	flags.BoolVar(&f.standIns, "stand-ins", false, "use the text after \"stand-in:\" as the value, as the sandbox does")
	return command
}

// value is one output for a job, with the pattern that it has to match.
type value struct {
	name, text string
	form       *regexp.Regexp
}

var (
	word          = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	number        = regexp.MustCompile(`^[1-9][0-9]*$`)
	slug          = regexp.MustCompile(`^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$`)
	fullName      = regexp.MustCompile(`^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)+$`)
	path          = regexp.MustCompile(`^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$`)
	optional      = regexp.MustCompile(`^([A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*)?$`)
	email         = regexp.MustCompile(`^[a-z][a-z0-9-]*@[a-z][a-z0-9-]*\.iam\.gserviceaccount\.com$`)
	optionalEmail = regexp.MustCompile(`^([a-z][a-z0-9-]*@[a-z][a-z0-9-]*\.iam\.gserviceaccount\.com)?$`)
	commit        = regexp.MustCompile(`^[0-9a-f]{40}$`)
	document      = regexp.MustCompile(`^[\[{][^\r\n]*[\]}]$`)
	address       = regexp.MustCompile(`^https://[a-z0-9.-]+$`)
)

// values returns all outputs, in the order in which they are printed.
func (f settingsFlags) values() ([]value, error) {
	of, err := adopter.Load(f.folder)
	if err != nil {
		return nil, err
	}
	if len(of.StandIns) > 0 && !f.standIns {
		return nil, fmt.Errorf("%s: %s: a stand-in for what only the owner knows; write the real value, or try it with --stand-ins",
			adopter.File, strings.Join(of.StandIns, ", "))
	}
	project, err := stacks.ProjectName(f.folder)
	if err != nil {
		return nil, err
	}
	settings, err := stacks.Read(f.folder, f.stack, f.standIns)
	if err != nil {
		return nil, err
	}
	if err := of.Holds(project, settings.GitHub.Owner, settings.GitHub.Repository); err != nil {
		return nil, err
	}
	values := append(f.ofApplication(of, settings), ofEnvironment(settings)...)
	source, err := f.source(settings)
	if err != nil {
		return nil, err
	}
	values = append(values, value{"source-registry", source, fullName})
	if f.service != "" {
		service, known := settings.Describe()[f.service]
		if !known {
			return nil, fmt.Errorf("stack %s has no service %q: it has %s", f.stack, f.service,
				strings.Join(slices.Sorted(maps.Keys(settings.Services)), ", "))
		}
		values = append(values, ofService(of, f.stack, f.service, settings, service)...)
	}
	var problems []error
	for _, value := range values {
		if !value.form.MatchString(value.text) {
			problems = append(problems, fmt.Errorf("%s would be %q, which cannot be right: mend the settings of stack %s",
				value.name, value.text, f.stack))
		}
	}
	return values, errors.Join(problems...)
}

// ofApplication returns the values about the application: who owns it, and where its files are.
func (f settingsFlags) ofApplication(of adopter.Adopter, s stacks.Settings) []value {
	releasePolicy := of.Path("release.yaml")
	if _, err := os.Stat(filepath.Join(f.folder, "release.yaml")); err != nil {
		releasePolicy = "" // Empty means the platform's own policy.
	}
	return []value{
		{"application", of.Application, word},
		{"repository", of.Slug(), slug},
		{"repository-id", fmt.Sprint(s.GitHub.RepositoryID), number},
		{"branch", s.GitHub.Branch, path},
		{"folder", of.Folder, path},
		{"policy-config", of.Path("policy/" + f.stack + ".json"), path},
		{"provenance", of.Path("provenance.yaml"), path},
		{"release-policy", releasePolicy, optional},
		{"platform-repository", of.Platform.Repository, slug},
		{"platform-version", of.Platform.Version, word},
		{"platform-commit", of.Platform.Commit, commit},
		{"organization", of.Organization, word},
		{"stack", f.stack, word},
		{"pulumi-stack", of.StackName(f.stack), fullName},
		{"pulumi-team", of.Application + "-" + f.stack, word},
		{"pulumi-read-team", of.Application + "-read", word},
		{"pulumi-policies-team", of.Application + "-policies", word},
	}
}

// ofEnvironment returns the values about an environment: where the stack is, and who may change it.
func ofEnvironment(s stacks.Settings) []value {
	gates := []string{}
	for _, gate := range s.GitHub.Environments {
		gates = append(gates, gate.Name)
	}
	slots := []string{}
	for _, key := range slices.Sorted(maps.Keys(s.Services)) {
		slots = append(slots, s.SlotNames(key)...)
	}
	slotsProvider, slotsAccount, timeToLive := "", "", "" // Empty where there are no previews.
	if s.Previews != nil {
		slotsProvider, slotsAccount, timeToLive = s.ProviderName(stacks.AccountSlots), s.AccountEmail(stacks.AccountSlots), s.Previews.TimeToLive
	}
	return []value{
		{"environment", s.GitHubEnvironment(), word},
		{"environments", jsonText(gates), document},
		{"project", s.Project.ID, word},
		{"project-number", s.Project.Number, number},
		{"region", s.Project.Region, word},
		{"registry-host", naming.RegistryHost(s.Project.Region), word},
		{"registry", s.ImagePrefix(), fullName},
		{"ci-provider", s.ProviderName(stacks.AccountCI), fullName},
		{"ci-account", s.AccountEmail(stacks.AccountCI), email},
		{"preview-provider", s.ProviderName(stacks.AccountPreview), fullName},
		{"preview-account", s.AccountEmail(stacks.AccountPreview), email},
		{"deploy-provider", s.ProviderName(stacks.AccountDeploy), fullName},
		{"deploy-account", s.AccountEmail(stacks.AccountDeploy), email},
		{"infra-provider", s.ProviderName(stacks.AccountInfra), fullName},
		{"infra-account", s.AccountEmail(stacks.AccountInfra), email},
		{"slots-provider", slotsProvider, optional},
		{"slots-account", slotsAccount, optionalEmail},
		{"slots", jsonText(slots), document},
		{"preview-time-to-live", timeToLive, optional},
		{"attestor", s.AttestorName(), optional},
		{"attestor-key-version", s.AttestorKeyVersion(), optional},
		{"services", jsonText(s.Describe()), document},
	}
}

// ofService returns the values that a release of the service needs.
func ofService(of adopter.Adopter, stack, key string, s stacks.Settings, d stacks.Described) []value {
	previewImage := naming.ImagePrefix(s.Project.Region, s.Project.ID, s.PreviewRepository()) + "/" + d.Image
	return []value{
		{"service", key, word},
		{"service-name", d.Name, word},
		{"service-url", d.URL, address},
		{"service-image", s.ImagePrefix() + "/" + d.Image, fullName},
		{"service-image-name", d.Image, path},
		{"service-paths", jsonText(d.SmokePaths), document},
		{"service-slots", jsonText(append([]string{}, s.SlotNames(key)...)), document},
		{"service-preview-image", previewImage, fullName},
		{"service-targets", targets(of, stack, key, s), document},
	}
}

// targets lists what a release changes, by the names in the stack: the service, and the jobs that run its image.
func targets(of adopter.Adopter, stack, key string, s stacks.Settings) string {
	urn := "urn:pulumi:" + stack + "::" + of.Application + "::**gcp:cloudrunv2/"
	urns := []string{urn + "service:Service::service-" + key + "-service"}
	for _, name := range slices.Sorted(maps.Keys(s.Jobs)) {
		if s.Jobs[name].Service == key {
			urns = append(urns, urn+"job:Job::job-"+name+"-job")
		}
	}
	return jsonText(urns)
}

// source returns the registry that the stack's images come from. It is the registry of the stack in which they are
// built.
func (f settingsFlags) source(s stacks.Settings) (string, error) {
	if s.BuildsImages() {
		return s.ImagePrefix(), nil
	}
	for _, name := range stacks.Names(f.folder) {
		other, err := stacks.Read(f.folder, name, f.standIns)
		if err != nil {
			return "", err
		}
		if other.BuildsImages() {
			return other.ImagePrefix(), nil
		}
	}
	return s.ImagePrefix(), nil // This is the only environment.
}

// jsonText returns a value as JSON on one line.
func jsonText(of any) string {
	text, err := json.Marshal(of)
	if err != nil {
		return "" // The empty text does not match the pattern, so it is refused.
	}
	return string(text)
}
