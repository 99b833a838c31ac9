package stacks

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// cpuSize is what Cloud Run sells with a number of vCPUs: the least and the most memory in MiB.
type cpuSize struct {
	cpu         string
	least, most int
}

// The least memory of an instance in MiB, by execution environment.
const (
	firstGenerationLeast  = 128
	secondGenerationLeast = 512
)

// cpuSizes are the sizes on sale, smallest first. Under one vCPU Cloud Run takes one request at a time per instance and
// the first generation execution environment only, neither of which this platform uses. The second generation, which it
// uses unless told otherwise, has at least 512 MiB.
// Sources: https://cloud.google.com/run/docs/configuring/services/cpu ("vCPU and memory table") and
// https://cloud.google.com/run/docs/configuring/services/memory-limits ("Minimum memory").
var cpuSizes = []cpuSize{
	{"1", secondGenerationLeast, 4 * 1024},
	{"2", secondGenerationLeast, 8 * 1024},
	{"4", 2 * 1024, 16 * 1024},
	{"6", 4 * 1024, 24 * 1024},
	{"8", 4 * 1024, 32 * 1024},
}

// cpuShare is a part of one vCPU, in steps of a thousandth.
var cpuShare = regexp.MustCompile(`^0\.[0-9]{1,3}$`)

var memorySize = regexp.MustCompile(`^([1-9][0-9]{0,5})(Mi|Gi)$`)

// validateSize judges CPU and memory together, as Cloud Run sells them.
func validateSize(s Service, path string, found *findings) {
	i := slices.IndexFunc(cpuSizes, func(size cpuSize) bool { return size.cpu == s.CPU })
	if i < 0 {
		var sold []string
		for _, size := range cpuSizes {
			sold = append(sold, strconv.Quote(size.cpu))
		}
		found.add(path+".cpu", "is not a number of vCPUs Cloud Run sells", "use one of "+strings.Join(sold, ", ")+", in quotes")
	}
	mebibytes, ok := parseMemory(s.Memory)
	if !ok {
		found.add(path+".memory", "is not an amount of memory", "use whole Mi or Gi, for example 512Mi or 2Gi")
		return
	}
	if i < 0 || !found.readable(path+".cpu") {
		return
	}
	size := cpuSizes[i]
	if s.ExecutionEnvironment == firstGeneration && size.least == secondGenerationLeast {
		size.least = firstGenerationLeast
	}
	if mebibytes < size.least || mebibytes > size.most {
		found.add(path+".memory", fmt.Sprintf("is not sold with %s vCPU", size.cpu),
			fmt.Sprintf("use %s to %s, or another cpu", formatMemory(size.least), formatMemory(size.most)))
	}
}

// parseCPU returns a sidecar's vCPUs: any share of one, or a size that is sold.
func parseCPU(text string) (float64, bool) {
	if slices.ContainsFunc(cpuSizes, func(size cpuSize) bool { return size.cpu == text }) {
		whole, err := strconv.ParseFloat(text, 64)
		return whole, err == nil
	}
	share, err := strconv.ParseFloat(text, 64)
	return share, err == nil && cpuShare.MatchString(text) && share >= 0.08
}

// parseMemory returns an amount such as 512Mi or 2Gi in MiB.
func parseMemory(text string) (mebibytes int, ok bool) {
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

// formatMemory writes MiB the way the settings do.
func formatMemory(mebibytes int) string {
	if mebibytes%1024 == 0 {
		return fmt.Sprintf("%dGi", mebibytes/1024)
	}
	return fmt.Sprintf("%dMi", mebibytes)
}
