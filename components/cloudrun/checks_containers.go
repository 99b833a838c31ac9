package cloudrun

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/container"
	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
)

// containerProblems checks each container, and all of them together.
func (args *ServiceArgs) containerProblems(found *problems.List) {
	found.If(len(args.Sidecars) >= limits.MaxContainers, "args.Sidecars are %d: an instance has at most %d containers", len(args.Sidecars),
		limits.MaxContainers)
	cpu, memory := args.sizeProblems(found)
	args.orderProblems("args.After", "", args.After, found)
	for _, name := range slices.Sorted(maps.Keys(args.Sidecars)) {
		s, field := args.Sidecars[name], fmt.Sprintf("args.Sidecars[%q]", name)
		found.If(name == MainContainer || !limits.ContainerName.MatchString(name),
			"%s cannot be a sidecar's name: use lower-case letters, digits and hyphens, and not %q", field, MainContainer)
		s.problems(field, found)
		args.orderProblems(field+".After", name, s.After, found)
		share, _ := limits.ParseCPU(s.CPU)
		mebibytes, _ := limits.ParseMemory(s.Memory)
		cpu, memory = cpu+share, memory+mebibytes
	}
	if len(args.Sidecars) > 0 {
		found.If(cpu > limits.MaxCPU, "args.CPU is over %d vCPU with all containers: lower it, or that of a sidecar", limits.MaxCPU)
		found.If(memory > limits.MaxMemoryMiB, "args.Memory is over %s with all containers: lower it, or that of a sidecar",
			limits.FormatMemory(limits.MaxMemoryMiB))
	}
}

// sizeProblems checks the size of the service's own container, and returns its vCPUs and MiB.
func (args *ServiceArgs) sizeProblems(found *problems.List) (cpu float64, memory int) {
	cpuText, memoryText := cmp.Or(args.CPU, DefaultCPU), cmp.Or(args.Memory, DefaultMemory)
	cpu, known := limits.ParseCPU(cpuText)
	found.If(!known, "args.CPU %q is not sold: use 1, 2, 4, 6 or 8, or in the first generation 0.08 to 1", cpuText)
	memory, readable := limits.ParseMemory(memoryText)
	found.If(!readable, "args.Memory %q is not an amount of memory: use whole Mi or Gi, for example 512Mi", memoryText)
	if !known || !readable {
		return cpu, memory
	}
	size, sold := limits.SizeOf(cpu, args.FirstGeneration)
	found.If(!sold, "args.CPU %q is sold in the first generation alone: set FirstGeneration, or use 1 or more", cpuText)
	found.If(sold && (memory < size.Least || memory > size.Most), "args.Memory %q is not sold with %s vCPU: use %s to %s", memoryText,
		cpuText, limits.FormatMemory(size.Least), limits.FormatMemory(size.Most))
	found.If(sold && cpu < 1 && (args.Concurrency != 1 || args.CPUAlwaysOn),
		"args.CPU %q takes one request at a time, and is throttled when idle: set Concurrency to 1, and CPUAlwaysOn to false", cpuText)
	return cpu, memory
}

// orderProblems checks the sidecars that a container starts after. name is empty for the service's own container.
func (args *ServiceArgs) orderProblems(field, name string, after []string, found *problems.List) {
	for i, other := range after {
		before, known := args.Sidecars[other]
		switch {
		case !known:
			found.Add("%s has %q, which is not a sidecar: name one of args.Sidecars", field, other)
		case slices.Contains(after[:i], other):
			found.Add("%s has %q twice: keep one", field, other)
		case before.Startup == nil:
			found.Add("%s has %q, which has no startup probe to show that it is healthy: give it one", field, other)
		case name != "" && args.waitsFor(other, name, nil):
			found.Add("%s has %q, which itself waits for %q: let one of them start first", field, other, name)
		}
	}
}

// waitsFor reports whether a sidecar starts after another, directly or through others.
func (args *ServiceArgs) waitsFor(name, other string, seen []string) bool {
	if name == other {
		return true
	}
	if slices.Contains(seen, name) {
		return false
	}
	return slices.ContainsFunc(args.Sidecars[name].After, func(next string) bool { return args.waitsFor(next, other, append(seen, name)) })
}

func (s Sidecar) problems(field string, found *problems.List) {
	if _, ok := limits.ParseCPU(s.CPU); !ok {
		found.Add("%s.CPU %q is not sold: use 0.08 to 1, 2, 4, 6 or 8", field, s.CPU)
	}
	if _, ok := limits.ParseMemory(s.Memory); !ok {
		found.Add("%s.Memory %q is not an amount of memory: use whole Mi or Gi, for example 256Mi", field, s.Memory)
	}
	switch image := s.Image.(type) {
	case nil:
		found.Add("%s.Image is missing: set an image by digest", field)
	case pulumi.String:
		found.Take(container.Image(field+".Image", string(image)))
	}
	if s.Startup != nil {
		s.Startup.problems(field+".Startup", limits.MaxStartupSeconds, found)
	}
	if s.Liveness != nil {
		s.Liveness.livenessProblems(field+".Liveness", found)
	}
	for _, probe := range []*Probe{s.Startup, s.Liveness} {
		found.If(probe != nil && probe.Port == 0, "%s has a probe without a port: name the port that the sidecar listens on", field)
	}
	container.Variables{Field: field, Reserved: limits.IsServiceVariable, Secrets: container.Secrets(s.Secrets),
		Plain: map[string]map[string]pulumi.StringInput{"Environment": s.Environment}}.Check(found)
}

