package rules

import (
	"strings"

	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// sidecarSiblings are cases of second containers. Each rule about containers has to judge all of them.
func sidecarSiblings() []sibling {
	var all []sibling
	other := strings.Split(image, "@")[0] + "@sha256:" + strings.Repeat("0", 64)
	for _, r := range []ct.Resource{v1(), v2(), task(), worker()} {
		second := containerOf(r)
		second = second[:len(second)-len("[0]")] + "[1]"
		reference, version := "valueSource.secretKeyRef", "version"
		if r.Type == serviceV1 {
			reference, version = "valueFrom.secretKeyRef", "key"
		}
		whole := changed(r, change{path: second, to: object{"name": "proxy", "image": image,
			"resources": object{"cpuIdle": true, "limits": object{"cpu": "0.5", "memory": "256Mi"}}}})
		add := func(rule, expected, desc, path string, to any) {
			made := whole
			if path != "" {
				made = changed(whole, change{path: second + "." + path, to: to})
			}
			all = append(all, sibling{rule, "sidecar of " + r.Type + " " + desc, expected, []ct.Resource{made}, ""})
		}
		for _, rule := range []string{"run-image-pinned", "run-image-registry", "run-no-plaintext-secrets", "run-resource-limits",
			"run-secret-pinned", "run-cpu-idle", "worst-case-cost"} {
			add(rule, pass, "that is right", "", nil)
		}
		add("run-image-pinned", must, "by tag", "image", strings.Split(image, "@")[0]+":1")
		add("run-image-pinned", must, "without an image", "image", gone{})
		add("run-image-registry", must, "of another registry", "image", "docker.io/envoyproxy/envoy@"+strings.Split(image, "@")[1])
		add("run-no-plaintext-secrets", must, "with a secret's name", "envs", []any{object{"name": "API_KEY", "value": "hunter2"}})
		add("run-no-plaintext-secrets", must, "with a secret of the program", "envs", []any{object{"name": "A", "value": ct.Secret{Value: "x"}}})
		add("run-no-plaintext-secrets", must, "with an argument", "args", []any{"--db-password", "hunter2"})
		add("run-no-plaintext-secrets", must, "with a command", "commands", []any{"proxy", "--token=ghp_abcdefghijklmnopqrstuvwxyz0123456789"})
		add("run-resource-limits", must, "with much memory", "resources.limits.memory", "8Gi")
		add("run-resource-limits", must, "with many vCPUs", "resources.limits.cpu", "4")
		add("run-resource-limits", must, "without a limit of memory", "resources.limits.memory", gone{})
		add("run-resource-limits", must, "without limits", "resources", gone{})
		for _, number := range []any{"latest", "", nil} {
			add("run-secret-pinned", must, "with a secret's latest version", "envs",
				[]any{changedObject(object{"name": "KEY"}, reference, object{"secret": "key", "name": "key", version: number})})
		}
		if r.Type == serviceV2 {
			add("run-cpu-idle", must, "whose CPU is always on", "resources.cpuIdle", false)
		}
		if r.Type == serviceV1 || r.Type == serviceV2 {
			add("worst-case-cost", must, "that is dear", "resources.limits", object{"cpu": "8", "memory": "32Gi"})
			add("worst-case-cost", must, "without limits", "resources", gone{})
		}
	}
	user := changed(v2(), change{path: `template.annotations["image-user"]`, to: "1001@" + strings.Split(image, "@")[1]})
	for expected, of := range map[string]string{pass: image, "advisory": other} {
		all = append(all, sibling{"run-nonroot", "sidecar of " + of, expected,
			[]ct.Resource{changed(user, change{path: "template.containers[1]", to: object{"image": of}})}, ""})
	}
	return all
}

// changedObject returns an object with one more entry, whose path may contain dots.
func changedObject(o object, path string, to any) object {
	first, rest, deeper := strings.Cut(path, ".")
	if deeper {
		to = object{rest: to}
	}
	o[first] = to
	return o
}
