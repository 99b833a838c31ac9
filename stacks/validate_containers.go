package stacks

import (
	"fmt"
	"slices"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
)

// mainContainer is the name of a service's own container if the service has sidecars. No sidecar may have this name.
const mainContainer = "main"

// SocketVolume is the name of the volume with the sockets of databases. No other volume may have this name.
const SocketVolume = "cloudsql"

// firstGeneration is the execution environment that mounts neither buckets nor file servers.
const firstGeneration = "gen1"

// validateSidecars checks the containers next to the service's own, and the sums of all containers.
func validateSidecars(s Service, path string, all Settings, found *findings) {
	if len(s.Sidecars) >= limits.MaxContainers {
		found.add(path+".sidecars", "are more than an instance can have", fmt.Sprintf("keep at most %d", limits.MaxContainers-1))
	}
	cpu, _ := limits.ParseCPU(s.CPU)
	memory, _ := limits.ParseMemory(s.Memory)
	for _, key := range sortedKeys(s.Sidecars) {
		sidecar, at := s.Sidecars[key], join(path+".sidecars", key)
		found.shape(at, key, limits.ContainerName, "has a key that is not a container's name",
			"use at most 63 lower-case letters, digits and hyphens, a letter first, no hyphen last")
		if key == mainContainer {
			found.add(at, "has the name of the service's own container", "choose another")
		}
		found.imageByDigest(at+".image", sidecar.Image)
		cpu += validateSidecarSize(sidecar, at, &memory, found)
		variableNames{sidecar.Environment, sidecar.Secrets, nil}.validate(at, all.Secrets, found)
		for probe, of := range map[string]*Probe{"startup": sidecar.Startup, "liveness": sidecar.Liveness} {
			if of != nil && of.Port == 0 {
				found.add(at+"."+probe+".port", "is missing", "a sidecar has no port of its own: say which one it listens on")
			}
		}
		if sidecar.Startup != nil {
			validateStartup(*sidecar.Startup, at+".startup", found)
		}
		if sidecar.Liveness != nil {
			validateLiveness(*sidecar.Liveness, at+".liveness", found)
		}
		validateOrder(s, key, sidecar.After, at+".after", found)
	}
	validateOrder(s, "", s.After, path+".after", found)
	if len(s.Sidecars) == 0 {
		return
	}
	if cpu > limits.MaxCPU {
		found.add(path+".cpu", fmt.Sprintf("is over %d vCPU with all containers", limits.MaxCPU), "lower it, or that of a sidecar")
	}
	if memory > limits.MaxMemoryMiB {
		found.add(path+".memory", "is over "+limits.FormatMemory(limits.MaxMemoryMiB)+" with all containers", "lower it, or that of a sidecar")
	}
}

// validateSidecarSize returns the sidecar's CPU and adds its memory.
func validateSidecarSize(s Sidecar, path string, memory *int, found *findings) float64 {
	cpu, ok := limits.ParseCPU(s.CPU)
	if !ok {
		found.add(path+".cpu", "is not a number of vCPUs Cloud Run sells", `use "0.08" to "1", "2", "4", "6" or "8", in quotes`)
	}
	mebibytes, ok := limits.ParseMemory(s.Memory)
	if !ok {
		found.add(path+".memory", "is not an amount of memory", "use whole Mi or Gi, for example 512Mi or 2Gi")
	}
	*memory += mebibytes
	return cpu
}

// validateOrder checks the sidecars after which a container starts. key is empty for the service's own container.
func validateOrder(s Service, key string, after []string, path string, found *findings) {
	for i, name := range after {
		at := fmt.Sprintf("%s[%d]", path, i)
		other, known := s.Sidecars[name]
		switch {
		case !known:
			found.add(at, "is not a sidecar of this service", "use the key of one under sidecars")
		case slices.Contains(after[:i], name):
			found.add(at, "is there twice", "remove one of the two")
		case other.Startup == nil:
			found.add(at, "has no startup probe", "give it one: only the probe tells when the others may start")
		case key != "" && waitsFor(s, name, key, nil):
			found.add(at, "waits for this container itself", "let one of them start first")
		}
	}
}

// waitsFor reports whether a sidecar starts after another, directly or through others.
func waitsFor(s Service, name, other string, seen []string) bool {
	if name == other {
		return true
	}
	if slices.Contains(seen, name) {
		return false
	}
	return slices.ContainsFunc(s.Sidecars[name].After, func(next string) bool { return waitsFor(s, next, other, append(seen, name)) })
}

// validateVolumes checks volumes, and where containers mount them.
func validateVolumes(s Service, path string, all Settings, found *findings) {
	mounted := map[string]bool{}
	validateMounts(s, s.Mounts, path+".mounts", mounted, found)
	for _, key := range sortedKeys(s.Sidecars) {
		validateMounts(s, s.Sidecars[key].Mounts, join(path+".sidecars", key)+".mounts", mounted, found)
	}
	for _, key := range sortedKeys(s.Volumes) {
		at := join(path+".volumes", key)
		found.shape(at, key, limits.ContainerName, "has a key that is not a volume's name",
			"use at most 63 lower-case letters, digits and hyphens, a letter first, no hyphen last")
		if key == SocketVolume {
			found.add(at, "is the name of the volume for databases' sockets", "choose another")
		}
		if !mounted[key] {
			found.add(at, "is mounted nowhere", "name it under mounts of a container, or remove it")
		}
		validateVolume(s, s.Volumes[key], at, all, found)
	}
}