// volumeProblems checks the volumes, and where containers mount them.
func (args *ServiceArgs) volumeProblems(found *problems.List) {
	args.mountProblems("args.Mounts", args.Mounts, found)
	for _, name := range slices.Sorted(maps.Keys(args.Sidecars)) {
		args.mountProblems(fmt.Sprintf("args.Sidecars[%q].Mounts", name), args.Sidecars[name].Mounts, found)
	}
	for _, name := range slices.Sorted(maps.Keys(args.Volumes)) {
		v, field := args.Volumes[name], fmt.Sprintf("args.Volumes[%q]", name)
		found.If(!limits.ContainerName.MatchString(name), "%s cannot be a volume's name: use lower-case letters, digits and hyphens", field)
		v.problems(field, found)
		found.If(args.FirstGeneration && (v.Bucket != nil || v.Server != ""), "%s is not mounted in the first generation: leave "+
			"FirstGeneration out", field)
		found.If(v.Server != "" && args.VPC == nil, "%s is in a network that the service cannot reach: set VPC", field)
	}
}

func (args *ServiceArgs) mountProblems(field string, paths map[string]string, found *problems.List) {
	taken := map[string]string{}
	for _, volume := range slices.Sorted(maps.Keys(paths)) {
		v, known := args.Volumes[volume]
		folder := paths[volume]
		found.If(!known, "%s[%q] is not a volume: declare it in args.Volumes", field, volume)
		switch {
		case !limits.MountPath.MatchString(folder):
			found.Add("%s[%q] is %q: begin it with a slash, and name a folder", field, volume, folder)
		case limits.IsSystemFolder(folder):
			found.Add("%s[%q] is %q, a folder of the system's own: choose another", field, volume, folder)
		case known && (v.CloudSQL != nil) != (folder == limits.SocketFolder):
			found.Add("%s[%q] is %q: Cloud SQL's sockets, and nothing else, are mounted at %s", field, volume, folder, limits.SocketFolder)
		case taken[folder] != "":
			found.Add("%s[%q] is %q, where %q is mounted: give each volume its own folder", field, volume, folder, taken[folder])
		}
		taken[folder] = volume
	}
}

func (v Volume) problems(field string, found *problems.List) {
	kinds := 0
	for _, set := range []bool{v.Memory != "", v.Secret != nil, v.Bucket != nil, v.Server != "" || v.Path != "", v.CloudSQL != nil} {
		if set {
			kinds++
		}
	}
	if kinds != 1 {
		found.Add("%s has %d kinds: set one of Memory, Secret, Bucket, Server and CloudSQL", field, kinds)
		return
	}
	if _, ok := limits.ParseMemory(v.Memory); v.Memory != "" && !ok {
		found.Add("%s.Memory %q is not an amount of memory: use whole Mi or Gi, for example 64Mi", field, v.Memory)
	}
	if v.Secret != nil {
		container.Secret(*v.Secret).Check(field+".Secret", found)
		found.If(!limits.FileName.MatchString(v.File), "%s.File %q is not a file's name: use letters, digits, dots, hyphens and underscores",
			field, v.File)
	}
	found.If(v.File != "" && v.Secret == nil, "%s.File is set without Secret: leave it out", field)
	if v.Server != "" || v.Path != "" {
		found.If(!limits.ServerName.MatchString(v.Server), "%s.Server %q is not a server: use an address or a host name", field, v.Server)
		found.If(!strings.HasPrefix(v.Path, "/"), "%s.Path %q is not a folder of the server: begin it with a slash", field, v.Path)
	}
	found.If(v.ReadOnly && (v.Memory != "" || v.Secret != nil || v.CloudSQL != nil),
		"%s.ReadOnly is set, and only a bucket or a file server can be read-only: remove it", field)
}

// networkProblems checks the network that the service reaches, and the audiences.
func (args *ServiceArgs) networkProblems(found *problems.List) {
	for i, audience := range args.Audiences {
		found.If(!limits.Audience.MatchString(audience), "args.Audiences[%d] %q is not an audience: use one word, for example a URL", i, audience)
		found.If(slices.Contains(args.Audiences[:i], audience), "args.Audiences[%d] %q is there twice: keep one", i, audience)
	}
	if args.VPC != nil {
		container.VPC(*args.VPC).Check(args.Project, args.Location, found)
	}
}
