package scaffold

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// workspace holds the facts about the repository's pnpm workspace that the jobs of platform-ci.yml need.
type workspace struct {
	// Folder has the package.json that names pnpm; "" says that there is none.
	Folder string
	// Web is the folder of the application in the workspace, by which its build and coverage are found.
	Web string
	// Jobs are the jobs of lint, test and compile that have a script. Test is the script of the job test.
	Jobs []string
	Test string
	// Node is the version that the image runs, or the one that the repository names.
	Node string
	// Notes are facts that a person should know.
	Notes []string
}

type manifest struct {
	Name            string            `json:"name"`
	PackageManager  string            `json:"packageManager"`
	Scripts         map[string]string `json:"scripts"`
	Dependencies    map[string]string `json:"dependencies"`
	DevDependencies map[string]string `json:"devDependencies"`
	Engines         map[string]string `json:"engines"`
}

func (m manifest) dependsOn(name string) string {
	return cmp.Or(m.Dependencies[name], m.DevDependencies[name])
}

var filtered = regexp.MustCompile(`(?:--filter|-F)[= ]+["']?([@A-Za-z0-9._/-]+)`)

// detectNode finds the outermost package.json that names pnpm or has pnpm's lock file next to it, and reads the packages
// below it.
func (r *Repository) detectNode(files []string) {
	manifests := map[string]manifest{} // by folder
	var folders []string
	for _, file := range files {
		if path.Base(file) != "package.json" {
			continue
		}
		content, err := os.ReadFile(filepath.Join(r.Root, file))
		var m manifest
		if err == nil && json.Unmarshal(content, &m) == nil {
			manifests[path.Dir(file)] = m
			folders = append(folders, path.Dir(file))
		}
	}
	slices.SortFunc(folders, func(a, b string) int { return cmp.Or(cmp.Compare(depth(a), depth(b)), cmp.Compare(a, b)) })
	w := &r.Workspace
	for _, folder := range folders {
		if strings.HasPrefix(manifests[folder].PackageManager, "pnpm@") || slices.Contains(files, path.Join(folder, "pnpm-lock.yaml")) {
			w.Folder = folder
			break
		}
	}
	if w.Folder == "" {
		if len(folders) > 0 {
			w.note("no package.json names pnpm as packageManager: platform-ci.yml builds images, and lint and tests stay your own workflows'")
		}
		return
	}
	root := manifests[w.Folder]
	if root.PackageManager == "" {
		w.note("%s has no packageManager, by which the pipeline's pnpm is chosen: add \"packageManager\": \"pnpm@VERSION\"", path.Join(w.Folder,
			"package.json"))
	}
	var next []string
	for _, file := range files {
		if strings.HasPrefix(path.Base(file), "next.config.") && under(w.Folder, path.Dir(file)) {
			next = append(next, path.Dir(file))
		}
	}
	w.Web = web(w.Folder, root, manifests, next)
	w.jobs(root, manifests)
	w.turbopack(*r, manifests[w.Web], next)
	w.Node = r.nodeVersion(w.Folder, root)
}

func (w *workspace) note(format string, args ...any) {
	w.Notes = append(w.Notes, fmt.Sprintf(format, args...))
}

func depth(folder string) int {
	if folder == "." {
		return 0
	}
	return 1 + strings.Count(folder, "/")
}

func under(parent, folder string) bool {
	return parent == "." || folder == parent || strings.HasPrefix(folder, parent+"/")
}

// web returns the package that the workspace's script "build" builds. If the script names none, it returns the last
// Next.js application.
func web(folder string, root manifest, manifests map[string]manifest, next []string) string {
	if named := filtered.FindStringSubmatch(root.Scripts["build"]); named != nil {
		for of, m := range manifests {
			if m.Name == named[1] && under(folder, of) {
				return of
			}
		}
	}
	if len(next) > 0 {
		return next[len(next)-1]
	}
	return folder
}

