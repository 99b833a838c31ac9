package stacks

// Database is a Cloud SQL instance for PostgreSQL with one database, with careful settings: no address on the internet, TLS only,
// IAM users without passwords, backups with point-in-time recovery, and protection from deletion at Google and in Pulumi.
type Database struct {
	// Existing is the name of an instance of this project that somebody else manages. Services then get a user and their grants,
	// and nothing else is made or changed. Default: none; the instance is made.
	Existing string `json:"existing,omitempty"`
	// Host is the private address of an existing instance. Default: none; the instance is reached by a socket below
	// /cloudsql.
	Host string `json:"host,omitempty"`
	// Name is the instance's name. The name of a deleted instance cannot be used again for a week. Default: the key.
	Name string `json:"name,omitempty"`
	// Database is the name of the database in the instance. Default: app.
	Database string `json:"database,omitempty" default:"app"`
	// Version is the version of PostgreSQL. Raising it stops the database for minutes; it cannot be lowered. Default:
	// POSTGRES_17.
	Version string `json:"version,omitempty" default:"POSTGRES_17"`
	// Tier is db-custom-VCPUS-MEGABYTES, or db-f1-micro and db-g1-small, which share a processor and have no service level. Changing
	// it restarts the database. Default: db-custom-1-3840.
	Tier string `json:"tier,omitempty" default:"db-custom-1-3840"`
	// HighAvailability keeps a second instance in another zone, which takes over if the first one fails. It doubles the
	// price. Default: false.
	HighAvailability bool `json:"highAvailability,omitempty"`
	// Network is the network in which the database has its address, by name or as projects/PROJECT/global/networks/NAME. The
	// network needs Private Services Access, which a person sets up once. Default: none, allowed with PublicAddress or Existing
	// only.
	Network string `json:"network,omitempty"`
	// PublicAddress gives the instance an address on the internet instead. It accepts only connections through Cloud SQL's connectors
	// with an IAM grant, and services reach it by a socket below /cloudsql. The policy sql-hardening refuses it until the instance is
	// exempted. Default: false.
	PublicAddress bool `json:"publicAddress,omitempty"`
	// DiskGB is the disk's first size in GB, at least 10. The disk grows up to DiskLimitGB and never shrinks. Default: 10.
	DiskGB int `json:"diskGB,omitempty" default:"10"`
	// DiskLimitGB limits the disk in GB, and so the cost. A full disk at this size makes the database refuse writes.
	// Default: 100.
	DiskLimitGB int `json:"diskLimitGB,omitempty" default:"100"`
	// BackupHour is the hour at which the day's backup begins, 0-23, UTC. Default: 3.
	BackupHour int `json:"backupHour,omitempty" default:"3"`
	// BackupsKept is how many backups are kept, 7-365. In addition, any moment of the last 7 days can be restored. Default:
	// 14.
	BackupsKept int `json:"backupsKept,omitempty" default:"14"`
	// MaintenanceDay is the day on which Google may restart the instance, 1 (Monday) to 7 (Sunday). Default: 7.
	MaintenanceDay int `json:"maintenanceDay,omitempty" default:"7"`
	// MaintenanceHour is the hour of that day, 0-23, UTC. Default: 5.
	MaintenanceHour int `json:"maintenanceHour,omitempty" default:"5"`
	// DeletionProtection keeps Google, Pulumi and `destroy` from deleting the instance. To delete the instance, write false, run
	// `up`, and only then remove the database. Default: true.
	DeletionProtection *bool `json:"deletionProtection,omitempty" default:"true"`
}

// Bucket is a Cloud Storage bucket that nobody outside can read, and that keeps overwritten objects for a while.
type Bucket struct {
	// Existing is the name of a bucket that somebody else manages. Services then get their grants, and nothing else is made or
	// changed. Default: none; the bucket is made.
	Existing string `json:"existing,omitempty"`
	// Name is the bucket's name, which is unique in all of Google Cloud. Default: the project's id, a hyphen and the
	// key.
	Name string `json:"name,omitempty"`
	// KeepDays is for how many days overwritten and deleted objects can be brought back, at least 1. Default: 30.
	KeepDays int `json:"keepDays,omitempty" default:"30"`
	// DeleteAfterDays is the age in days at which objects are deleted. Default: 0, never.
	DeleteAfterDays int `json:"deleteAfterDays,omitempty"`
	// Readers are the keys of services that read objects. Default: none.
	Readers []string `json:"readers,omitempty"`
	// Writers are the keys of services that read, write and delete objects. Default: none.
	Writers []string `json:"writers,omitempty"`
	// JobReaders are the keys of jobs that read objects. Default: none.
	JobReaders []string `json:"jobReaders,omitempty"`
	// JobWriters are the keys of jobs that read, write and delete objects. Default: none.
	JobWriters []string `json:"jobWriters,omitempty"`
	// DeletionProtection keeps Pulumi and `destroy` from deleting the bucket; a bucket with objects is never deleted. To delete the
	// bucket, write false, run `up`, empty the bucket, and only then remove it. Default: true.
	DeletionProtection *bool `json:"deletionProtection,omitempty" default:"true"`
}
