package stacks

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
)

// validateSize checks CPU and memory together, as Cloud Run sells them. Under one vCPU Cloud Run allows only one request at a time for
// each instance, and only the first generation's execution environment. So the service's own container has at least one.
func validateSize(s Service, path string, found *findings) {
	if !slices.ContainsFunc(limits.Sizes, func(size limits.Size) bool { return size.CPU == s.CPU }) {
		var sold []string
		for _, size := range limits.Sizes {
			sold = append(sold, strconv.Quote(size.CPU))
		}
		found.add(path+".cpu", "is not a number of vCPUs Cloud Run sells", "use one of "+strings.Join(sold, ", ")+", in quotes")
	}
	mebibytes, ok := limits.ParseMemory(s.Memory)
	if !ok {
		found.add(path+".memory", "is not an amount of memory", "use whole Mi or Gi, for example 512Mi or 2Gi")
		return
	}
	cpu, known := limits.ParseCPU(s.CPU)
	size, sold := limits.SizeOf(cpu, s.ExecutionEnvironment == firstGeneration)
	if !known || !sold || cpu < 1 || !found.readable(path+".cpu") {
		return
	}
	if mebibytes < size.Least || mebibytes > size.Most {
		found.add(path+".memory", fmt.Sprintf("is not sold with %s vCPU", size.CPU),
			fmt.Sprintf("use %s to %s, or another cpu", limits.FormatMemory(size.Least), limits.FormatMemory(size.Most)))
	}
}
