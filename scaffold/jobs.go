package scaffold

import (
	"regexp"
	"slices"
	"strings"

	platform "github.com/guiofsaints/procureflow-platform"
)

// block is a job with the comment before it.
type block struct{ name, text string }

var jobName = regexp.MustCompile(`^  ([a-z][a-z0-9-]*):$`)

// jobBlocks cuts the text under jobs: into its jobs.
func jobBlocks(text string) []block {
	var blocks []block
	var comment []string
	for _, line := range strings.SplitAfter(text, "\n") {
		bare := strings.TrimSuffix(line, "\n")
		found := jobName.FindStringSubmatch(bare)
		switch {
		case found != nil:
			blocks = append(blocks, block{found[1], strings.Join(comment, "") + line})
			comment = nil
		case len(blocks) == 0, bare == "", strings.HasPrefix(bare, "  #"):
			comment = append(comment, line)
		default:
			last := &blocks[len(blocks)-1]
			last.text += strings.Join(comment, "") + line
			comment = nil
		}
	}
	if len(blocks) > 0 {
		blocks[len(blocks)-1].text += strings.Join(comment, "")
	}
	return blocks
}

// serviceJobs are the callers' jobs that exist once for each service.
var serviceJobs = []string{"scan", "image", "deploy-dev", "preview-environment"}

var (
	dockerfileLine = regexp.MustCompile(`(?m)^( +)dockerfile: .*$`)
	argumentLine   = regexp.MustCompile(`(?m)^( +build-args: )GIT_COMMIT_SHA=(.*\n)`)
)

// perService gives each service its own jobs scan, image and deployment. A single service keeps the jobs' names. Deployments
// of several services run one after the other: a stack takes one deployment at a time, and of the jobs that wait for it GitHub
// keeps only the newest.
func perService(a Answers, blocks []block) []block {
	var out []block
	for _, b := range blocks {
		if !slices.Contains(serviceJobs, b.name) {
			out = append(out, b)
			continue
		}
		for i, s := range a.Services {
			text := dockerfileLine.ReplaceAllString(b.text, "${1}dockerfile: "+s.Dockerfile)
			argument := ""
			if s.Commit != "" {
				argument = "${1}" + s.Commit + "=${2}"
			}
			text = argumentLine.ReplaceAllString(text, argument)
			if len(a.Services) == 1 && s.Key == "web" {
				out = append(out, block{b.name, text})
				continue
			}
			name := b.name
			text = strings.Replace(text, "    with:\n", "    with:\n      service: "+scalar(s.Key)+"\n", 1)
			if len(a.Services) > 1 {
				name += "-" + s.Key
				text = strings.Replace(text, "  "+b.name+":\n", "  "+name+":\n", 1)
				text = strings.ReplaceAll(text, "needs.image.", "needs.image-"+s.Key+".")
				text = strings.Replace(text, "needs: [image, ci-ok]", "needs: [image-"+s.Key+", ci-ok"+after(a.Services, i)+"]", 1)
			}
			out = append(out, block{name, text})
		}
	}
	return out
}

// after returns the name of the deployment before the service's own, for its list of needs.
func after(services []Service, i int) string {
	if i == 0 {
		return ""
	}
	return ", deploy-dev-" + services[i-1].Key
}

// withFolder tells each called workflow where the settings are, unless they are at the repository's root.
func (a Answers) withFolder(lines []string) []string {
	if a.Folder == "." {
		return lines
	}
	var out []string
	for i, line := range lines {
		out = append(out, line)
		if strings.TrimSpace(line) == "with:" && i > 0 && a.takesFolder(lines[i-1]) {
			out = append(out, "      folder: "+a.Folder)
		} else if a.takesFolder(line) && (i+1 == len(lines) || strings.TrimSpace(lines[i+1]) != "with:") {
			out = append(out, "    with:", "      folder: "+a.Folder)
		}
	}
	return out
}

// takesFolder says whether the line calls a workflow of the platform that asks where the settings are.
func (a Answers) takesFolder(line string) bool {
	_, call, found := strings.Cut(line, "    uses: "+a.Platform+"/")
	file, _, _ := strings.Cut(call, "@")
	if !found || !strings.HasPrefix(file, ".github/workflows/") {
		return false
	}
	called, err := platform.Workflows.ReadFile(file)
	return err == nil && strings.Contains(string(called), "\n      folder:\n")
}
