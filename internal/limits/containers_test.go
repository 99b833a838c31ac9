package limits_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
)

func TestSizes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		cpu         float64
		first       bool
		least, most int // MiB; 0 for a size that is not sold
	}{
		{1, false, 512, 4096}, {1, true, 128, 4096}, {2, false, 512, 8192}, {2, true, 128, 8192}, {4, true, 2048, 16384},
		{6, false, 4096, 24576}, {8, false, 4096, 32768}, {0.5, true, 128, 1024}, {0.499, true, 128, 512}, {0.08, true, 128, 512},
		{0.5, false, 0, 0}, {0.07, true, 0, 0}, {3, false, 0, 0}, {0, true, 0, 0}, {16, false, 0, 0},
	} {
		size, sold := limits.SizeOf(test.cpu, test.first)
		assert.Equal(t, []any{test.least, test.most, test.most > 0}, []any{size.Least, size.Most, sold}, "%g vCPU, first %t", test.cpu,
			test.first)
	}
	for text, want := range map[string]float64{"1": 1, "8": 8, "0.08": 0.08, "0.5": 0.5, "0.999": 0.999} {
		cpu, ok := limits.ParseCPU(text)
		assert.Equal(t, []any{want, true}, []any{cpu, ok}, text)
	}
	for _, text := range []string{"", "0", "0.07", "0.0800", "3", "1.0", "1.5", "-1", "1000m", " 1", "1e0", "NaN"} {
		_, ok := limits.ParseCPU(text)
		assert.False(t, ok, text)
	}
	for text, want := range map[string]int{"1Mi": 1, "512Mi": 512, "2Gi": 2048, "999999Mi": 999999} {
		memory, ok := limits.ParseMemory(text)
		assert.Equal(t, []any{want, true}, []any{memory, ok}, text)
	}
	for _, text := range []string{"", "0Mi", "512", "512M", "0.5Gi", "512mi", "1Ti", " 1Mi", "1000000Mi"} {
		_, ok := limits.ParseMemory(text)
		assert.False(t, ok, text)
	}
	assert.Equal(t, []string{"512Mi", "1Gi", "1536Mi", "32Gi"}, []string{limits.FormatMemory(512), limits.FormatMemory(1024),
		limits.FormatMemory(1536), limits.FormatMemory(32768)})
}

func TestApart(t *testing.T) {
	t.Parallel()
	const here, elsewhere = "projects/shop/regions/r1/subnetworks/s", "projects/net/regions/r2/subnetworks/s"
	for _, test := range []struct{ network, subnetwork, want string }{
		{"n", "s", ""}, {"n", "", ""}, {"", "s", ""}, {"", here, ""}, {"n", here, ""}, {"projects/shop/global/networks/n", "s", ""},
		{"projects/net/global/networks/n", "projects/net/regions/r1/subnetworks/s", ""},
		{"projects/42/global/networks/n", "s", ""}, {"n", "projects/42/regions/r1/subnetworks/s", ""}, {"N", "S", ""},
		{"", elsewhere, "is in r2, and what uses it is in r1"},
		{"projects/net/global/networks/n", "s", "is in the project shop, and the network is in net"},
		{"n", "projects/net/regions/r1/subnetworks/s", "is in the project net, and the network is in shop"},
	} {
		assert.Equal(t, test.want, limits.Apart(test.network, test.subnetwork, "shop", "r1"), "%s and %s", test.network, test.subnetwork)
	}
	assert.Empty(t, limits.Apart("projects/net/global/networks/n", elsewhere, "", ""), "without a project, networks cannot be compared")
}

func TestFoldersOfTheSystem(t *testing.T) {
	t.Parallel()
	for folder, want := range map[string]bool{"/dev": true, "/proc/1": true, "/sys/fs": true, "/device": false, "/data/sys": false} {
		assert.Equal(t, want, limits.IsSystemFolder(folder), folder)
	}
}
