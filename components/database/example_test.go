package database_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/database"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

func ExampleNewDatabase() {
	pulumitest.Print(func(ctx *pulumi.Context) error {
		db, err := database.NewDatabase(ctx, "main", &database.DatabaseArgs{
			Project: pulumi.String("shop-dev"), Region: pulumi.String("us-central1"),
			Instance: "main", Name: "app", Version: "POSTGRES_17", Tier: "db-custom-1-3840",
			Network: "projects/shop-dev/global/networks/default",
			DiskGB:  10, DiskLimitGB: 100, BackupHour: 3, BackupsKept: 14, MaintenanceDay: 7, MaintenanceHour: 5, Protected: true,
			Clients: map[string]database.Client{"web": {
				Email:  pulumi.String("web@shop-dev.iam.gserviceaccount.com"),
				Member: pulumi.String("serviceAccount:web@shop-dev.iam.gserviceaccount.com"),
			}},
		})
		if err != nil {
			return err
		}
		ctx.Export("host", db.Host)
		ctx.Export("user", db.Users["web"])
		return nil
	})
	// Output:
	// procureflow:database:Database main
	// gcp:sql/database:Database main-database
	// gcp:sql/databaseInstance:DatabaseInstance main-instance
	// gcp:projects/iAMMember:IAMMember main-web-client
	// gcp:projects/iAMMember:IAMMember main-web-instanceUser
	// gcp:sql/user:User main-web-user
}
