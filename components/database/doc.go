// Package database is a Cloud SQL instance for PostgreSQL with one database, and the accounts that may log in to it, by IAM and
// without a password.
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
// Four things stand between a destroy and the data. Pulumi's protection makes a destroy leave instance and database and fail, though
// what does not depend on them may be gone by then; the provider's deletionProtection and Google's own, deletionProtectionEnabled,
// refuse the instance's deletion; and the database is left where it is (deletionPolicy ABANDON), because a destroy deletes what is in
// an instance first, and would have dropped it by the time the instance is refused. Protected: false takes the first three away, in an
// update of its own, and has users go with the instance.
//
// # Without the SDK's package
//
// The SDK's package for Cloud SQL takes seven seconds of processor time to compile, and the one for Cloud Storage thirteen, for every
// program, with or without a database. Resources are registered by their type token here, and the tests hold their inputs against the
// provider's own description.
package database
