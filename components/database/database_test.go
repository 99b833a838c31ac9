package database_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/components/database"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

const (
	instanceType = "gcp:sql/databaseInstance:DatabaseInstance"
	databaseType = "gcp:sql/database:Database"
	userType     = "gcp:sql/user:User"
	memberType   = "gcp:projects/iAMMember:IAMMember"
)

func args(change func(*database.DatabaseArgs)) *database.DatabaseArgs {
	a := &database.DatabaseArgs{
		Project: pulumi.String("shop-dev"), Region: pulumi.String("us-central1"), Instance: "main", Name: "app",
		Version: "POSTGRES_17", Tier: "db-custom-1-3840", Network: "projects/shop-dev/global/networks/default", DiskGB: 10, DiskLimitGB: 100,
		BackupHour: 3, BackupsKept: 14, MaintenanceDay: 7, MaintenanceHour: 5, Protected: true,
		Clients: map[string]database.Client{"web": {
			Email:  pulumi.String("web@shop-dev.iam.gserviceaccount.com"),
			Member: pulumi.String("serviceAccount:web@shop-dev.iam.gserviceaccount.com"),
		}},
	}
	if change != nil {
		change(a)
	}
	return a
}

func run(t *testing.T, a *database.DatabaseArgs) (*pulumitest.Inventory, *database.Database) {
	t.Helper()
	var db *database.Database
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		var err error
		db, err = database.NewDatabase(ctx, "db", a)
		return err
	})
	pulumitest.CheckParents(t, inventory)
	return inventory, db
}

// TestInstanceInputs pins everything that is sent, so that a reviewer sees every change of it.
func TestInstanceInputs(t *testing.T) {
	t.Parallel()
	inventory, db := run(t, args(nil))
	assert.Equal(t, map[string]any{
		"project": "shop-dev", "region": "us-central1", "name": "main", "databaseVersion": "POSTGRES_17", "deletionProtection": true,
		"settings": map[string]any{
			"tier": "db-custom-1-3840", "edition": "ENTERPRISE", "availabilityType": "ZONAL", "diskType": "PD_SSD", "diskSize": 10.0,
			"diskAutoresize": true, "diskAutoresizeLimit": 100.0, "deletionProtectionEnabled": true,
			"ipConfiguration": map[string]any{"ipv4Enabled": false, "sslMode": "ENCRYPTED_ONLY",
				"privateNetwork": "projects/shop-dev/global/networks/default"},
			"backupConfiguration": map[string]any{"enabled": true, "startTime": "03:00", "pointInTimeRecoveryEnabled": true,
				"transactionLogRetentionDays": 7.0, "backupRetentionSettings": map[string]any{"retainedBackups": 14.0, "retentionUnit": "COUNT"}},
			"maintenanceWindow": map[string]any{"day": 7.0, "hour": 5.0, "updateTrack": "stable"},
			"databaseFlags":     []any{map[string]any{"name": "cloudsql.iam_authentication", "value": "on"}},
		},
	}, inventory.One(t, instanceType, "db-instance").Inputs)
	assert.Equal(t, "shop-dev:us-central1:main", pulumitest.Value[string](t, db.ConnectionName))
	assert.Equal(t, "web@shop-dev.iam", pulumitest.Value[string](t, db.Users["web"]))
	assert.Len(t, db.Ready, 3)
}

// TestDestroyDropsNoData checks that the database is abandoned rather than dropped. An update that removes a service still removes
// its user.
func TestDestroyDropsNoData(t *testing.T) {
	t.Parallel()
	inventory, _ := run(t, args(nil))
	assert.Equal(t, "ABANDON", inventory.One(t, databaseType, "db-database").Inputs["deletionPolicy"])
	assert.NotContains(t, inventory.One(t, userType, "db-web-user").Inputs, "deletionPolicy", "removing a service removes its user")

	inventory, _ = run(t, args(func(a *database.DatabaseArgs) { a.Protected = false }))
	assert.Equal(t, "ABANDON", inventory.One(t, userType, "db-web-user").Inputs["deletionPolicy"],
		"the user is deleted together with the instance")
	instance := inventory.One(t, instanceType, "db-instance").Inputs
	assert.Equal(t, false, instance["deletionProtection"])
	assert.Equal(t, false, instance["settings"].(map[string]any)["deletionProtectionEnabled"])
}

func TestClientMayUseOnlyThisInstance(t *testing.T) {
	t.Parallel()
	inventory, _ := run(t, args(nil))
	for name, role := range map[string]string{"db-web-client": "roles/cloudsql.client", "db-web-instanceUser": "roles/cloudsql.instanceUser"} {
		grant := inventory.One(t, memberType, name).Inputs
		assert.Equal(t, role, grant["role"])
		assert.Equal(t, "resource.name == 'projects/shop-dev/instances/main' && resource.service == 'sqladmin.googleapis.com'",
			grant["condition"].(map[string]any)["expression"])
	}
}

func TestPublicAndExistingInstances(t *testing.T) {
	t.Parallel()
	public, db := run(t, args(func(a *database.DatabaseArgs) { a.Network, a.HighAvailability = "", true }))
	settings := public.One(t, instanceType, "db-instance").Inputs["settings"].(map[string]any)
	assert.Equal(t, map[string]any{"ipv4Enabled": true, "sslMode": "ENCRYPTED_ONLY"}, settings["ipConfiguration"],
		"no network may connect directly")
	assert.Equal(t, "REQUIRED", settings["connectorEnforcement"])
	assert.Equal(t, "REGIONAL", settings["availabilityType"])
	assert.Equal(t, "/cloudsql/shop-dev:us-central1:main", pulumitest.Value[string](t, db.Host))

	existing, db := run(t, args(func(a *database.DatabaseArgs) { a.Existing, a.Host = true, "10.0.0.3" }))
	assert.Empty(t, existing.OfType(instanceType))
	assert.Empty(t, existing.OfType(databaseType))
	assert.Len(t, existing.OfType(userType), 1)
	assert.Equal(t, "10.0.0.3", pulumitest.Value[string](t, db.Host))
}

func TestBadArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args *database.DatabaseArgs
		want []string
	}{
		"nil": {nil, []string{"args is nil"}},
		"all": {&database.DatabaseArgs{Network: "default", Host: "x", BackupHour: 24, MaintenanceHour: 24,
			Clients: map[string]database.Client{"Web": {}}}, []string{
			"args.Project is missing", "args.Region is missing", "args.Instance is missing", "args.Name is missing", "args.Version is missing",
			"args.Tier is missing", `args.Network "default" is not a network`, "args.Host is set, and only an existing", "args.DiskGB is 0",
			"args.BackupHour is 24", "args.BackupsKept is 0", "args.MaintenanceDay is 0", "args.MaintenanceHour is 24",
			`args.Clients key "Web" names a resource`, `args.Clients["Web"] lacks Email or Member`}},
	} {
		inventory, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
			_, err := database.NewDatabase(ctx, "db", test.args)
			return err
		})
		require.Error(t, err, name)
		for _, want := range test.want {
			assert.ErrorContains(t, err, want)
		}
		assert.Empty(t, inventory.Resources)
	}
}
