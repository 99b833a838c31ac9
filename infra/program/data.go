package program

import (
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/bucket"
	"github.com/guiofsaints/procureflow-platform/components/cloudrun"
	"github.com/guiofsaints/procureflow-platform/components/database"
	"github.com/guiofsaints/procureflow-platform/components/project"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// The APIs and permissions for databases and buckets, if the settings have any.
var (
	databaseAPIs = map[string]string{"sqladmin.googleapis.com": "Has the databases."}
	bucketAPIs   = map[string]string{"storage.googleapis.com": "Has the buckets."}
)

// The custom roles of the pipeline for data. No account may delete an instance, a database, a user or a bucket, or read what is in
// one: that takes a person.
const (
	dataReaderRole = "DataReader"
	dataKeeperRole = "DataKeeper"
)

var (
	databaseReads = []string{"cloudsql.databases.get", "cloudsql.instances.get", "cloudsql.users.list"}
	databaseKeeps = []string{
		"cloudsql.databases.create", "cloudsql.databases.update", "cloudsql.instances.create", "cloudsql.instances.update",
		"cloudsql.users.create", "cloudsql.users.update",
	}
	bucketReads = []string{"storage.buckets.get", "storage.buckets.getIamPolicy"}
	bucketKeeps = []string{"storage.buckets.create", "storage.buckets.update"}
)

// dataRoles returns the custom roles for the data that the settings have, if any.
func dataRoles(s stacks.Settings) map[string]project.Role {
	var reads, keeps []string
	if len(s.Databases) > 0 {
		reads, keeps = append(reads, databaseReads...), append(keeps, databaseKeeps...)
	}
	if len(s.Buckets) > 0 {
		reads, keeps = append(reads, bucketReads...), append(keeps, bucketKeeps...)
	}
	if len(reads) == 0 {
		return nil
	}
	return map[string]project.Role{
		dataReaderRole: {
			Title: "Data reader", Permissions: reads,
			Reason: "Reads the settings of databases and buckets, and no data in them.",
		},
		dataKeeperRole: {
			Title: "Data keeper", Permissions: slices.Concat(reads, keeps),
			Reason: "Makes and changes databases and buckets. It may neither delete one nor read the data in it.",
		},
	}
}

// writeData makes the databases and buckets of services and jobs. Each client gets its own user, and grants on that one
// instance or bucket.
func (p *platform) writeData(ctx *pulumi.Context) error {
	p.databases, p.buckets = map[string]*database.Database{}, map[string]*bucket.Bucket{}
	for _, key := range slices.Sorted(maps.Keys(p.settings.Databases)) {
		made, err := database.NewDatabase(ctx, "database-"+key, p.databaseArgs(key), p.inProject()...)
		if err != nil {
			return err
		}
		p.databases[key] = made
	}
	for _, key := range slices.Sorted(maps.Keys(p.settings.Buckets)) {
		b := p.settings.Buckets[key]
		made, err := bucket.NewBucket(ctx, "bucket-"+key, &bucket.BucketArgs{
			Project: p.projectID(), Location: p.region(), Name: b.BucketName(key, p.settings.Project.ID), Existing: b.Existing != "",
			KeepDays: b.KeepDays, DeleteAfterDays: b.DeleteAfterDays, Protected: *b.DeletionProtection,
			Readers: p.members(b.Readers, b.JobReaders), Writers: p.members(b.Writers, b.JobWriters), Labels: p.labels(),
		}, p.inProject()...)
		if err != nil {
			return err
		}
		p.buckets[key] = made
	}
	return nil
}

func (p *platform) databaseArgs(key string) *database.DatabaseArgs {
	d := p.settings.Databases[key]
	clients := map[string]database.Client{}
	for service, s := range p.settings.Services {
		if slices.Contains(slices.Collect(maps.Values(s.Databases)), key) {
			clients[service] = database.Client{Email: p.runtimes[service].Email, Member: p.runtimes[service].Member}
		}
	}
	for name, s := range p.settings.Jobs {
		if slices.Contains(slices.Collect(maps.Values(s.Databases)), key) {
			account := p.jobAccounts[name].runtime
			clients[jobClient(name)] = database.Client{Email: account.Email, Member: account.Member}
		}
	}
	network := d.Network
	if network != "" && !strings.Contains(network, "/") {
		network = "projects/" + p.settings.Project.ID + "/global/networks/" + network
	}
	return &database.DatabaseArgs{
		Project: p.projectID(), Region: p.region(), Instance: d.Instance(key), Existing: d.Existing != "", Host: d.Host, Name: d.Database,
		Version: d.Version, Tier: d.Tier, HighAvailability: d.HighAvailability, Network: network,
		DiskGB: d.DiskGB, DiskLimitGB: d.DiskLimitGB, BackupHour: d.BackupHour, BackupsKept: d.BackupsKept,
		MaintenanceDay: d.MaintenanceDay, MaintenanceHour: d.MaintenanceHour, Protected: *d.DeletionProtection,
		Clients: clients, Labels: p.labels(),
	}
}

func (p *platform) members(services, jobs []string) map[string]pulumi.StringInput {
	members := map[string]pulumi.StringInput{}
	for _, key := range services {
		members[key] = p.runtimes[key].Member
	}
	for _, key := range jobs {
		members[jobClient(key)] = p.jobAccounts[key].runtime.Member
	}
	return members
}

// dataVariables returns the variables that tell a service or job its databases and buckets.
func (p *platform) dataVariables(databases, buckets map[string]string, client string) map[string]pulumi.StringInput {
	variables := map[string]pulumi.StringInput{}
	for prefix, id := range databases {
		db := p.databases[id]
		variables[prefix+"_HOST"] = db.Host
		variables[prefix+"_NAME"] = pulumi.String(p.settings.Databases[id].Database)
		variables[prefix+"_USER"] = db.Users[client]
		variables[prefix+"_INSTANCE"] = db.ConnectionName
	}
	for name, id := range buckets {
		variables[name] = p.buckets[id].Name
	}
	return variables
}

// connections returns the connection names of the databases that are reached by a socket.
func (p *platform) connections(databases map[string]string) pulumi.StringArray {
	connections := pulumi.StringArray{}
	for _, id := range slices.Compact(slices.Sorted(maps.Values(databases))) {
		if p.settings.Databases[id].BySocket() {
			connections = append(connections, p.databases[id].ConnectionName)
		}
	}
	return connections
}

// sockets adds the folder with the sockets of a service's databases. The program mounts it by name. Otherwise Cloud Run would add
// a mount that the program does not have, and every preview would remove it.
func (p *platform) sockets(s stacks.Service, volumes map[string]cloudrun.Volume) map[string]string {
	connections, mounts := p.connections(s.Databases), maps.Clone(s.Mounts)
	if len(connections) == 0 {
		return mounts
	}
	if mounts == nil {
		mounts = map[string]string{}
	}
	volumes[stacks.SocketVolume] = cloudrun.Volume{CloudSQL: connections}
	mounts[stacks.SocketVolume] = "/cloudsql"
	return mounts
}

// dataReady returns the resources that a service's first revision, or a job, waits for: its databases and its buckets, mounted
// ones included.
func (p *platform) dataReady(databases, buckets map[string]string, mounted ...string) []pulumi.Resource {
	var needs []pulumi.Resource
	for _, id := range slices.Compact(slices.Sorted(maps.Values(databases))) {
		needs = append(needs, p.databases[id].Ready...)
	}
	used := slices.AppendSeq(slices.Clone(mounted), maps.Values(buckets))
	for _, id := range slices.Compact(slices.Sorted(slices.Values(used))) {
		needs = append(needs, p.buckets[id].Ready...)
	}
	return needs
}
