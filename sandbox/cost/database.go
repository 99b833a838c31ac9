package cost

import (
	"regexp"
	"strconv"

	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
)

// customTier matches a Cloud SQL size with its own number of vCPUs, and memory in MiB.
var customTier = regexp.MustCompile(`^db-custom-([0-9]+)-([0-9]+)$`)

// database returns what a Cloud SQL instance costs. It runs all the time, whether or not it is used. Its disk has the initial size, and
// in the worst case the largest size that it may grow to. Its backups are as large as the disk.
func (e *estimator) database(r inventory.Resource) (Amounts, bool) {
	const hours = month / 3600
	of := func(key string) float64 { return e.usd("sql."+key, "") }
	compute := 0.0
	switch tier := r.Text("settings", "tier"); tier {
	case "db-f1-micro":
		compute = hours * of("micro")
	case "db-g1-small":
		compute = hours * of("small")
	default:
		size := customTier.FindStringSubmatch(tier)
		if size == nil || r.Text("settings", "edition") == "ENTERPRISE_PLUS" {
			return Amounts{}, false
		}
		cpus, _ := strconv.ParseFloat(size[1], 64)
		memory, _ := strconv.ParseFloat(size[2], 64)
		compute = hours * (cpus*of("cpu") + memory/1024*of("memory"))
	}
	copies := 1.0
	if r.Text("settings", "availabilityType") == "REGIONAL" {
		copies = 2
	}
	begins := max(10, r.Number("settings", "diskSize"))
	ends := max(begins, r.Number("settings", "diskAutoresizeLimit"))
	e.assume("a database's backups are as large as its disk, which is the size that it begins with, and in the worst case its limit")
	e.assume("databases cost what they do in us-central1: the dearest region costs about 1.6 times as much")
	total := func(disk float64) float64 { return copies*(compute+disk*of("ssd")) + disk*of("backup") }
	return Amounts{total(begins), total(begins), total(ends)}, true
}