// jobs finds the jobs that have a script. Coverage needs a package besides vitest; without it the script would fail the job.
func (w *workspace) jobs(root manifest, manifests map[string]manifest) {
	covers := func(script string) bool {
		if root.Scripts[script] == "" {
			return false
		}
		provider, vitest := false, false
		for folder, m := range manifests {
			if under(w.Folder, folder) {
				provider = provider || m.dependsOn("@vitest/coverage-v8") != "" || m.dependsOn("@vitest/coverage-istanbul") != ""
				vitest = vitest || m.dependsOn("vitest") != ""
			}
		}
		if vitest && !provider {
			w.note("package.json has %s, and no package has @vitest/coverage-v8, which makes it: tests run without. Add that package, then "+
				"init --upgrade", script)
			return false
		}
		return true
	}
	switch {
	case covers("test:coverage"):
		w.Test = "test:coverage"
	case root.Scripts["test:run"] != "":
		w.Test = "test:run"
	case root.Scripts["test"] != "":
		w.Test = "test"
	}
	for _, one := range []struct{ job, script string }{{"lint", "lint"}, {"test", w.Test}, {"compile", "build"}} {
		if root.Scripts[one.script] != "" {
			w.Jobs = append(w.Jobs, one.job)
			continue
		}
		w.note("package.json has no script for the job %s, which platform-ci.yml then leaves out: add %q and init --upgrade", one.job,
			cmp.Or(one.script, "test:run"))
	}
}

var major = regexp.MustCompile(`[0-9]+`)

// turbopack notes whether Next.js keeps its compiled files from one build to the next. Since version 16 it does so only if its
// configuration asks for it.
func (w *workspace) turbopack(r Repository, m manifest, next []string) {
	version := major.FindString(m.dependsOn("next"))
	if !slices.Contains(next, w.Web) || version == "" || len(version) < 2 || version < "16" {
		return
	}
	files, _ := filepath.Glob(filepath.Join(r.Root, w.Web, "next.config.*"))
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err == nil && !bytes.Contains(content, []byte("turbopackFileSystemCacheForBuild")) {
			w.note("%s: Next.js %s keeps what it compiled only with experimental.turbopackFileSystemCacheForBuild: true; without it the job "+
				"compile starts from nothing each time", path.Join(w.Web, filepath.Base(file)), version)
		}
	}
}

var (
	nodeImage = regexp.MustCompile(`(?im)^FROM\s+(?:--\S+\s+)*(?:\S+/)?node:([0-9]+)`)
	plainNode = regexp.MustCompile(`^v?([0-9]+)(\.|$)`)
)

// nodeVersion returns the version of Node in the image's last stage that names one, or else the version in the
// repository's own files.
func (r Repository) nodeVersion(folder string, root manifest) string {
	for _, file := range sorted(r.Dockerfiles) {
		content, err := os.ReadFile(filepath.Join(r.Root, file))
		if found := nodeImage.FindAllSubmatch(content, -1); err == nil && found != nil {
			return string(found[len(found)-1][1])
		}
	}
	for _, name := range []string{".nvmrc", ".node-version"} {
		content, _ := os.ReadFile(filepath.Join(r.Root, folder, name))
		if found := plainNode.FindStringSubmatch(strings.TrimSpace(string(content))); found != nil {
			return found[1]
		}
	}
	if found := plainNode.FindStringSubmatch(strings.TrimLeft(root.Engines["node"], "^~=")); found != nil {
		return found[1]
	}
	return "24"
}

// commitArguments matches the build arguments in which Dockerfiles take the commit that they build.
var commitArguments = regexp.MustCompile(`(?im)^ARG\s+((?:GIT_|SOURCE_|BUILD_|APP_|VCS_)?(?:COMMIT(?:_SHA|_HASH)?|SHA|REF|REVISION))\s*(?:=.*)?$`)

// commitArgument returns the build argument in which a Dockerfile takes the commit, or "" if it takes none.
func (r Repository) commitArgument(file string) string {
	content, _ := os.ReadFile(filepath.Join(r.Root, file))
	if found := commitArguments.FindSubmatch(content); found != nil {
		return string(found[1])
	}
	return ""
}
