package scaffold

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Repository is what is found in the repository that init stands in.
type Repository struct {
	Root string
	// Owner and Name are of the remote origin, Branch is its default branch.
	Owner, Name, Branch string
	// Dockerfiles and their first EXPOSE, by path in the repository.
	Dockerfiles map[string]int
	// Node says that package.json names pnpm and has the scripts that the callers run; Lacks are those that it has not.
	Node  bool
	Lacks []string
	// Web is the folder of the workspace's application, where there is one package of that kind.
	Web string
	// Prettier and Commitlint check files and messages here.
	Prettier, Commitlint bool
	// Workflows are the files of .github/workflows, and Deploys those of them that seem to deploy.
	Workflows, Deploys []string
}

var remote = regexp.MustCompile(`github\.com[:/]([A-Za-z0-9-]+)/([A-Za-z0-9._-]+?)(\.git)?/?$`)

// Detect looks around in the repository. What it does not find stays empty.
func Detect(root string) Repository {
	r := Repository{Root: root, Branch: "main", Dockerfiles: map[string]int{}}
	if found := remote.FindStringSubmatch(git(root, "remote", "get-url", "origin")); found != nil {
		r.Owner, r.Name = found[1], found[2]
	}
	if head := git(root, "symbolic-ref", "--short", "refs/remotes/origin/HEAD"); head != "" {
		_, r.Branch, _ = strings.Cut(head, "/")
	}
	for _, file := range strings.Split(git(root, "ls-files"), "\n") {
		if base := filepath.Base(file); base == "Dockerfile" || strings.HasPrefix(base, "Dockerfile.") {
			r.Dockerfiles[file] = exposed(filepath.Join(root, file))
		}
		if dir := filepath.Dir(file); dir == ".github/workflows" {
			r.Workflows = append(r.Workflows, file)
		}
		if base := filepath.Base(file); strings.HasPrefix(base, "next.config.") {
			r.Web = filepath.ToSlash(filepath.Dir(file))
		}
		r.Commitlint = r.Commitlint || strings.HasPrefix(file, "commitlint.config.") || strings.HasPrefix(file, ".commitlintrc")
		r.Prettier = r.Prettier || strings.HasPrefix(file, ".prettier") || strings.HasPrefix(file, "prettier.config.")
	}
	for _, file := range r.Workflows {
		content, err := os.ReadFile(filepath.Join(root, file))
		if err == nil && !strings.HasPrefix(filepath.Base(file), "platform-") && deploys.Match(content) {
			r.Deploys = append(r.Deploys, file)
		}
	}
	r.detectNode()
	return r
}

var deploys = regexp.MustCompile(`gcloud run deploy|gcloud run services|pulumi up|pulumi/actions|deploy-cloudrun|command: up`)

func (r *Repository) detectNode() {
	content, err := os.ReadFile(filepath.Join(r.Root, "package.json"))
	if err != nil {
		return
	}
	var manifest struct {
		PackageManager string            `json:"packageManager"`
		Scripts        map[string]string `json:"scripts"`
	}
	if json.Unmarshal(content, &manifest) != nil || !strings.HasPrefix(manifest.PackageManager, "pnpm@") {
		return
	}
	r.Node = true
	for _, script := range []string{"build", "lint", "test:run"} {
		if manifest.Scripts[script] == "" {
			r.Lacks = append(r.Lacks, script)
		}
	}
	if r.Web == "" {
		r.Web = "."
	}
}

var expose = regexp.MustCompile(`(?i)^EXPOSE\s+([0-9]+)`)

// exposed is the last port that a Dockerfile exposes, which is its last stage's.
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

// dockerfile is the one that a service is built of: the only one, or the one whose path names the service.
func (r Repository) dockerfile(key string) (file string, port int) {
	files := make([]string, 0, len(r.Dockerfiles))
	for name := range r.Dockerfiles {
		files = append(files, name)
	}
	slices.Sort(files)
	for _, name := range files {
		if len(files) == 1 || strings.HasSuffix(name, "."+key) || slices.Contains(strings.Split(filepath.ToSlash(filepath.Dir(name)), "/"), key) {
			return name, r.Dockerfiles[name]
		}
	}
	return "Dockerfile", 0
}

// git is the trimmed answer of a git command, empty where it failed.
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
	calledService    = regexp.MustCompile(`(?m)^      service: ([a-z0-9-]+)$`)
	calledDockerfile = regexp.MustCompile(`(?m)^      dockerfile: (\S+)$`)
)

// calledWith is the Dockerfile of each service by the caller that is there.
func calledWith(r Repository) map[string]string {
	content, err := os.ReadFile(filepath.Join(r.Root, ".github", "workflows", "platform-ci.yml"))
	if err != nil {
		return nil
	}
	called := map[string]string{}
	_, jobs, _ := strings.Cut(string(content), "\njobs:\n")
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
