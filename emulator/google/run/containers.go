package run

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// maxContainers is the largest number of containers in an instance (cloud.google.com/run/quotas).
const maxContainers = 10

// readableByAll is the default mode of a secret's files, 0444.
const readableByAll = 292

// labelForm is the form of a container's name and of a network tag.
var labelForm = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

// ingressContainer returns the index of the container that receives the requests. It is the container with a port, or the first
// one if none has a port.
func ingressContainer(containers []map[string]any) int {
	for i, container := range containers {
		if len(doc.List(container, "ports")) > 0 {
			return i
		}
	}
	return 0
}

// templateDefaults fills in the volumes and the network of a revision's or a task's template.
func templateDefaults(template object) {
	for _, volume := range doc.Objects(template, "volumes") {
		volumeDefaults(volume)
	}
	if access := doc.Object(template, "vpcAccess"); access != nil {
		doc.Default(access, "egress", "PRIVATE_RANGES_ONLY")
	}
}

func volumeDefaults(volume object) {
	if secret := doc.Object(volume, "secret"); secret != nil {
		doc.Default(secret, "defaultMode", float64(readableByAll))
	}
	if memory := doc.Object(volume, "emptyDir"); memory != nil {
		doc.Default(memory, "medium", "MEMORY")
	}
}

// checkTogether checks the containers against each other and against the template: names, order, volumes and network.
func checkTogether(template object, containers []map[string]any) error {
	if len(containers) > maxContainers {
		return refuse("template.containers: at most %d containers are supported, got %d", maxContainers, len(containers))
	}
	names := map[string]object{}
	for i, container := range containers {
		name, path := doc.Text(container, "name"), fmt.Sprintf("template.containers[%d].name", i)
		switch {
		case name == "" && len(containers) > 1:
			return refuse("%s: should be specified when there is more than one container", path)
		case name != "" && !labelForm.MatchString(name):
			return refuse("%s: '%s' must be a valid RFC 1123 label", path, name)
		case names[name] != nil:
			return refuse("%s: the name '%s' is used more than once", path, name)
		}
		names[name] = container
	}
	for i, container := range containers {
		path := fmt.Sprintf("template.containers[%d]", i)
		for _, other := range doc.Texts(container, "dependsOn") {
			if names[other] == nil {
				return refuse("%s.depends_on: there is no container '%s'", path, other)
			}
			if dependsOn(names, other, doc.Text(container, "name"), nil) {
				return refuse("%s.depends_on: the dependency on '%s' is circular", path, other)
			}
		}
	}
	if err := checkVolumes(template, containers); err != nil {
		return err
	}
	return checkNetwork(doc.Object(template, "vpcAccess"))
}

// dependsOn reports whether a container waits for another one, directly or through others.
func dependsOn(containers map[string]object, name, other string, seen []string) bool {
	if name == other {
		return true
	}
	if slices.Contains(seen, name) {
		return false
	}
	return slices.ContainsFunc(doc.Texts(containers[name], "dependsOn"), func(next string) bool {
		return dependsOn(containers, next, other, append(seen, name))
	})
}

func checkVolumes(template object, containers []map[string]any) error {
	volumes := map[string]object{}
	for i, volume := range doc.Objects(template, "volumes") {
		name, path, kinds := doc.Text(volume, "name"), fmt.Sprintf("template.volumes[%d]", i), 0
		for _, kind := range []string{"secret", "cloudSqlInstance", "emptyDir", "nfs", "gcs"} {
			if volume[kind] != nil {
				kinds++
			}
		}
		switch {
		case name == "":
			return refuse("%s.name: Required", path)
		case volumes[name] != nil:
			return refuse("%s.name: the name '%s' is used more than once", path, name)
		case kinds != 1:
			return refuse("%s: exactly one volume type must be specified, got %d", path, kinds)
		case template["executionEnvironment"] == "EXECUTION_ENVIRONMENT_GEN1" && (volume["nfs"] != nil || volume["gcs"] != nil):
			return refuse("%s: the volume type is not supported with gen1 execution environment.", path)
		}
		if memory := doc.Object(volume, "emptyDir"); memory != nil && doc.Text(memory, "sizeLimit") != "" {
			if _, ok := parseMemory(doc.Text(memory, "sizeLimit")); !ok {
				return refuse("%s.empty_dir.size_limit: Invalid value specified: '%s'.", path, doc.Text(memory, "sizeLimit"))
			}
		}
		volumes[name] = volume
	}
	for i, container := range containers {
		paths := map[string]bool{}
		for j, mount := range doc.Objects(container, "volumeMounts") {
			at, folder := fmt.Sprintf("template.containers[%d].volume_mounts[%d]", i, j), doc.Text(mount, "mountPath")
			volume := volumes[doc.Text(mount, "name")]
			switch {
			case volume == nil:
				return refuse("%s.name: there is no volume '%s'", at, doc.Text(mount, "name"))
			case !strings.HasPrefix(folder, "/") || folder == "/":
				return refuse("%s.mount_path: '%s' must be an absolute path and not /", at, folder)
			case paths[folder]:
				return refuse("%s.mount_path: '%s' is used more than once", at, folder)
			case volume["cloudSqlInstance"] != nil && folder != "/cloudsql":
				return refuse("%s.mount_path: volumes of Cloud SQL must be mounted at /cloudsql, not at '%s'", at, folder)
			}
			paths[folder] = true
		}
	}
	return nil
}

// checkNetwork checks how a revision reaches a network. The emulator cannot check whether the network exists.
func checkNetwork(access object) error {
	if access == nil {
		return nil
	}
	interfaces := doc.Objects(access, "networkInterfaces")
	switch {
	case doc.Text(access, "connector") != "" && len(interfaces) > 0:
		return refuse("template.vpc_access: connector and network_interfaces must not both be set")
	case doc.Text(access, "connector") == "" && len(interfaces) == 0:
		return refuse("template.vpc_access: connector or network_interfaces must be set")
	case len(interfaces) > 1:
		return refuse("template.vpc_access.network_interfaces: at most one is supported, got %d", len(interfaces))
	}
	for _, one := range interfaces {
		if doc.Text(one, "network") == "" && doc.Text(one, "subnetwork") == "" {
			return refuse("template.vpc_access.network_interfaces[0]: network or subnetwork must be specified")
		}
		for _, tag := range doc.Texts(one, "tags") {
			if !labelForm.MatchString(tag) {
				return refuse("template.vpc_access.network_interfaces[0].tags: '%s' is not a network tag", tag)
			}
		}
	}
	return nil
}
