package knative

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

const (
	throttling   = "run.googleapis.com/cpu-throttling"
	startupBoost = "run.googleapis.com/startup-cpu-boost"
	dependencies = "run.googleapis.com/container-dependencies"
)

// sameContainer lists the fields of a container that are the same in both APIs.
var sameContainer = []string{"name", "image", "command", "args", "workingDir", "ports", "startupProbe", "livenessProbe", "readinessProbe",
	"volumeMounts"}

// template translates a v2 template or revision to v1's metadata annotations and spec.
func template(v2 object) (annotations, spec object) {
	annotations = toAnnotations(templateAnnotations, v2)
	spec = object{}
	set(spec, "serviceAccountName", v2["serviceAccount"])
	set(spec, "containerConcurrency", v2["maxInstanceRequestConcurrency"])
	if seconds, err := strconv.ParseFloat(strings.TrimSuffix(doc.Text(v2, "timeout"), "s"), 64); err == nil {
		spec["timeoutSeconds"] = seconds
	}
	containers, needs := []any{}, object{}
	for i, from := range doc.Objects(v2, "containers") {
		to := pick(from, sameContainer...)
		resources := doc.Object(from, "resources")
		set(to, "resources", pick(resources, "limits"))
		set(to, "env", environment(doc.Objects(from, "env")))
		if i == 0 && resources["cpuIdle"] != true {
			annotations[throttling] = "false"
		}
		if i == 0 && resources["startupCpuBoost"] == true {
			annotations[startupBoost] = "true"
		}
		if on := doc.List(from, "dependsOn"); len(on) > 0 {
			needs[doc.Text(from, "name")] = on
		}
		containers = append(containers, to)
	}
	if len(needs) > 0 {
		annotations[dependencies] = asJSON.write(needs)
	}
	spec["containers"] = containers
	volumes := []any{}
	for _, item := range doc.Objects(v2, "volumes") {
		volumes = append(volumes, volume(item, wordsOfV2, wordsOfV1))
	}
	set(spec, "volumes", volumes)
	return annotations, spec
}

func environment(v2 []object) []any {
	env := []any{}
	for _, item := range v2 {
		variable := pick(item, "name", "value")
		if ref := doc.Object(item, "valueSource", "secretKeyRef"); ref != nil {
			variable["valueFrom"] = object{"secretKeyRef": object{"name": ref["secret"], "key": ref["version"]}}
		}
		env = append(env, variable)
	}
	return env
}

// volumeWords are what an API calls a volume's secret, the version in a file, and memory as a medium.
type volumeWords struct{ secret, version, memory string }

var (
	wordsOfV1 = volumeWords{"secretName", "key", "Memory"}
	wordsOfV2 = volumeWords{"secret", "version", "MEMORY"}
)

// volume translates the kinds of volumes that both APIs have. Of other volumes it writes only the name.
func volume(from object, theirs, ours volumeWords) object {
	to := pick(from, "name", "nfs")
	if secret := doc.Object(from, "secret"); secret != nil {
		of := pick(secret, "defaultMode")
		of[ours.secret] = secret[theirs.secret]
		for _, item := range doc.Objects(secret, "items") {
			entry := pick(item, "path", "mode")
			entry[ours.version] = item[theirs.version]
			of["items"] = append(doc.List(of, "items"), entry)
		}
		to["secret"] = of
	}
	if empty := doc.Object(from, "emptyDir"); empty != nil {
		of := pick(empty, "sizeLimit")
		if empty["medium"] == theirs.memory {
			of["medium"] = ours.memory
		}
		to["emptyDir"] = of
	}
	return to
}

