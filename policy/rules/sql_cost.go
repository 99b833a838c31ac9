package rules

import (
	"regexp"
	"strconv"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// customTier is a size of Cloud SQL with processors of its own: vCPUs, and memory in MiB.
var customTier = regexp.MustCompile(`^db-custom-([0-9]+)-([0-9]+)$`)

// mostDiskGiB is what a disk of Cloud SQL grows to where nothing bounds it.
const mostDiskGiB = 65536

// databaseCost is what an instance of Cloud SQL costs when its disk has grown to its limit and its backups are as large as it.
// priced is false for sizes that the table does not have.
func databaseCost(r *crossguard.Resource) (item costItem, priced bool) {
	const hours = secondsPerMonth / 3600
	item.name = r.Name
	compute := 0.0
	if !r.IsKnown("settings.tier") {
		return item, false
	}
	switch tier := r.StringOr("settings.tier", ""); {
	case tier == "db-f1-micro":
		compute = hours * price("sql.micro", "")
	case tier == "db-g1-small":
		compute = hours * price("sql.small", "")
	default:
		size := customTier.FindStringSubmatch(tier)
		if size == nil || !r.IsKnown("settings.edition") || r.StringOr("settings.edition", "ENTERPRISE") != "ENTERPRISE" {
			return item, false
		}
		cpus, _ := strconv.ParseFloat(size[1], 64)
		memory, _ := strconv.ParseFloat(size[2], 64)
		compute = hours * (cpus*price("sql.cpu", "") + memory/1024*price("sql.memory", ""))
	}
	disk := item.disk(r)
	if !r.IsKnown("settings.availabilityType") || r.StringOr("settings.availabilityType", "ZONAL") == "REGIONAL" {
		compute *= 2
		item.usd = disk * price("sql.ssd", "") // the second disk
	}
	item.usd += compute + disk*(price("sql.ssd", "")+price("sql.backup", ""))
	return item, true
}

// disk is the most GiB that a disk can have.
func (c *costItem) disk(r *crossguard.Resource) float64 {
	const size, limit = "settings.diskSize", "settings.diskAutoresizeLimit"
	if r.IsKnown("settings.diskAutoresize") && !r.BoolOr("settings.diskAutoresize", true) && r.IsKnown(size) {
		return r.NumberOr(size, 10)
	}
	if !r.IsKnown(limit) || r.NumberOr(limit, 0) <= 0 { // 0 is no limit
		return c.assume(limit, mostDiskGiB)
	}
	return r.NumberOr(limit, 0)
}
