package rules

import (
	"regexp"
	"strconv"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// customTier matches a Cloud SQL size with a custom number of vCPUs and a custom memory in MiB.
var customTier = regexp.MustCompile(`^db-custom-([0-9]+)-([0-9]+)$`)

// mostDiskGiB is the size to which a Cloud SQL disk grows if nothing limits it.
const mostDiskGiB = 65536

// databaseCost returns the cost of a Cloud SQL instance whose disk has grown to its limit and whose backups are as large. priced
// is false for sizes that are not in the table.
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

// disk returns the largest size of the disk, in GiB.
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