// fromTemplate translates a v1 template to v2. It refuses a field that it cannot translate.
func fromTemplate(v1 object) (object, error) {
	metadata, spec := doc.Object(v1, "metadata"), doc.Object(v1, "spec")
	v2 := object{}
	set(v2, "revision", metadata["name"])
	set(v2, "labels", ownLabels(doc.Object(metadata, "labels")))
	annotations := maps.Clone(doc.Object(metadata, "annotations"))
	idle, boost := annotations[throttling] != "false", annotations[startupBoost] == "true"
	needs, ok := asJSON.read(cmp.Or(doc.Text(annotations, dependencies), "{}"))
	if !ok {
		return nil, refuse("spec.template.metadata.annotations[%s]: invalid value '%v'", dependencies, annotations[dependencies])
	}
	for _, key := range []string{throttling, startupBoost, dependencies} {
		delete(annotations, key)
	}
	if err := fromAnnotations(templateAnnotations, "spec.template.metadata", annotations, v2); err != nil {
		return nil, err
	}
	if err := known("spec.template.spec", spec, "serviceAccountName", "containerConcurrency", "timeoutSeconds", "containers",
		"volumes"); err != nil {
		return nil, err
	}
	set(v2, "serviceAccount", spec["serviceAccountName"])
	set(v2, "maxInstanceRequestConcurrency", spec["containerConcurrency"])
	if seconds, found := spec["timeoutSeconds"].(float64); found {
		v2["timeout"] = fmt.Sprintf("%gs", seconds)
	}
	containers := []any{}
	for i, item := range doc.Objects(spec, "containers") {
		container, err := fromContainer(fmt.Sprintf("spec.template.spec.containers[%d]", i), item)
		if err != nil {
			return nil, err
		}
		resources := doc.Object(container, "resources")
		resources["cpuIdle"] = idle
		if boost {
			resources["startupCpuBoost"] = true
		}
		byName, _ := needs.(object)
		set(container, "dependsOn", byName[doc.Text(container, "name")])
		containers = append(containers, container)
	}
	v2["containers"] = containers
	volumes := []any{}
	for i, item := range doc.Objects(spec, "volumes") {
		v, err := fromVolume(fmt.Sprintf("spec.template.spec.volumes[%d]", i), item)
		if err != nil {
			return nil, err
		}
		volumes = append(volumes, v)
	}
	set(v2, "volumes", volumes)
	return v2, nil
}

func fromContainer(path string, v1 object) (object, error) {
	if err := known(path, v1, append([]string{"resources", "env"}, sameContainer...)...); err != nil {
		return nil, err
	}
	v2 := pick(v1, sameContainer...)
	v2["resources"] = pick(doc.Object(v1, "resources"), "limits")
	env := []any{}
	for i, item := range doc.Objects(v1, "env") {
		variable := pick(item, "name", "value")
		if from := doc.Object(item, "valueFrom"); from != nil {
			ref := doc.Object(from, "secretKeyRef")
			if ref == nil {
				return nil, refuse("%s.env[%d].valueFrom: the emulator knows secretKeyRef only", path, i)
			}
			variable["valueSource"] = object{"secretKeyRef": object{"secret": ref["name"], "version": ref["key"]}}
		}
		env = append(env, variable)
	}
	set(v2, "env", env)
	return v2, nil
}

func fromVolume(path string, v1 object) (object, error) {
	if err := known(path, v1, "name", "nfs", "secret", "emptyDir"); err != nil {
		return nil, err
	}
	if len(v1) != 2 {
		return nil, refuse("%s: the emulator knows volumes of one of secret, emptyDir and nfs", path)
	}
	return volume(v1, wordsOfV1, wordsOfV2), nil
}

// known refuses fields that the translation would drop.
func known(path string, o object, fields ...string) error {
	for _, field := range slices.Sorted(maps.Keys(o)) {
		if !slices.Contains(fields, field) {
			return refuse("%s.%s: the emulator does not know this field in the v1 API; use the v2 API", path, field)
		}
	}
	return nil
}

// ownLabels returns the labels without those that v1 adds on reading.
func ownLabels(labels object) object {
	own := maps.Clone(labels)
	delete(own, locationLabel)
	return own
}
