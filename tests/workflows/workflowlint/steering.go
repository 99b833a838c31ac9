package workflowlint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/rhysd/actionlint"
)

// checkSteering checks what could steer a job from outside of its scripts: the machine, the container, the variables that programs read
// by themselves, results that strangers wrote, and failures that nobody sees.
func checkSteering(t *Tree, file, name string, report reporter) {
	job, path := t.Workflows[file].Jobs[name], "workflows/"+file
	if job.RunsOn != nil && !hosted(job.RunsOn) {
		report("runner", path, "%s: does not run on ubuntu-latest: another machine may keep what a stranger's job left on it", name)
	}
	if may(job, "id-token") && (job.Container != nil || job.Services != nil) {
		report("identity-alone", path, "%s: a container would run with the job's identity", name)
	}
	if job.ContinueOnError != nil {
		report("hidden-failure", path, "%s: continue-on-error: the jobs after it go on as if it had passed", name)
	}
	checkVariables(job.Env, path, name, report)
	for _, s := range job.Steps {
		if s.ContinueOnError != nil {
			report("hidden-failure", path, "%s: continue-on-error: the steps after it go on as if it had passed", name)
		}
		checkVariables(s.Env, path, name, report)
		if run, is := s.Exec.(*actionlint.ExecRun); is {
			checkResults(text(run.Run), s.Env, path, name, report)
		}
	}
	for _, s := range t.jobSteps(file, name) {
		if strings.HasPrefix(s.Uses, "actions/upload-artifact@") && may(job, "id-token") && uploadsAll(s.With["path"]) {
			report("credentials-upload", path, "%s: uploads the whole workspace, in which the login keeps its credentials", name)
		}
	}
}

func hosted(runner *actionlint.Runner) bool {
	return len(runner.Labels) == 1 && text(runner.Labels[0]) == "ubuntu-latest" && runner.LabelsExpr == nil && runner.Group == nil
}

// steers matches the variables by which programs load other code or reach other hosts. Go's are set for the whole workflow alone.
var steers = regexp.MustCompile(`(?i)^(?:` + strings.Join([]string{
	`GO(?:FLAGS|WORK|PROXY|SUMDB|NOSUMDB|NOSUMCHECK|NOPROXY|PRIVATE|INSECURE|TOOLCHAIN|ENV|PATH|ROOT|VCS|AUTH|MODCACHE|CACHE)`, `CGO_\w+`,
	`BASH_ENV`, `ENV`, `SHELLOPTS`, `IFS`, `PATH`, `HOME`, `XDG_\w+`, `LD_\w+`, `NODE_OPTIONS`, `NPM_CONFIG_\w+`, `PYTHON\w+`,
	`JAVA_TOOL_OPTIONS`, `GIT_\w+`, `SSH_\w+`, `DOCKER_\w+`, `BUILDKIT_\w+`, `CLOUDSDK_\w+`, `GOOGLE_\w+`,
	`PULUMI_(?:HOME|BACKEND_URL|DEBUG_PROVIDERS|API)`, `\w*_PROXY`, `CURL_\w+`, `SSL_CERT_\w+`, `RUNNER_\w+`, `ACTIONS_\w+`,
	`GITHUB_(?:PATH|ENV|OUTPUT|WORKSPACE|API_URL|SERVER_URL)`,
}, "|") + `)$`)

func checkVariables(env *actionlint.Env, path, where string, report reporter) {
	if env == nil {
		return
	}
	for _, key := range sorted(env.Vars) {
		if name := text(env.Vars[key].Name); steers.MatchString(name) {
			report("steering-variable", path, "%s: %s decides what a program loads or whom it asks: leave it as it is", where, name)
		}
	}
}

// strange matches the values that a stranger chooses: names, texts and branches of events.
var strange = regexp.MustCompile(`(?i)github\.(?:head_ref|ref_name|event\.(?:.*(?:title|body|labels?|message|head_branch|name|email|ref|` +
	`login|inputs|client_payload)\b))`)

// checkResults checks a script that writes the job's results. A line break in a stranger's value would make further results. A test of
// the value does not write it.
func checkResults(script string, env *actionlint.Env, path, where string, report reporter) {
	if strings.Contains(script, "GITHUB_ENV") {
		report("output-injection", path, "%s: writes GITHUB_ENV, which decides what later steps load: use an output", where)
	}
	if env == nil || !strings.Contains(script, "GITHUB_OUTPUT") && !strings.Contains(script, "GITHUB_PATH") {
		return
	}
	for _, key := range sorted(env.Vars) {
		name := text(env.Vars[key].Name)
		if value := text(env.Vars[key].Value); !strange.MatchString(value) || compared.MatchString(value) {
			continue
		}
		used := regexp.MustCompile(`\$\{?` + regexp.QuoteMeta(name) + `\b`)
		for _, line := range strings.Split(tests.ReplaceAllString(script, ""), "\n") {
			if used.MatchString(line) && (printed.MatchString(line) || document.MatchString(script)) {
				report("output-injection", path,
					"%s: %s is a stranger's text, and a line break in it makes further outputs: only test it", where, name)
				break
			}
		}
	}
}

// compared matches an expression that gives a truth value or a constant, and printed a line that becomes a result.
var (
	compared = regexp.MustCompile(`\$\{\{ (?:contains\(|startsWith\(|[^&|]* [!=]= )`)
	document = regexp.MustCompile(`<<-?['"]?[A-Z]`) // a text of several lines
	printed  = regexp.MustCompile(`^\s*\{?\s*(?:echo|printf|cat)\b|GITHUB_(?:OUTPUT|PATH)`)
)

// tests matches the parts of a script that only compare.
var tests = regexp.MustCompile(`\[\[ [^\n]*? \]\]|case [^\n]*? in\b`)

// uploadsAll reports whether a path of an artifact is the workspace, a folder above it, or everything in it.
func uploadsAll(paths string) bool {
	return slices.ContainsFunc(strings.Fields(strings.ReplaceAll(paths, "${{ github.workspace }}", ".")), func(path string) bool {
		return strings.Trim(path, "./*") == "" || strings.HasPrefix(path, "**") || strings.HasPrefix(path, "../")
	})
}
