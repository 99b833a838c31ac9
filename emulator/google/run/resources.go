package run

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

const (
	mi = 1 << 20
	gi = 1 << 30
)

// memoryRange holds the memory that Cloud Run offers for a number of CPUs: the smallest, in the first generation, and the largest
// (Cloud Run documentation, "Configure memory limits" and "Configure CPU limits").
var memoryRange = map[float64]struct{ least, most float64 }{
	1: {128 * mi, 4 * gi}, 2: {128 * mi, 8 * gi}, 4: {2 * gi, 16 * gi}, 6: {4 * gi, 24 * gi}, 8: {4 * gi, 32 * gi},
}

// mostCPU is the largest number of CPUs of an instance.
const mostCPU = 8

// gen2Least is the smallest memory in the second generation.
const gen2Least = 512 * mi

func parseCPU(text string) (float64, bool) {
	if milli, found := strings.CutSuffix(text, "m"); found {
		n, err := strconv.ParseFloat(milli, 64)
		return n / 1000, err == nil && n > 0
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && n > 0
}

func parseMemory(text string) (float64, bool) {
	for _, unit := range []struct {
		suffix string
		bytes  float64
	}{{"Ki", 1 << 10}, {"Mi", mi}, {"Gi", gi}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}, {"", 1}} {
		if digits, found := strings.CutSuffix(text, unit.suffix); found {
			n, err := strconv.ParseFloat(digits, 64)
			return n * unit.bytes, err == nil && n > 0
		}
	}
	return 0, false
}

func limitsOf(container object) (cpu, memory string) {
	return doc.Text(container, "resources", "limits", "cpu"), doc.Text(container, "resources", "limits", "memory")
}

func totalCPU(template object) (float64, bool) {
	total := 0.0
	for _, container := range doc.Objects(template, "containers") {
		text, _ := limitsOf(container)
		cpu, ok := parseCPU(text)
		if !ok {
			return 0, false
		}
		total += cpu
	}
	return total, true
}

// checkResources checks CPU and memory against each other and against the template. With several containers, it checks the one
// that receives the requests. A sidecar may be smaller, because the limits of an instance are the sum of its containers' limits.
func checkResources(template object) error {
	total, _ := totalCPU(template)
	if total > mostCPU {
		return refuse("template.containers: Invalid value specified for cpu. Total cpu %g is over %d.", total, mostCPU)
	}
	for i, container := range doc.Objects(template, "containers") {
		path := fmt.Sprintf("template.containers[%d].resources.limits", i)
		for _, name := range slices.Sorted(maps.Keys(doc.Object(container, "resources", "limits"))) {
			if name != "cpu" && name != "memory" && name != "nvidia.com/gpu" {
				return refuse("%s: Invalid resource name '%s'. Only cpu, memory and nvidia.com/gpu are supported.", path, name)
			}
		}
		cpuText, memoryText := limitsOf(container)
		cpu, ok := parseCPU(cpuText)
		if !ok {
			return refuse("%s.cpu: Invalid value specified for cpu: '%s'.", path, cpuText)
		}
		memory, ok := parseMemory(memoryText)
		if !ok {
			return refuse("%s.memory: Invalid value specified for memory: '%s'.", path, memoryText)
		}
		if len(doc.List(container, "ports")) > 0 || len(doc.List(template, "containers")) == 1 {
			if err := checkMemory(path, template, cpu, memory); err != nil {
				return err
			}
		}
		if !doc.Flag(container, "resources", "cpuIdle") && total < 1 {
			return refuse("%s.cpu: Invalid value specified for cpu. Total cpu < 1 is not supported with cpu_idle set to false.", path)
		}
	}
	return nil
}

func checkMemory(path string, template object, cpu, memory float64) error {
	second := template["executionEnvironment"] == "EXECUTION_ENVIRONMENT_GEN2"
	sold, known := memoryRange[cpu]
	switch {
	case cpu < 1 && cpu >= 0.08:
		if second {
			return refuse("%s.cpu: Invalid value specified for cpu. Total cpu < 1 is not supported with gen2 execution environment.", path)
		}
		if doc.Number(template, "maxInstanceRequestConcurrency") > 1 {
			return refuse("%s.cpu: Invalid value specified for cpu. Total cpu < 1 is not supported with concurrency > 1.", path)
		}
		sold.least, sold.most = 128*mi, 1*gi
		if cpu < 0.5 {
			sold.most = 512 * mi
		}
	case !known:
		return refuse("%s.cpu: Invalid value specified for cpu. Supported values are 0.08 to 1, 1, 2, 4, 6 and 8; got %g.", path, cpu)
	}
	words := ""
	if second {
		sold.least, words = max(sold.least, gen2Least), " with gen2 execution environment"
	}
	if memory < sold.least || memory > sold.most {
		return refuse("%s.memory: Invalid value specified for memory%s. For %s CPU, memory must be between %s and %s inclusive.",
			path, words, decimal(cpu), size(sold.least), size(sold.most))
	}
	return nil
}

func decimal(f float64) string {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func size(bytes float64) string {
	if bytes >= gi {
		return fmt.Sprintf("%gGi", bytes/gi)
	}
	return fmt.Sprintf("%gMi", bytes/mi)
}
