package stacks

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
)

// Forms of Cloud SQL's and Cloud Storage's names. Source: DatabaseInstance and Bucket of their APIs, and
// https://cloud.google.com/storage/docs/buckets#naming.
var (
	dataKey         = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$`)
	instanceName    = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,82}[a-z0-9])?$`)
	databaseName    = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,62}$`)
	postgresVersion = regexp.MustCompile(`^POSTGRES_[1-9][0-9]?$`)
	customTier      = regexp.MustCompile(`^db-custom-([1-9][0-9]?)-([1-9][0-9]{3,5})$`)
	bucketName      = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
)

// databaseVariables are what a prefix in [Service.Databases] stands for.
var databaseVariables = []string{"HOST", "INSTANCE", "NAME", "USER"}

func validateDatabases(s Settings, found *findings) {
	taken := map[string]string{}
	for _, key := range sortedKeys(s.Databases) {
		d, path := s.Databases[key], join("databases", key)
		found.shape(path, key, dataKey, "has a key that is not a short name",
			"use at most 30 lower-case letters, digits and hyphens, a letter first, no hyphen last")
		found.shape(path+".name", d.Instance(key), instanceName, "is not an instance's name",
			"use at most 84 lower-case letters, digits and hyphens, a letter first, no hyphen last")
		if other, twice := taken[d.Instance(key)]; twice {
			found.add(path+".name", "is also the instance of "+other, "give each its own")
		}
		taken[d.Instance(key)] = path
		found.shape(path+".database", d.Database, databaseName, "is not a database's name",
			"use at most 63 lower-case letters, digits, underscores and hyphens, a letter or underscore first")
		if d.Existing != "" {
			validateExisting(d, path, found)
			continue
		}
		if d.Host != "" {
			found.add(path+".host", "is set for a new instance", "remove it: a new instance gets its own address")
		}
		validateReach(d, path, found)
		validateDisk(d, path, found)
		found.between(path+".backupHour", d.BackupHour, 0, 23, "as the hour")
		found.between(path+".backupsKept", d.BackupsKept, 7, 365, "backups")
		found.between(path+".maintenanceDay", d.MaintenanceDay, 1, 7, "as the day")
		found.between(path+".maintenanceHour", d.MaintenanceHour, 0, 23, "as the hour")
	}
}

// validateExisting refuses settings that would change an existing instance.
func validateExisting(d Database, path string, found *findings) {
	if d.Name != "" || d.Network != "" || d.PublicAddress || d.HighAvailability {
		found.add(path+".existing", "is set together with settings of a new instance", "remove name, network, publicAddress and "+
			"highAvailability: nothing changes an existing instance")
	}
	if d.Host != "" {
		if address, err := netip.ParseAddr(d.Host); err != nil || !address.IsPrivate() {
			found.add(path+".host", "is not a private address", "use the instance's, for example 10.20.0.3")
		}
	}
}

// validateReach checks an instance's version, its address and its size.
func validateReach(d Database, path string, found *findings) {
	found.shape(path+".version", d.Version, postgresVersion, "is not a version of PostgreSQL", "use POSTGRES_17, for example")
	switch {
	case d.Network == "" && !d.PublicAddress:
		found.add(path+".network", "is missing", "name the network in which services reach it, or write publicAddress: true")
	case d.Network != "" && d.PublicAddress:
		found.add(path+".publicAddress", "is set together with a network", "keep one: with a network no address on the internet is needed")
	case d.Network != "":
		found.shape(path+".network", d.Network, limits.Network, "is not a network", "use its name, or projects/PROJECT/global/networks/NAME")
	}
	if d.Tier == "db-f1-micro" || d.Tier == "db-g1-small" {
		return
	}
	parts := customTier.FindStringSubmatch(d.Tier)
	if parts == nil {
		found.add(path+".tier", "is not a size of PostgreSQL",
			"use db-custom-VCPUS-MEGABYTES, for example db-custom-1-3840, db-f1-micro or db-g1-small")
		return
	}
	cpus, _ := strconv.Atoi(parts[1])
	memory, _ := strconv.Atoi(parts[2])
	// Source: https://cloud.google.com/sql/docs/postgres/create-instance ("Machine Type").
	if cpus > 96 || cpus > 1 && cpus%2 != 0 || memory%256 != 0 || memory < 3840 || memory*10 < cpus*9216 || memory > cpus*6656 {
		found.add(path+".tier", "is not sold", "use 1 or an even number of vCPUs up to 96, and for each 0.9 to 6.5 GB of memory, "+
			"3840 MB at least, in steps of 256")
	}
}

func validateDisk(d Database, path string, found *findings) {
	found.between(path+".diskGB", d.DiskGB, limits.MinDiskGB, 65536, "GB")
	if d.DiskLimitGB < d.DiskGB {
		found.add(path+".diskLimitGB", "is under diskGB", "raise it, or lower diskGB")
	}
}

// validateBuckets checks buckets, and which services are named as their readers and writers.
func validateBuckets(s Settings, found *findings) {
	taken := map[string]string{}
	for _, key := range sortedKeys(s.Buckets) {
		b, path := s.Buckets[key], join("buckets", key)
		found.shape(path, key, dataKey, "has a key that is not a short name",
			"use at most 30 lower-case letters, digits and hyphens, a letter first, no hyphen last")
		name := b.BucketName(key, s.Project.ID)
		if !bucketName.MatchString(name) || strings.HasPrefix(name, "goog") || strings.Contains(name, "google") {
			found.add(path+".name", "is not a bucket's name", "use 3-63 lower-case letters, digits and hyphens, no hyphen first or last, "+
				"and not google")
		}
		if other, twice := taken[name]; twice {
			found.add(path+".name", "is also the bucket of "+other, "give each its own")
		}
		taken[name] = path
		if b.Existing != "" && (b.Name != "" || b.DeleteAfterDays != 0) {
			found.add(path+".existing", "is set together with settings of a new bucket",
				"remove name and deleteAfterDays: nothing changes an existing bucket")
		}
		found.atLeast(path+".keepDays", b.KeepDays, 1)
		found.atLeast(path+".deleteAfterDays", b.DeleteAfterDays, 0)
		readerLists{"service", "readers", "writers", b.Readers, b.Writers, sortedKeys(s.Services)}.validate(path, found)
		readerLists{"job", "jobReaders", "jobWriters", b.JobReaders, b.JobWriters, sortedKeys(s.Jobs)}.validate(path, found)
	}
}

// readerLists are the services, or the jobs, that read and write a bucket: the names of the two settings, and the keys in them.
type readerLists struct {
	kind, readers, writers string
	reads, writes, known   []string
}

// validate checks the services or jobs that read and write a bucket.
func (l readerLists) validate(path string, found *findings) {
	for group, keys := range [][]string{l.reads, l.writes} {
		for i, key := range keys {
			at := fmt.Sprintf("%s.%s[%d]", path, []string{l.readers, l.writers}[group], i)
			if !slices.Contains(l.known, key) {
				found.add(at, "names a "+l.kind+" that is not there", "use the key of one under "+l.kind+"s")
			}
			if slices.Contains(keys[:i], key) || group == 0 && slices.Contains(l.writes, key) {
				found.add(at, "is there twice", "keep one: a writer reads too")
			}
		}
	}
}

// dataUser is a service or a job, as far as it uses data.
type dataUser struct {
	// kind is service or job.
	kind, key          string
	databases, buckets map[string]string
	vpc                *VPC
}

// validateData checks the databases and buckets that a service or a job uses. check checks one variable.
func validateData(user dataUser, all Settings, path string, check func(variable, group, at string), found *findings) {
	for _, prefix := range sortedKeys(user.databases) {
		at := join(path+".databases", prefix)
		d, known := all.Databases[user.databases[prefix]]
		if !known && found.readable("databases") {
			found.add(at, "names a database that is not declared", "declare it under databases at the top level")
		}
		for _, name := range databaseVariables {
			check(prefix+"_"+name, "databases", at)
		}
		if known && !d.BySocket() && user.vpc == nil {
			found.add(at, "is in a network that the "+user.kind+" cannot reach", "set vpc")
		}
	}
	for _, variable := range sortedKeys(user.buckets) {
		at := join(path+".buckets", variable)
		check(variable, "buckets", at)
		all.opens(user, user.buckets[variable], at, found)
	}
}

// opens reports a bucket that is not there, or that does not let the service or job in.
func (s Settings) opens(user dataUser, bucket, at string, found *findings) {
	b, known := s.Buckets[bucket]
	allowed, lists := slices.Concat(b.Readers, b.Writers), "readers or writers"
	if user.kind == "job" {
		allowed, lists = slices.Concat(b.JobReaders, b.JobWriters), "jobReaders or jobWriters"
	}
	switch {
	case !known && found.readable("buckets"):
		found.add(at, "names a bucket that is not declared", "declare it under buckets at the top level")
	case known && !slices.Contains(allowed, user.key):
		found.add(at, "names a bucket that does not let the "+user.kind+" in", "add the "+user.kind+" to its "+lists)
	}
}
