package adopt

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/plural"
)

// reader describes one service's document, or one job's.
type reader struct {
	// place is the service's or job's place in the settings, services.KEY or jobs.KEY.
	place string
	// latest are the numbers of the latest versions, by secret; empty for a plan.
	latest map[string]string
	// home lists the beginnings of the full names of the project's own secrets: with the project's id, and with its
	// number.
	home []string
	rest map[string]any
	// inside says that the values being read belong to the container.
	inside bool
	// aspects are the settings read so far.
	aspects []aspect
}

// describe returns the settings of a service or a job. document comes from the API, or from a plan in the form of
// [inAPI].
func describe(place string, document map[string]any, latest map[string]string) []aspect {
	r := reader{place: place, latest: latest, rest: clone(document).(map[string]any), home: homes(document)}
	table, arguments, runs, volumes, mounts := scalars, "arguments", "revisions", "volumes", "mounts"
	if task, job := take(r.rest, "template", "template").(map[string]any); job {
		// A job has its containers one level deeper than a service: each of its tasks runs them.
		maps.Copy(r.rest["template"].(map[string]any), task)
		table, arguments, runs = jobScalars, "args", "executions"
		volumes, mounts = "", "" // a job's only folder is that of its databases' sockets
	}
	for _, path := range unreported {
		take(r.rest, strings.Fields(path)...)
	}
	containers, _ := take(r.rest, "template", "containers").([]any)
	if main := mainContainer(containers); main >= 0 {
		r.rest["container"] = containers[main]
		containers = slices.Delete(slices.Clone(containers), main, main+1)
	}
	container, _ := r.rest["container"].(map[string]any)
	take(container, "name")
	take(container, "buildInfo")
	if ports, _ := take(container, "ports").([]any); len(ports) > 0 {
		container["port"], container["protocol"] = field(ports[0], "containerPort"), field(ports[0], "name")
	}
	for _, s := range table {
		r.inside = strings.HasPrefix(s.path, "container ")
		r.scalar(s)
	}
	r.inside = true
	r.others("container resources limits", "limit ", false)
	r.probe("startup")
	r.probe("liveness")
	r.variables()
	r.words("command", "command", "command")
	r.words("args", "list of arguments", arguments)
	r.words("dependsOn", "list of containers before it", "after")
	r.named("container volumeMounts", "mount ", "mountPath", mounts)
	r.inside = false
	r.named("template volumes", "volume ", "name", volumes)
	for _, sidecar := range containers {
		r.sidecar(sidecar, document)
	}
	r.whole("template vpcAccess networkInterfaces", "VPC network", "vpc")
	r.whole("customAudiences", "list of custom audiences", "audiences")
	r.keys("labels", "label ", true)
	r.keys("annotations", "annotation ", true)
	r.keys("template labels", "label of "+runs+" ", false)
	r.keys("template annotations", "annotation of "+runs+" ", false)
	left := map[string]string{}
	leaves(r.rest, "", left)
	for _, path := range slices.Sorted(maps.Keys(left)) {
		r.inside = strings.HasPrefix(path, "container.")
		r.add(aspect{what: path, value: left[path]})
	}
	return r.aspects
}

// add notes a setting that the document has.
func (r *reader) add(a aspect) {
	a.given, a.inside = true, r.inside
	if a.setting != "" {
		a.setting = r.place + "." + a.setting
	}
	r.aspects = append(r.aspects, a)
}

// sidecar reads a container next to the one that takes requests: its existence and its settings.
func (r *reader) sidecar(container any, document map[string]any) {
	name := text(container, "name")
	what := "container " + name
	r.add(aspect{what: what, value: "there", shown: text(container, "image"), setting: "sidecars." + name})
	alone := map[string]any{"name": document["name"], "project": document["project"], "urls": document["urls"],
		"template": map[string]any{"containers": []any{container}}}
	for _, a := range describe(r.place+".sidecars."+name, alone, r.latest) {
		// A sidecar takes no requests, and has CPU when the instance has.
		if !a.inside || a.what == "port" || a.what == "protocol" || a.what == "CPU between requests" {
			continue
		}
		a.setting = strings.TrimSuffix(a.setting, ".digest")
		a.what, a.within = what+": "+a.what, what
		r.aspects = append(r.aspects, a)
	}
}

var projectNumber = regexp.MustCompile(`-([0-9]+)\.[a-z0-9-]+\.run\.app`)

// homes returns the ways in which the API may write the service's own project before a secret's id.
func homes(document map[string]any) []string {
	_, rest, _ := strings.Cut(text(document, "name"), "projects/")
	project, _, _ := strings.Cut(rest, "/")
	homes := []string{"projects/" + project + "/secrets/", "projects/" + text(document, "project") + "/secrets/"}
	for _, address := range list(document, "urls") {
		if found := projectNumber.FindStringSubmatch(scalarText(address)); found != nil {
			homes = append(homes, "projects/"+found[1]+"/secrets/")
		}
	}
	return homes
}

// mainContainer returns the index of the container that takes the requests: the only one, or the only one with a port; -1 if
// neither is clear.
func mainContainer(containers []any) int {
	if len(containers) == 1 {
		return 0
	}
	main := -1
	for i, container := range containers {
		if len(list(container, "ports")) > 0 {
			if main >= 0 {
				return -1
			}
			main = i
		}
	}
	return main
}

