package limits

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The limits of an instance. Sources: https://cloud.google.com/run/quotas ("containers per instance") and
// https://cloud.google.com/run/docs/configuring/services/cpu.
const (
	MaxContainers = 10
	MaxCPU        = 8
	MaxMemoryMiB  = 32 * 1024
)

// Forms of names of containers, volumes and networks. Names of networks and subnetworks may include their project. Names with
// https://… before them are refused, so that a preview compares the same form that the API answers. Sources: Container, VolumeMount
// and VpcAccess of run/v2.
var (
	ContainerName = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
	MountPath     = regexp.MustCompile(`^(/[A-Za-z0-9._-]+)+$`)
	FileName      = Sized{regexp.MustCompile(`^[A-Za-z0-9._-]+$`), 253}
	ServerName    = Sized{regexp.MustCompile(`^[A-Za-z0-9.:-]+$`), 253}
	Audience      = Sized{regexp.MustCompile(`^[^\s"]+$`), 1000}
	Network       = regexp.MustCompile(`^(?:projects/([a-z0-9:.-]+)/global/networks/)?[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
	Subnetwork    = regexp.MustCompile(`^(?:projects/([a-z0-9:.-]+)/regions/([a-z0-9-]+)/subnetworks/)?[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
	NetworkTag    = ContainerName
)

// SocketFolder is the only folder at which Cloud Run mounts the sockets of Cloud SQL's instances.
const SocketFolder = "/cloudsql"

// IsSystemFolder reports whether a folder belongs to the container runtime.
func IsSystemFolder(folder string) bool {
	return slices.ContainsFunc([]string{"/dev", "/proc", "/sys"}, func(system string) bool {
		return folder == system || strings.HasPrefix(folder, system+"/")
	})
}

// Apart says why a service in a project and a region cannot use a network and a subnetwork. It is empty if it can, or if the names
// do not tell. A name without a project belongs to the service's own project.
func Apart(network, subnetwork, project, region string) string {
	of, in := Network.FindStringSubmatch(network), Subnetwork.FindStringSubmatch(subnetwork)
	if in == nil {
		return ""
	}
	if in[2] != "" && region != "" && in[2] != region {
		return fmt.Sprintf("is in %s, and what uses it is in %s", in[2], region)
	}
	if of == nil {
		return ""
	}
	one, other := cmp.Or(of[1], project), cmp.Or(in[1], project)
	if isProjectID.MatchString(one) && isProjectID.MatchString(other) && one != other {
		return fmt.Sprintf("is in the project %s, and the network is in %s", other, one)
	}
	return ""
}

// isProjectID matches a project's id. A project may be named by its number instead, from which its id cannot be seen.
var isProjectID = regexp.MustCompile(`^[a-z]`)

// Size is a number of vCPUs with the least and the most memory, in MiB, that Cloud Run allows for it.
type Size struct {
	// CPU is the number of vCPUs as Cloud Run writes it. Least and Most are MiB of memory.
	CPU         string
	Least, Most int
}

// The least memory of an instance in MiB, by execution environment.
const (
	firstGenerationLeast  = 128
	secondGenerationLeast = 512
)

// Sizes are the sizes from one vCPU on, smallest first, with the least memory of the second generation. Sources:
// https://cloud.google.com/run/docs/configuring/services/cpu ("vCPU and memory table") and
// https://cloud.google.com/run/docs/configuring/services/memory-limits ("Minimum memory").
var Sizes = []Size{
	{"1", secondGenerationLeast, 4 * 1024},
	{"2", secondGenerationLeast, 8 * 1024},
	{"4", 2 * 1024, 16 * 1024},
	{"6", 4 * 1024, 24 * 1024},
	{"8", 4 * 1024, 32 * 1024},
}

// SizeOf returns the size of that many vCPUs. Only the first generation has shares of a vCPU.
func SizeOf(cpu float64, firstGeneration bool) (size Size, sold bool) {
	switch {
	case firstGeneration && cpu >= leastShare && cpu < 0.5:
		return Size{Least: firstGenerationLeast, Most: 512}, true
	case firstGeneration && cpu >= 0.5 && cpu < 1:
		return Size{Least: firstGenerationLeast, Most: 1024}, true
	}
	i := slices.IndexFunc(Sizes, func(size Size) bool { return size.CPU == strconv.FormatFloat(cpu, 'f', -1, 64) })
	if i < 0 {
		return Size{}, false
	}
	size = Sizes[i]
	if firstGeneration && size.Least == secondGenerationLeast {
		size.Least = firstGenerationLeast
	}
	return size, true
}

// leastShare is the smallest share of a vCPU.
const leastShare = 0.08

var (
	// cpuShare is a part of one vCPU, in steps of a thousandth.
	cpuShare   = regexp.MustCompile(`^0\.[0-9]{1,3}$`)
	memorySize = regexp.MustCompile(`^([1-9][0-9]{0,5})(Mi|Gi)$`)
)

// ParseCPU reads a number of vCPUs: a share of one, or a size that Cloud Run has.
func ParseCPU(text string) (float64, bool) {
	share, err := strconv.ParseFloat(text, 64)
	whole := slices.ContainsFunc(Sizes, func(size Size) bool { return size.CPU == text })
	return share, err == nil && (whole || cpuShare.MatchString(text) && share >= leastShare)
}

// ParseMemory returns an amount such as 512Mi or 2Gi in MiB.
func ParseMemory(text string) (mebibytes int, ok bool) {
	parts := memorySize.FindStringSubmatch(text)
	if parts == nil {
		return 0, false
	}
	amount, err := strconv.Atoi(parts[1])
	if parts[2] == "Gi" {
		amount *= 1024
	}
	return amount, err == nil
}

// FormatMemory writes MiB the way the settings do.
func FormatMemory(mebibytes int) string {
	if mebibytes%1024 == 0 {
		return fmt.Sprintf("%dGi", mebibytes/1024)
	}
	return fmt.Sprintf("%dMi", mebibytes)
}
