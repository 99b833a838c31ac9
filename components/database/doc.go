// Package database makes a Cloud SQL instance for PostgreSQL with one database, and lets accounts log in to it by IAM, without a
// password.
//
//	db, err := database.NewDatabase(ctx, "database-main", &database.DatabaseArgs{
//		Project: pulumi.String("shop-dev"), Region: pulumi.String("us-central1"),
//		Instance: "main", Name: "app", Version: "POSTGRES_17", Tier: "db-custom-1-3840",
//		Network: "projects/shop-dev/global/networks/default", Protected: true,
//		DiskGB: 10, DiskLimitGB: 100, BackupHour: 3, BackupsKept: 14, MaintenanceDay: 7, MaintenanceHour: 5,
//		Clients: map[string]database.Client{"web": {Email: runtime.Email, Member: runtime.Member}},
//	})
//
// # Deletion
//
// Four protections keep a destroy from deleting the data. Pulumi's protection makes a destroy fail and leave instance and database.
// Resources that do not depend on them may be gone by then. The provider's deletionProtection and Google's deletionProtectionEnabled
// refuse to delete the instance. And the program abandons the database (deletionPolicy ABANDON): a destroy deletes the content of an
// instance first, so it would drop the database before the instance's deletion is refused. Protected: false takes the first three
// protections away. This needs an update before the destroy.
//
// # Without the SDK's package
//
// Every program that imports the SDK's packages for Cloud SQL and Cloud Storage compiles them, for seven and thirteen seconds of
// processor time, even without a database. So this package registers resources by their type token, and its tests compare the inputs
// with the provider's own description.
package database
