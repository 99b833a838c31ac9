package scaffold

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Repository holds the facts that init detects in the repository.
type Repository struct {
	// Root is the folder of the clone.
	Root string
	// Owner and Name come from the remote origin. DefaultBranch is its default branch, if git knows it. Branch is the same branch,
	// or a guess.
	Owner, Name, Branch, DefaultBranch string
	// Detached says that no branch is checked out.
	Detached bool
	// Dockerfiles and their last EXPOSE, by path in the repository.
	Dockerfiles map[string]int
	// Workspace holds what package.json and pnpm say.
	Workspace workspace
	// PullRequests and Pushes are branches for which the repository's own workflows run.
	PullRequests, Pushes []string
	// Prettier and Commitlint check files and messages here.
	Prettier, Commitlint bool
	// Workflows are the files of .github/workflows, and Deploys those of them that seem to deploy.
	Workflows, Deploys []string
}

var remote = regexp.MustCompile(`github\.com[:/]([A-Za-z0-9-]+)/([A-Za-z0-9._-]+?)(\.git)?/?$`)

// detect reads the repository. A field stays empty if nothing is found for it.
func detect(root string) Repository {
	r := Repository{Root: root, Dockerfiles: map[string]int{}}
	if found := remote.FindStringSubmatch(git(root, "remote", "get-url", "origin")); found != nil {
		r.Owner, r.Name = found[1], found[2]
	}
	r.detectBranch()
	files := strings.Split(git(root, "ls-files", "-z"), "\x00")
	for _, file := range files {
		if base := path.Base(file); base == "Dockerfile" || strings.HasPrefix(base, "Dockerfile.") {
			r.Dockerfiles[file] = exposed(filepath.Join(root, file))
		}
		if path.Dir(file) == ".github/workflows" {
			r.Workflows = append(r.Workflows, file)
		}
		r.Commitlint = r.Commitlint || strings.HasPrefix(file, "commitlint.config.") || strings.HasPrefix(file, ".commitlintrc")
		r.Prettier = r.Prettier || strings.HasPrefix(file, ".prettier") || strings.HasPrefix(file, "prettier.config.")
	}
	r.detectWorkflows()
	r.detectNode(files)
	return r
}

var deploys = regexp.MustCompile(`gcloud run deploy|gcloud run services|pulumi up|pulumi/actions|deploy-cloudrun|command: up`)

// detectWorkflows reads the application's own workflows: whether they deploy, or call one that does, and for which branches they run.
func (r *Repository) detectWorkflows() {
	texts := map[string]string{}
	for _, file := range r.Workflows {
		content, err := os.ReadFile(filepath.Join(r.Root, file))
		if err == nil && !strings.HasPrefix(path.Base(file), "platform-") {
			texts[file] = string(content)
			r.detectBranches(content)
		}
	}
	for found := true; found; { // until no further workflow is found that calls one of them
		found = false
		for _, file := range sorted(texts) {
			calls := func(other string) bool { return strings.Contains(texts[file], "uses: ./"+other) }
			if !slices.Contains(r.Deploys, file) && (deploys.MatchString(texts[file]) || slices.ContainsFunc(r.Deploys, calls)) {
				r.Deploys, found = append(r.Deploys, file), true
			}
		}
	}
	slices.Sort(r.Deploys)
}

var expose = regexp.MustCompile(`(?i)^EXPOSE\s+([0-9]+)`)

// exposed returns the last port that a Dockerfile exposes, which belongs to its last stage.
func exposed(file string) (port int) {
	opened, err := os.Open(file)
	if err != nil {
		return 0
	}
	defer opened.Close()
	for scanner := bufio.NewScanner(opened); scanner.Scan(); {
		if found := expose.FindStringSubmatch(scanner.Text()); found != nil {
			port, _ = strconv.Atoi(found[1])
		}
	}
	return port
}

func sorted[V any](of map[string]V) []string { return slices.Sorted(maps.Keys(of)) }

// noName lists folders whose names say nothing about a service. noService lists Dockerfiles that belong to no service.
var (
	noName    = []string{".", "docker", "build", "deploy", "infra", "images"}
	noService = regexp.MustCompile(`\s|(^|/)(\.[^/]*|tests?|e2e|examples?|node_modules)/|\.(dev|test|ci|local|base|dockerignore)$`)
)

// built is a Dockerfile and the service that its path suggests: Dockerfile.api, services/api/Dockerfile. If the path suggests none, the
// service is web.
type built struct{ key, file string }

func (r Repository) builds() (all []built) {
	for _, file := range sorted(r.Dockerfiles) {
		if noService.MatchString(file) {
			continue
		}
		_, key, named := strings.Cut(path.Base(file), ".")
		if folder := path.Base(path.Dir(file)); !named && !slices.Contains(noName, folder) {
			key, named = folder, true
		}
		if !named {
			key = "web"
		}
		if serviceKey.MatchString(key) && !slices.ContainsFunc(all, func(b built) bool { return b.key == key }) {
			all = append(all, built{key, file})
		}
	}
	return all
}

// services returns the keys of services that the repository's Dockerfiles suggest, or web if there are none.
func (r Repository) services() (keys []string) {
	for _, b := range r.builds() {
		keys = append(keys, b.key)
	}
	if len(keys) == 0 {
		return []string{"web"}
	}
	return keys
}

// dockerfile returns the Dockerfile of a service: the one whose path names the service, or the only one.
func (r Repository) dockerfile(key string) (file string, port int) {
	all := r.builds()
	for _, b := range all {
		if b.key == key || len(all) == 1 || slices.Contains(strings.Split(path.Dir(b.file), "/"), key) {
			return b.file, r.Dockerfiles[b.file]
		}
	}
	return "Dockerfile", r.Dockerfiles["Dockerfile"]
}

// toplevel returns the repository's folder, or an error with the reason why git sees none.
func toplevel(folder string) (string, error) {
	command := exec.Command("git", "rev-parse", "--show-toplevel")
	command.Dir = folder
	var said bytes.Buffer
	command.Stderr = &said
	output, err := command.Output()
	root := strings.TrimSpace(string(output))
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("git is not installed, or not on PATH: %w", err)
	}
	if err != nil || root == "" {
		return "", fmt.Errorf("%s is in no git repository: run it in the application's clone, or name that with --repo (%s)", folder,
			cmp.Or(strings.TrimSpace(said.String()), fmt.Sprint(err)))
	}
	return root, nil
}

// git returns the trimmed output of a git command, empty if it failed.
func git(root string, args ...string) string {
	command := exec.Command("git", args...)
	command.Dir = root
	output, err := command.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(output))
}

var (
	calledService    = regexp.MustCompile(`(?m)^      service: "?([a-z0-9-]+)"?$`)
	calledDockerfile = regexp.MustCompile(`(?m)^      dockerfile: "?([^\s"]+)"?$`)
)

// calledWith returns the Dockerfile of each service that the existing caller names.
func calledWith(r Repository) map[string]string {
	content, err := os.ReadFile(filepath.Join(r.Root, ".github", "workflows", "platform-ci.yml"))
	if err != nil {
		return nil
	}
	called := map[string]string{}
	_, jobs, _ := strings.Cut(lf(string(content)), "\njobs:\n")
	for _, job := range jobBlocks(jobs) {
		if file := calledDockerfile.FindStringSubmatch(job.text); file != nil {
			key := "web"
			if service := calledService.FindStringSubmatch(job.text); service != nil {
				key = service[1]
			}
			called[key] = file[1]
		}
	}
	return called
}
