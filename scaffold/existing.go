package scaffold

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/stacks"
	"github.com/guiofsaints/procureflow-platform/stacks/adopter"
)

// fromExisting reads the answers from the files of an earlier run, which belong to the application now. It refuses a flag that
// contradicts them. Flags may add environments.
func (f *flags) fromExisting(r Repository) (found bool, err error) {
	a, said := &f.answers, f.answers
	folders := existing(r)
	switch {
	case len(folders) == 0:
		return false, nil
	case len(folders) > 1:
		return true, fmt.Errorf("the repository has an application of the platform in each of %s, and can have one: %s",
			strings.Join(folders, ", "), oneApplication)
	}
	folder := folders[0]
	elsewhere := f.said("folder") && path.Clean(said.Folder) != folder
	root := filepath.Join(r.Root, folder)
	of, err := adopter.Load(root)
	if err != nil {
		return true, err
	}
	if elsewhere || f.said("app") && said.App != of.Application {
		return true, fmt.Errorf("the repository has the application %s in %s already, and can have no second one: %s", of.Application, folder,
			oneApplication)
	}
	a.App, a.Owner, a.Repository, a.Team, a.Folder = of.Application, of.Owner, of.Repository, of.Team, folder
	a.Platform = of.Platform.Repository
	if of.Organization != of.Owner {
		a.Organization = of.Organization
	}
	if !f.upgrade {
		a.Version, a.Commit = of.Platform.Version, of.Platform.Commit
	}
	a.Environments, a.Projects = nil, map[string]string{}
	for _, environment := range environments {
		if !slices.Contains(stacks.Names(root), environment) {
			continue
		}
		a.Environments = append(a.Environments, environment)
		if settings, err := stacks.Read(root, environment, true); err == nil {
			a.Projects[environment] = settings.Project.ID
		}
	}
	settings, err := stacks.Read(root, "dev", true)
	if err != nil {
		return true, err
	}
	a.Region, a.Currency = settings.Project.Region, settings.Budget.Currency
	a.Branch, a.Services = settings.GitHub.Branch, nil
	if err := f.numbersOf(root); err != nil {
		return true, err
	}
	called := calledWith(r)
	for _, key := range slices.Sorted(maps.Keys(settings.Services)) {
		s := settings.Services[key]
		dockerfile, _ := r.dockerfile(key)
		if by := called[key]; by != "" {
			dockerfile = by
		}
		a.Services = append(a.Services, Service{Key: key, Name: s.Name, Image: s.Image, Account: s.RuntimeAccount, Port: s.Port,
			Dockerfile: dockerfile})
	}
	return true, f.agree(said)
}

// oneApplication says why a repository has one application, and what to do for another one.
const oneApplication = "the callers in .github/workflows, the GitHub environments, whom the clouds trust and the branches' " +
	"protection belong to the repository. If the two deploy together, give the first one another service " +
	"(docs/howto/add-service.md of the platform); otherwise give the second one a repository of its own"

// existing returns the folders that have the platform's platform.yaml. Other tools have files of that name too, but no Pulumi.yaml
// next to them.
func existing(r Repository) (folders []string) {
	for _, file := range strings.Split(git(r.Root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", adopter.File,
		"**/"+adopter.File), "\x00") {
		folder := path.Dir(file)
		if _, missing := os.Stat(filepath.Join(r.Root, file)); file == "" || missing != nil {
			continue
		}
		_, unreadable := adopter.Load(filepath.Join(r.Root, folder))
		if _, missing := os.Stat(filepath.Join(r.Root, folder, "Pulumi.yaml")); missing == nil || unreadable == nil {
			folders = append(folders, folder)
		}
	}
	return folders
}

// numbersOf reads the values that all stacks repeat from dev's settings, stand-ins included.
func (f *flags) numbersOf(folder string) error {
	document, err := stacks.Document(folder, "dev")
	if err != nil {
		return err
	}
	settings, _ := document.(map[string]any)
	for _, one := range []struct {
		flag, part, key string
		value           *string
	}{
		{"repository-id", "github", "repositoryId", &f.answers.RepositoryID}, {"owner-id", "github", "ownerId", &f.answers.OwnerID},
		{"billing-account", "project", "billingAccount", &f.answers.BillingAccount},
	} {
		if part, _ := settings[one.part].(map[string]any); !f.said(one.flag) {
			*one.value = fmt.Sprint(part[one.key])
		}
	}
	return nil
}

// agree returns an error that lists all flags that contradict the files. Further environments are added.
func (f *flags) agree(said Answers) error {
	a := &f.answers
	var problems []error
	for _, one := range []struct{ flag, said, is string }{
		{"owner", said.Owner, a.Owner}, {"repository", said.Repository, a.Repository}, {"team", said.Team, a.Team},
		{"region", said.Region, a.Region}, {"currency", said.Currency, a.Currency}, {"branch", said.Branch, a.Branch},
		{"platform-repository", said.Platform, a.Platform},
	} {
		if f.said(one.flag) && one.said != one.is {
			problems = append(problems, fmt.Errorf("--%s is %q, and the files of an earlier run in %s say %q: change the files, or leave it out",
				one.flag, one.said, a.Folder, one.is))
		}
	}
	if f.said("version") && said.Version != a.Version {
		problems = append(problems, fmt.Errorf("--version is %s, and %s says %s: say --upgrade to change it", said.Version, a.path(adopter.File),
			a.Version))
	}
	for _, one := range f.services {
		key, _, _ := strings.Cut(one, "=")
		if !slices.ContainsFunc(a.Services, func(s Service) bool { return s.Key == key }) {
			problems = append(problems, fmt.Errorf("--service %s is not in %s: docs/howto/add-service.md of the platform adds one", key,
				a.path("Pulumi.dev.yaml")))
		}
	}
	for _, one := range f.projects {
		environment, id, _ := strings.Cut(one, "=")
		if was := a.Projects[environment]; was != "" && was != id {
			problems = append(problems, fmt.Errorf("--project %s is not in %s, which says %s: change the file, or leave it out", one,
				a.path("Pulumi."+environment+".yaml"), was))
		}
	}
	if f.said("environments") {
		for _, environment := range a.Environments {
			if !slices.Contains(said.Environments, environment) {
				problems = append(problems, fmt.Errorf("--environments lacks %s, of which %s is there: destroy that stack first, and delete the file",
					environment, a.path("Pulumi."+environment+".yaml")))
			}
		}
		a.Environments = said.Environments
	}
	return errors.Join(problems...)
}
