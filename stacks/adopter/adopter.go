// Package adopter reads platform.yaml: which application runs on the platform, who owns it, where its files are, and which
// version of the platform it uses. That file is the only source of these facts. Other files repeat some of them: the
// project's name in Pulumi.yaml, the repository in the stacks' settings, the callers of the workflows. `check settings`
// compares those with platform.yaml.
package adopter

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// File is the name of the file, next to Pulumi.yaml.
const File = "platform.yaml"

// standIn begins the placeholder for a value that only the owner knows, as in the stacks' settings. The text after it
// has the form of the real value.
const standIn = "stand-in:"

// Adopter is an application that runs on the platform.
type Adopter struct {
	// Application is the name of the Pulumi project. It is also the namespace of the project's configuration and part of its
	// teams' names.
	Application string `yaml:"application"`
	// Owner is the login of the GitHub account that owns the repository.
	Owner string `yaml:"owner"`
	// Repository is the repository's name without its owner.
	Repository string `yaml:"repository"`
	// Team is the slug of the owner's team that reviews the files that deploy. Default: none; the owner is a user and
	// reviews alone.
	Team string `yaml:"team,omitempty"`
	// Organization is the organization in Pulumi Cloud that has the stacks. Default: Owner.
	Organization string `yaml:"organization,omitempty"`
	// Folder is the folder of this file in the repository, with slashes; . for the repository's root.
	Folder string `yaml:"folder"`
	// Platform is the version of the platform that the application uses.
	Platform Platform `yaml:"platform"`

	// StandIns are the keys that still have a stand-in, which the owner has to replace.
	StandIns []string `yaml:"-"`
}

// Platform is a version of the platform. Go finds it by Version, and GitHub by Commit.
type Platform struct {
	// Repository has the workflows and the module, OWNER/NAME.
	Repository string `yaml:"repository"`
	// Version is the module's version and the name of the protected tag: v1.2.3.
	Version string `yaml:"version"`
	// Commit is the full commit that the tag names.
	Commit string `yaml:"commit"`
}

// Load reads the folder's platform.yaml.
func Load(folder string) (Adopter, error) {
	raw, err := os.ReadFile(filepath.Join(folder, File))
	if err != nil {
		return Adopter{},
			fmt.Errorf("read who uses the platform: %w; `go run github.com/guiofsaints/procureflow-platform/cmd/init` writes it", err)
	}
	return Parse(raw)
}

// Parse reads the text of a platform.yaml. The error lists all problems.
func Parse(raw []byte) (Adopter, error) {
	var a Adopter
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&a); errors.Is(err, io.EOF) {
		return Adopter{}, fmt.Errorf("%s is empty: write application, owner, repository, folder and platform", File)
	} else if err != nil {
		return Adopter{}, fmt.Errorf("%s: %w", File, err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return Adopter{}, fmt.Errorf("%s has a second document, which nobody would read: use one", File)
	}
	a.takeStandIns()
	if a.Organization == "" {
		a.Organization = a.Owner
	}
	if err := a.validate(); err != nil {
		return Adopter{}, err
	}
	return a, nil
}

// takeStandIns removes the prefix of each stand-in and remembers the keys that had one.
func (a *Adopter) takeStandIns() {
	for _, field := range a.fields() {
		if value, stands := strings.CutPrefix(*field.value, standIn); stands {
			*field.value = value
			a.StandIns = append(a.StandIns, field.key)
		}
	}
}

type field struct {
	key   string
	value *string
	form  *regexp.Regexp
	want  string
}

var (
	application  = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}[a-z0-9]$`)
	login        = regexp.MustCompile(`^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$`)
	repository   = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)
	team         = regexp.MustCompile(`^([a-z0-9]+([_-]+[a-z0-9]+)*)?$`)
	organization = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)
	folder       = regexp.MustCompile(`^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$`)
	source       = regexp.MustCompile(`^[A-Za-z0-9]+(-[A-Za-z0-9]+)*/[A-Za-z0-9._-]{1,100}$`)
	version      = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)
	commit       = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

func (a *Adopter) fields() []field {
	return []field{
		{"application", &a.Application, application, "2-32 lower-case letters, digits and hyphens, a letter first, no hyphen last"},
		{"owner", &a.Owner, login, "the login of the repository's owner on GitHub"},
		{"repository", &a.Repository, repository, "the repository's name on GitHub, without its owner"},
		{"team", &a.Team, team, "the team's slug, without @ and owner, or leave it out"},
		{"organization", &a.Organization, organization, "the organization's name in Pulumi Cloud"},
		{"folder", &a.Folder, folder, "a folder of the repository such as infra/platform, or . for its root"},
		{"platform.repository", &a.Platform.Repository, source, "OWNER/NAME of the platform's repository"},
		{"platform.version", &a.Platform.Version, version, "a version such as v1.2.3"},
		{"platform.commit", &a.Platform.Commit, commit, "the 40 hexadecimal digits of the version's commit"},
	}
}

func (a *Adopter) validate() error {
	var problems []error
	for _, field := range a.fields() {
		if !field.form.MatchString(*field.value) {
			problems = append(problems, fmt.Errorf("%s: %s is %q: want %s", File, field.key, *field.value, field.want))
		}
	}
	if folder.MatchString(a.Folder) && (a.Folder != path.Clean(a.Folder) || a.Folder == ".." || strings.HasPrefix(a.Folder, "../")) {
		problems = append(problems, fmt.Errorf("%s: folder is %q: want a folder inside the repository, spelled in one way", File, a.Folder))
	}
	if a.Repository == "." || a.Repository == ".." {
		problems = append(problems, fmt.Errorf("%s: repository is %q: want the repository's name on GitHub", File, a.Repository))
	}
	return errors.Join(problems...)
}

// Holds compares a stack's project, and the repository in its settings, with platform.yaml. The error lists all
// differences.
func (a Adopter) Holds(project, owner, repository string) error {
	var problems []error
	for _, one := range []struct{ where, got, want string }{
		{"the name in Pulumi.yaml", project, a.Application},
		{"github.owner in the stack's settings", owner, a.Owner},
		{"github.repository in the stack's settings", repository, a.Repository},
	} {
		if one.got != one.want {
			problems = append(problems, fmt.Errorf("%s is %q, and %s says %q: write the same in both", one.where, one.got, File, one.want))
		}
	}
	return errors.Join(problems...)
}

// CodeOwner returns the reviewer of the files that deploy, as CODEOWNERS spells it.
func (a Adopter) CodeOwner() string {
	if a.Team == "" {
		return "@" + a.Owner
	}
	return "@" + a.Owner + "/" + a.Team
}

// Slug returns the repository as GitHub spells it, OWNER/NAME.
func (a Adopter) Slug() string { return a.Owner + "/" + a.Repository }

// Path returns the path in the repository of a file in the application's folder, with slashes.
func (a Adopter) Path(name string) string { return path.Join(a.Folder, name) }

// StackName returns a stack's full name in Pulumi Cloud.
func (a Adopter) StackName(stack string) string {
	return a.Organization + "/" + a.Application + "/" + stack
}

// Workflow returns the name by which a caller refers to one of the platform's workflows. It has the commit, because a
// tag can be moved.
func (a Adopter) Workflow(file string) string {
	return a.Platform.Repository + "/.github/workflows/" + file + "@" + a.Platform.Commit
}