func validateVolume(s Service, v Volume, path string, all Settings, found *findings) {
	kinds := 0
	for _, set := range []bool{v.Memory != "", v.Secret != "", v.Bucket != "", v.NFS != nil} {
		if set {
			kinds++
		}
	}
	if kinds != 1 {
		found.add(path, "has no kind, or several", "set exactly one of memory, secret, bucket and nfs")
		return
	}
	if v.File != "" && v.Secret == "" {
		found.add(path+".file", "is set without secret", "remove it")
	}
	if v.ReadOnly && (v.Memory != "" || v.Secret != "") {
		found.add(path+".readOnly", "has no meaning here", "remove it: a secret's file is read-only, and memory is there to be written")
	}
	switch {
	case v.Memory != "":
		if _, ok := limits.ParseMemory(v.Memory); !ok {
			found.add(path+".memory", "is not an amount of memory", "use whole Mi or Gi, for example 64Mi")
		}
	case v.Secret != "":
		if _, declared := all.Secrets[v.Secret]; !declared && found.readable("secrets") {
			found.add(path+".secret", "names a secret that is not declared", declaredSecrets(all.Secrets))
		}
		if v.File != "" {
			found.shape(path+".file", v.File, limits.FileName, "is not a file's name", "use letters, digits, dots, hyphens and underscores")
		}
	case v.Bucket != "":
		secondGeneration(s, path, found)
	case v.NFS != nil:
		found.shape(path+".nfs.server", v.NFS.Server, limits.ServerName, "is not a server", "use an address or a host name")
		found.shape(path+".nfs.path", v.NFS.Path, limits.MountPath, "is not a folder", "begin with a slash, for example /exports/files")
		if s.VPC == nil {
			found.add(path+".nfs", "is in a network that the service cannot reach", "set vpc")
		}
		secondGeneration(s, path, found)
	}
}

// secondGeneration reports a volume that the first generation does not mount.
func secondGeneration(s Service, path string, found *findings) {
	if s.ExecutionEnvironment == firstGeneration {
		found.add(path, "is not mounted by the execution environment gen1", "use gen2")
	}
}

func validateMounts(s Service, mounts map[string]string, path string, mounted map[string]bool, found *findings) {
	taken := map[string]string{}
	for _, volume := range sortedKeys(mounts) {
		folder, at := mounts[volume], join(path, volume)
		if _, known := s.Volumes[volume]; !known {
			found.add(at, "is not a volume of this service", "declare it under volumes")
		}
		mounted[volume] = true
		if folder == limits.SocketFolder {
			found.add(at, "is where the sockets of databases are", "choose another")
		}
		found.shape(at, folder, limits.MountPath, "is not a folder", "begin with a slash, for example /data; not / itself")
		if limits.IsSystemFolder(folder) {
			found.add(at, "is the system's own folder", "choose another")
		}
		if other, twice := taken[folder]; twice {
			found.add(at, "is also where "+other+" is mounted", "give each volume its own folder")
		}
		taken[folder] = volume
	}
}

// validateStartup checks a startup probe. Cloud Run waits for a start only so long.
func validateStartup(p Probe, path string, found *findings) {
	validateProbe(p, path, limits.MaxStartupSeconds, found)
	if p.PeriodSeconds > 0 && p.PeriodSeconds <= limits.MaxStartupSeconds && p.FailureThreshold > limits.MaxStartupSeconds/p.PeriodSeconds {
		found.add(path+".failureThreshold", "gives an instance longer to start than Cloud Run does",
			fmt.Sprintf("keep periodSeconds times failureThreshold at %d or below", limits.MaxStartupSeconds))
	}
}

// validateLiveness checks a liveness probe.
// Source: https://cloud.google.com/run/docs/configuring/healthchecks (HTTP, TCP and gRPC at startup, HTTP and gRPC afterwards).
func validateLiveness(p Probe, path string, found *findings) {
	validateProbe(p, path, limits.MaxLivenessSeconds, found)
	if p.TCP {
		found.add(path+".tcp", "is not possible for a liveness probe", "use path or grpc")
	}
}

// validateProbe checks a probe whose delay and period can be at most longest seconds.
// Source: GoogleCloudRunV2Probe of the Cloud Run Admin API v2.
func validateProbe(p Probe, path string, longest int, found *findings) {
	kinds := 0
	for _, set := range []bool{p.Path != "", p.TCP, p.GRPC} {
		if set {
			kinds++
		}
	}
	if kinds != 1 && found.readable(path+".path", path+".tcp", path+".grpc") {
		found.add(path, "has no kind of probe, or several", "set exactly one of path, tcp: true and grpc: true; the path has to be cheap to "+
			"serve")
	}
	if p.Path != "" {
		found.path(path+".path", p.Path)
	}
	if p.GRPCService != "" && !p.GRPC {
		found.add(path+".grpcService", "has no probe of the kind grpc", "set grpc: true, or remove it")
	}
	if p.Port != 0 {
		found.between(path+".port", p.Port, 1, limits.MaxPort, "as the port")
	}
	found.between(path+".initialDelaySeconds", p.InitialDelaySeconds, 0, longest, "seconds")
	found.between(path+".periodSeconds", p.PeriodSeconds, 1, longest, "seconds")
	found.atLeast(path+".timeoutSeconds", p.TimeoutSeconds, 1)
	if p.PeriodSeconds >= 1 && p.TimeoutSeconds > p.PeriodSeconds {
		found.add(path+".timeoutSeconds", "is over periodSeconds", "let a probe end before the next one starts")
	}
	found.atLeast(path+".failureThreshold", p.FailureThreshold, 1)
}
