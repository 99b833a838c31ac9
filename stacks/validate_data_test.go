package stacks

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDataIsOneLine(t *testing.T) {
	t.Parallel()
	settings, err := parseChanged(t, dev, change{
		"databases.main":         map[string]any{"network": "default"},
		"buckets.files":          map[string]any{"writers": []any{"web"}},
		"services.web.vpc":       map[string]any{"network": "default"},
		"services.web.databases": map[string]any{"DB": "main"}, "services.web.buckets": map[string]any{"FILES": "files"},
		"services.web.volumes": map[string]any{"files": map[string]any{"bucket": "files"}},
		"services.web.mounts":  map[string]any{"files": "/files"},
	})
	require.NoError(t, err)
	yes := true
	require.Equal(t, Database{Network: "default", Database: "app", Version: "POSTGRES_17", Tier: "db-custom-1-3840", DiskGB: 10,
		DiskLimitGB: 100, BackupHour: 3, BackupsKept: 14, MaintenanceDay: 7, MaintenanceHour: 5, DeletionProtection: &yes},
		settings.Databases["main"])
	require.Equal(t, Bucket{KeepDays: 30, Writers: []string{"web"}, DeletionProtection: &yes}, settings.Buckets["files"])
	require.Equal(t, "shop-project-files", settings.Buckets["files"].BucketName("files", "shop-project"))
}