func (r *reader) scalar(s scalar) {
	value := scalarText(take(r.rest, strings.Fields(s.path)...))
	given := value != ""
	if !given {
		if value = s.absent; value == "" {
			return
		}
	}
	if word, known := s.words[value]; known {
		value = word
	}
	a := aspect{what: s.what, value: value, shown: value, setting: s.setting, kept: s.kept}
	if s.same != nil && value != unknown {
		a.value = s.same(value)
	}
	r.add(a)
	r.aspects[len(r.aspects)-1].given = given
}

// probe writes a probe in one line. The probe that Cloud Run makes by default counts as none.
func (r *reader) probe(which string) {
	probe := take(r.rest, "container", which+"Probe")
	if probe == nil {
		return
	}
	seconds := func(key, otherwise string) string {
		if value := text(probe, key); value != "" && value != "0" {
			return value
		}
		return otherwise
	}
	period, timeout, failures := seconds("periodSeconds", "10"), seconds("timeoutSeconds", "1"), seconds("failureThreshold", "3")
	var asked string
	switch {
	case field(probe, "tcpSocket") != nil && which == "startup" && period == "240" && timeout == "240" && failures == "1":
		return
	case field(probe, "tcpSocket") != nil:
		asked = "TCP"
	case field(probe, "grpc") != nil:
		asked = strings.TrimSpace("gRPC " + text(probe, "grpc", "service"))
	default:
		asked = "GET " + text(probe, "httpGet", "path")
		if headers := len(list(probe, "httpGet", "httpHeaders")); headers > 0 {
			asked += " with " + plural.Of(headers, "header", "headers")
		}
	}
	for _, kind := range []string{"tcpSocket", "grpc", "httpGet"} {
		if other := text(probe, kind, "port"); other != "" && other != r.port() {
			asked += " on port " + other
		}
	}
	shown := fmt.Sprintf("%s every %s s, %s failures of %s s", asked, period, failures, timeout)
	if delay := seconds("initialDelaySeconds", ""); delay != "" {
		shown += ", after " + delay + " s"
	}
	r.add(aspect{what: which + " probe", value: shown, shown: shown, setting: which})
}

func (r *reader) port() string {
	for _, a := range r.aspects {
		if a.what == "port" {
			return a.value
		}
	}
	return "" // A job has none.
}

// variables notes the variables. It never shows a plain value.
func (r *reader) variables() {
	variables, _ := take(r.rest, "container", "env").([]any)
	for _, variable := range variables {
		name := text(variable, "name")
		reference := field(variable, "valueSource", "secretKeyRef")
		if reference == nil {
			value := text(variable, "value")
			if value != unknown {
				value = "plain " + value
			}
			r.add(aspect{what: "variable " + name, value: value, shown: "a plain value", setting: "environment." + name})
			continue
		}
		secret := text(reference, "secret")
		for _, home := range r.home {
			secret = strings.TrimPrefix(secret, home)
		}
		r.secret(name, secret, text(reference, "version"))
	}
}

// secret notes a variable whose value is a secret's version. It compares version numbers and not the word latest, because pinning
// the latest version changes no value.
func (r *reader) secret(name, secret, version string) {
	a := aspect{what: "variable " + name, setting: "secrets." + name, secret: secret, shown: "secret " + secret + " version " + version}
	if version == "" || version == "latest" {
		a.shown = "secret " + secret + " at latest"
		if version = r.latest[secret]; version != "" {
			a.shown += " (version " + version + ")"
		}
	}
	a.value = secret + " version " + version
	if secret == unknown || version == unknown {
		a.value = unknown
	}
	r.add(a)
}

// words notes a command line without showing it, because arguments may contain tokens.
func (r *reader) words(path, what, setting string) {
	if words, _ := take(r.rest, "container", path).([]any); len(words) > 0 {
		r.add(aspect{what: what, value: flat(words), setting: setting})
	}
}

// whole notes everything below a path as one setting.
func (r *reader) whole(path, what, setting string) {
	if value := flat(take(r.rest, strings.Fields(path)...)); value != "" {
		r.add(aspect{what: what, value: value, shown: value, setting: setting})
	}
}

// named notes each entry of a list as a setting.
func (r *reader) named(path, what, by, setting string) {
	entries, _ := take(r.rest, strings.Fields(path)...).([]any)
	for _, entry := range entries {
		object, _ := entry.(map[string]any)
		name, kept := scalarText(take(object, by)), setting
		if object["cloudSqlInstance"] != nil || name == "/cloudsql" {
			kept = "databases"
		}
		r.add(aspect{what: what + name, value: flat(object), shown: flat(object), setting: kept})
	}
}

// others notes each value that is left in an object as a setting.
func (r *reader) others(path, what string, kept bool) {
	object, _ := take(r.rest, strings.Fields(path)...).(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(object)) {
		value := scalarText(object[key])
		r.add(aspect{what: what + key, value: value, shown: value, kept: kept})
	}
}

// keys notes each label or annotation that no tool has left. It shows only the names of annotations.
func (r *reader) keys(path, what string, kept bool) {
	before := len(r.aspects)
	r.others(path, what, kept)
	mine := r.aspects[:before]
	for _, a := range r.aspects[before:] {
		key := strings.TrimPrefix(a.what, what)
		if ofTools.MatchString(key) || key == imageUser {
			continue
		}
		if strings.Contains(path, "nnotations") {
			a.shown = ""
		} else {
			a.setting = "labels." + key
		}
		mine = append(mine, a)
	}
	r.aspects = mine
}