func TestDatabases(t *testing.T) {
	t.Parallel()
	const at = "databases.main"
	one := func(values map[string]any) change {
		if values["existing"] == nil && values["publicAddress"] == nil && values["network"] == nil {
			values["network"] = "default"
		}
		return change{at: values}
	}
	tier := at + ".tier: is not sold; use 1 or an even number of vCPUs up to 96, and for each 0.9 to 6.5 GB of memory, 3840 MB at least, " +
		"in steps of 256"
	checkRefused(t, []refused{
		{"no network and no sockets", "", change{at: map[string]any{}}, []string{
			at + ".network: is missing; name the network in which services reach it, or write publicAddress: true"}},
		{"a network and sockets", "", one(map[string]any{"network": "default", "publicAddress": true}), []string{
			at + ".publicAddress: is set together with a network; keep one: with a network no address on the internet is needed"}},
		{"by sockets", "", one(map[string]any{"publicAddress": true}), nil},
		{"a host without an existing instance", "", one(map[string]any{"host": "10.0.0.1"}), []string{
			at + ".host: is set for a new instance; remove it: a new instance gets its own address"}},
		{"existing", "", one(map[string]any{"existing": "legacy", "host": "10.0.0.1"}), nil},
		{"an existing instance with a public address", "", one(map[string]any{"existing": "legacy", "host": "34.1.2.3", "network": "default"}),
			[]string{
				at + ".existing: is set together with settings of a new instance; remove name, network, publicAddress and " +
					"highAvailability: nothing changes an existing instance",
				at + ".host: is not a private address; use the instance's, for example 10.20.0.3"}},
		{"names", "", one(map[string]any{"name": "Main", "database": "1app", "version": "MYSQL_8_0", "network": "Net"}), []string{
			at + ".database: is not a database's name; use at most 63 lower-case letters, digits, underscores and hyphens, " +
				"a letter or underscore first",
			at + ".name: is not an instance's name; use at most 84 lower-case letters, digits and hyphens, a letter first, no hyphen last",
			at + ".network: is not a network; use its name, or projects/PROJECT/global/networks/NAME",
			at + ".version: is not a version of PostgreSQL; use POSTGRES_17, for example"}},
		{"one vCPU and too much", "", one(map[string]any{"tier": "db-custom-1-7680"}), []string{tier}},
		{"three vCPUs", "", one(map[string]any{"tier": "db-custom-3-7680"}), []string{tier}},
		{"too little", "", one(map[string]any{"tier": "db-custom-8-3840"}), []string{tier}},
		{"four", "", one(map[string]any{"tier": "db-custom-4-15360"}), nil},
		{"shared", "", one(map[string]any{"tier": "db-f1-micro"}), nil},
		{"another's", "", one(map[string]any{"tier": "db-n1-standard-1"}), []string{
			at + ".tier: is not a size of PostgreSQL; use db-custom-VCPUS-MEGABYTES, for example db-custom-1-3840, db-f1-micro or db-g1-small"}},
		{"numbers", "", one(map[string]any{"diskGB": 5, "diskLimitGB": 4, "backupHour": 24, "backupsKept": 1, "maintenanceDay": 8,
			"maintenanceHour": -1}), []string{
			at + ".backupHour: is out of range; use 0 to 23 as the hour", at + ".backupsKept: is out of range; use 7 to 365 backups",
			at + ".diskGB: is out of range; use 10 to 65536 GB",
			at + ".diskLimitGB: is under diskGB; raise it, or lower diskGB",
			at + ".maintenanceDay: is out of range; use 1 to 7 as the day", at + ".maintenanceHour: is out of range; use 0 to 23 as the hour"}},
		{"a long key", "", change{"databases." + strings.Repeat("a", 31): map[string]any{"network": "default"}}, []string{
			"databases." + strings.Repeat("a", 31) + ": has a key that is not a short name; use at most 30 lower-case letters, digits and " +
				"hyphens, a letter first, no hyphen last"}},
		{"one instance twice", "", change{at: map[string]any{"network": "n", "name": "x"}, "databases.other": map[string]any{"existing": "x"}},
			[]string{"databases.other.name: is also the instance of databases.main; give each its own"}},
		{"a service outside the database's network", "",
			change{at: map[string]any{"network": "default"}, "services.web.databases": map[string]any{"DB": "main"}}, []string{
				"services.web.databases.DB: is in a network that the service cannot reach; set vpc"}},
		{"variables", "", change{"services.web.databases": map[string]any{"DB": "main"},
			"services.web.environment": map[string]any{"DB_HOST": "x"}},
			[]string{"services.web.databases.DB: has a second source under environment; keep one of the two",
				"services.web.databases.DB: names a database that is not declared; declare it under databases at the top level"}},
	})
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	const at = "buckets.files"
	checkRefused(t, []refused{
		{"names", "", change{at: map[string]any{"name": "Files"}, "buckets.more": map[string]any{"name": "my-google-files"}}, []string{
			at + ".name: is not a bucket's name; use 3-63 lower-case letters, digits and hyphens, no hyphen first or last, and not google",
			"buckets.more.name: is not a bucket's name; use 3-63 lower-case letters, digits and hyphens, no hyphen first or last, and not google"}},
		{"one bucket twice", "", change{at: map[string]any{"name": "shop-x"}, "buckets.more": map[string]any{"existing": "shop-x"}}, []string{
			"buckets.more.name: is also the bucket of buckets.files; give each its own"}},
		{"existing", "", change{at: map[string]any{"existing": "shop-x", "deleteAfterDays": 1}}, []string{
			at + ".existing: is set together with settings of a new bucket; remove name and deleteAfterDays: nothing changes an existing bucket"}},
		{"numbers", "", change{at: map[string]any{"keepDays": 0, "deleteAfterDays": -1}}, []string{
			at + ".deleteAfterDays: is under 0; use 0 or more", at + ".keepDays: is under 1; use 1 or more"}},
		{"who", "", change{at: map[string]any{"readers": []any{"web", "worker"}, "writers": []any{"web"}}}, []string{
			at + ".readers[0]: is there twice; keep one: a writer reads too",
			at + ".readers[1]: names a service that is not there; use the key of one under services"}},
		{"closed", "", change{at: map[string]any{}, "services.web.buckets": map[string]any{"A": "files", "B": "none"}}, []string{
			"services.web.buckets.A: names a bucket that does not let the service in; add the service to its readers or writers",
			"services.web.buckets.B: names a bucket that is not declared; declare it under buckets at the top level"}},
		{"the sockets' folder", "", change{at: map[string]any{"readers": []any{"web"}}, "services.web.executionEnvironment": "gen1",
			"services.web.volumes": map[string]any{"cloudsql": map[string]any{"bucket": "files"}},
			"services.web.mounts":  map[string]any{"cloudsql": "/cloudsql"}}, []string{
			"services.web.mounts.cloudsql: is where the sockets of databases are; choose another",
			"services.web.volumes.cloudsql: is not mounted by the execution environment gen1; use gen2",
			"services.web.volumes.cloudsql: is the name of the volume for databases' sockets; choose another"}},
	})
}

func TestLatencyObjective(t *testing.T) {
	t.Parallel()
	const at = "services.web.slo.latency"
	checkRefused(t, []refused{
		{"one", "", change{at: map[string]any{"percent": 95, "milliseconds": 800}}, nil},
		{"out of range", "", change{at: map[string]any{"percent": 100, "milliseconds": 0}}, []string{
			at + ".milliseconds: is out of range; use 1 to 60000 milliseconds",
			at + ".percent: is out of range; use a percentage over 0 and at most 99.9: a higher goal allows too few failures to alert on"}},
	})
}
