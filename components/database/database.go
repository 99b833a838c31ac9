package database

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/projects"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
	"github.com/guiofsaints/procureflow-platform/internal/pulumiopt"
)

// TypeToken identifies the component in state. It never changes.
const TypeToken = "procureflow:database:Database"

// Tokens of the resources of Cloud SQL.
const (
	instanceToken = "gcp:sql/databaseInstance:DatabaseInstance"
	databaseToken = "gcp:sql/database:Database"
	userToken     = "gcp:sql/user:User"
)

// clientRoles are the roles that a client needs: to reach the instance, and to log in as its user.
var clientRoles = []string{"roles/cloudsql.client", "roles/cloudsql.instanceUser"}

// abandon is the deletion policy that leaves a database or user in the instance when the program no longer has it.
const abandon = "ABANDON"

// DatabaseArgs describes a database.
type DatabaseArgs struct {
	// Project is the id of the instance's project. Required.
	Project pulumi.StringInput
	// Region is the instance's region. Required.
	Region pulumi.StringInput
	// Instance is the instance's name. Required.
	Instance string
	// Existing says that somebody else manages the instance. The component then makes only the clients' users and grants. Default:
	// false.
	Existing bool
	// Host is the private address of an existing instance. Default: none.
	Host string
	// Name is the database's name. Required.
	Name string
	// Version is the version of PostgreSQL, for example POSTGRES_17. Required unless Existing.
	Version string
	// Tier is the machine's size, for example db-custom-1-3840 for 1 vCPU and 3,840 MiB. Required unless Existing.
	Tier string
	// HighAvailability keeps a second instance in another zone. Default: false.
	HighAvailability bool
	// Network is projects/PROJECT/global/networks/NAME, in which the instance has its only address. Default: none. The instance then has
	// an address on the internet, which accepts only connections through a Cloud SQL connector.
	Network string
	// DiskGB is the disk's size in GB, and DiskLimitGB the size up to which it grows. Required unless Existing.
	DiskGB, DiskLimitGB int
	// BackupHour is the hour in UTC, 0-23, at which the day's backup begins. Default: 0. BackupsKept is how many backups are kept, at
	// least 7. Required unless Existing.
	BackupHour, BackupsKept int
	// MaintenanceDay (1 for Monday to 7) and MaintenanceHour (UTC, 0-23) say when Google may restart the instance.
	// Required unless Existing.
	MaintenanceDay, MaintenanceHour int
	// Protected keeps everybody from deleting the instance. Default: false.
	Protected bool
	// Clients are the accounts that log in, by a key that names their resources. Default: none.
	Clients map[string]Client
	// Labels are put on the instance. Default: none.
	Labels pulumi.StringMapInput
}

// Client is a service account that logs in to the database.
type Client struct {
	// Email is the account's address. Member is the same account as IAM writes it, serviceAccount:EMAIL. Required.
	Email, Member pulumi.StringInput
}

// Database is an instance with a database.
type Database struct {
	pulumi.ResourceState

	// ConnectionName is PROJECT:REGION:INSTANCE.
	ConnectionName pulumi.StringOutput
	// Host is the address that a client connects to: the instance's private address, or the folder of its socket.
	Host pulumi.StringOutput
	// Users are the clients' names in the database, by key. They are known before anything exists.
	Users map[string]pulumi.StringOutput
	// Ready are the resources that a client has to wait for: its grants and its user.
	Ready []pulumi.Resource
}

type instance struct {
	pulumi.CustomResourceState
	ConnectionName   pulumi.StringOutput `pulumi:"connectionName"`
	PrivateIPAddress pulumi.StringOutput `pulumi:"privateIpAddress"`
}

type resource struct{ pulumi.CustomResourceState }

// NewDatabase makes the instance, its database and its clients. It fails before registering anything when an argument is missing or
// impossible, and then names every such argument.
func NewDatabase(ctx *pulumi.Context, name string, args *DatabaseArgs, opts ...pulumi.ResourceOption) (*Database, error) {
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("database %q: %w", name, err)
	}
	db := &Database{Users: map[string]pulumi.StringOutput{}}
	if err := ctx.RegisterComponentResourceV2(TypeToken, name, args.inputs(), db, opts...); err != nil {
		return nil, fmt.Errorf("register database %q: %w", name, err)
	}
	db.ConnectionName = pulumi.Sprintf("%s:%s:%s", args.Project, args.Region, args.Instance)
	db.Host = pulumi.String(args.Host).ToStringOutput()
	var made []pulumi.Resource
	if !args.Existing {
		sql := &instance{}
		options := pulumiopt.GoogleChild(db, pulumi.Protect(args.Protected))
		if err := ctx.RegisterResource(instanceToken, name+"-instance", args.instance(), sql, options...); err != nil {
			return nil, fmt.Errorf("database %q: instance: %w", name, err)
		}
		db.Host = sql.PrivateIPAddress
		made = append(made, sql)
		err := ctx.RegisterResource(databaseToken, name+"-database", pulumi.Map{
			"project": args.Project, "instance": pulumi.String(args.Instance), "name": pulumi.String(args.Name),
			"charset": pulumi.String("UTF8"), "collation": pulumi.String("en_US.UTF8"), "deletionPolicy": pulumi.String(abandon),
		}, &resource{}, pulumiopt.GoogleChild(db, pulumi.DependsOn(made), pulumi.Protect(args.Protected))...)
		if err != nil {
			return nil, fmt.Errorf("database %q: %w", name, err)
		}
	}
	if args.BySocket() {
		db.Host = pulumi.Sprintf("/cloudsql/%s", db.ConnectionName)
	}
	for _, key := range slices.Sorted(maps.Keys(args.Clients)) {
		if err := db.admit(ctx, name, key, args, made); err != nil {
			return nil, fmt.Errorf("database %q: client %q: %w", name, key, err)
		}
	}
	return db, ctx.RegisterResourceOutputs(db, pulumi.Map{"connectionName": db.ConnectionName, "host": db.Host})
}

// BySocket says whether clients connect by Cloud Run's own connection.
func (args *DatabaseArgs) BySocket() bool {
	if args.Existing {
		return args.Host == ""
	}
	return args.Network == ""
}

// admit gives a client its grants, on this instance alone, and its user.
func (db *Database) admit(ctx *pulumi.Context, name, key string, args *DatabaseArgs, made []pulumi.Resource) error {
	client := args.Clients[key]
	for _, role := range clientRoles {
		grant, err := projects.NewIAMMember(ctx, name+"-"+key+"-"+role[len("roles/cloudsql."):], &projects.IAMMemberArgs{
			Project: args.Project, Role: pulumi.String(role), Member: client.Member,
			Condition: &projects.IAMMemberConditionArgs{
				Title:       pulumi.String("only-" + args.Instance),
				Description: pulumi.String("This instance and no other"),
				Expression: pulumi.Sprintf("resource.name == 'projects/%s/instances/%s' && resource.service == 'sqladmin.googleapis.com'",
					args.Project, args.Instance),
			},
		}, pulumiopt.Child(db)...)
		if err != nil {
			return err
		}
		db.Ready = append(db.Ready, grant)
	}
	// A name in PostgreSQL has at most 63 characters, so Cloud SQL drops the suffix that all service accounts have.
	db.Users[key] = client.Email.ToStringOutput().ApplyT(func(email string) string {
		return strings.TrimSuffix(email, ".gserviceaccount.com")
	}).(pulumi.StringOutput)
	user, inputs := &resource{}, pulumi.Map{
		"project": args.Project, "instance": pulumi.String(args.Instance), "name": db.Users[key],
		"type": pulumi.String("CLOUD_IAM_SERVICE_ACCOUNT"),
	}
	if !args.Protected && !args.Existing { // PostgreSQL does not delete a user that owns something; the user goes with the instance
		inputs["deletionPolicy"] = pulumi.String(abandon)
	}
	err := ctx.RegisterResource(userToken, name+"-"+key+"-user", inputs, user, pulumiopt.GoogleChild(db, pulumi.DependsOn(made))...)
	db.Ready = append(db.Ready, user)
	return err
}

// instance returns the inputs of the instance. Defaults of the API that matter are written out, so that a changed default changes
// nothing here.
func (args *DatabaseArgs) instance() pulumi.Map {
	text := func(format string, values ...any) pulumi.String { return pulumi.String(fmt.Sprintf(format, values...)) }
	availability := "ZONAL"
	if args.HighAvailability {
		availability = "REGIONAL"
	}
	addresses := pulumi.Map{"ipv4Enabled": pulumi.Bool(args.Network == ""), "sslMode": text("ENCRYPTED_ONLY")}
	settings := pulumi.Map{
		"tier": text("%s", args.Tier), "edition": text("ENTERPRISE"), "availabilityType": text("%s", availability),
		"diskType": text("PD_SSD"), "diskSize": pulumi.Int(args.DiskGB), "diskAutoresize": pulumi.Bool(true),
		"diskAutoresizeLimit": pulumi.Int(args.DiskLimitGB), "deletionProtectionEnabled": pulumi.Bool(args.Protected),
		"ipConfiguration": addresses,
		"backupConfiguration": pulumi.Map{
			"enabled": pulumi.Bool(true), "startTime": text("%02d:00", args.BackupHour), "pointInTimeRecoveryEnabled": pulumi.Bool(true),
			"transactionLogRetentionDays": pulumi.Int(7),
			"backupRetentionSettings": pulumi.Map{
				"retainedBackups": pulumi.Int(args.BackupsKept), "retentionUnit": text("COUNT"),
			},
		},
		"maintenanceWindow": pulumi.Map{
			"day": pulumi.Int(args.MaintenanceDay), "hour": pulumi.Int(args.MaintenanceHour), "updateTrack": text("stable"),
		},
		"databaseFlags": pulumi.Array{pulumi.Map{"name": text("cloudsql.iam_authentication"), "value": text("on")}},
	}
	if args.Network != "" {
		addresses["privateNetwork"] = text("%s", args.Network)
	} else {
		// The address on the internet accepts only callers with a grant: no network is authorized, and plain connections are
		// refused.
		settings["connectorEnforcement"] = text("REQUIRED")
	}
	if args.Labels != nil {
		settings["userLabels"] = args.Labels
	}
	return pulumi.Map{
		"project": args.Project, "region": args.Region, "name": text("%s", args.Instance), "databaseVersion": text("%s", args.Version),
		"deletionProtection": pulumi.Bool(args.Protected), "settings": settings,
	}
}

// inputs returns the component's inputs, which state keeps and policies read.
func (args *DatabaseArgs) inputs() pulumi.Map {
	return pulumi.Map{
		"project": args.Project, "region": args.Region, "instance": pulumi.String(args.Instance), "existing": pulumi.Bool(args.Existing),
		"name": pulumi.String(args.Name), "bySocket": pulumi.Bool(args.BySocket()), "protected": pulumi.Bool(args.Protected),
		"clients": pulumi.ToStringArray(slices.Sorted(maps.Keys(args.Clients))),
	}
}

var networkName = regexp.MustCompile(`^projects/[^/]+/global/networks/[^/]+$`)

func (args *DatabaseArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass a *DatabaseArgs")
	}
	found := &problems.List{}
	found.If(args.Project == nil, "args.Project is missing: set the project's id")
	found.If(args.Region == nil, "args.Region is missing: set the instance's region")
	found.If(args.Instance == "", "args.Instance is missing: name the instance")
	found.If(args.Name == "", "args.Name is missing: name the database")
	if !args.Existing {
		found.If(args.Version == "", "args.Version is missing: set one such as POSTGRES_17")
		found.If(args.Tier == "", "args.Tier is missing: set one such as db-custom-1-3840")
		found.If(args.Network != "" && !networkName.MatchString(args.Network),
			"args.Network %q is not a network: use projects/PROJECT/global/networks/NAME", args.Network)
		found.If(args.Host != "", "args.Host is set, and only an existing instance has a host: remove it")
		found.If(args.DiskGB < limits.MinDiskGB || args.DiskLimitGB < args.DiskGB,
			"args.DiskGB is %d and DiskLimitGB %d: use 10 or more, and a limit that is not under it", args.DiskGB, args.DiskLimitGB)
		found.If(args.BackupHour < 0 || args.BackupHour > 23, "args.BackupHour is %d: use 0-23", args.BackupHour)
		found.If(args.BackupsKept < 7, "args.BackupsKept is %d: keep at least 7", args.BackupsKept)
		found.If(args.MaintenanceDay < 1 || args.MaintenanceDay > 7, "args.MaintenanceDay is %d: use 1-7", args.MaintenanceDay)
		found.If(args.MaintenanceHour < 0 || args.MaintenanceHour > 23, "args.MaintenanceHour is %d: use 0-23", args.MaintenanceHour)
	}
	for _, key := range slices.Sorted(maps.Keys(args.Clients)) {
		client := args.Clients[key]
		found.If(!naming.IsKey(key), "args.Clients key %q names a resource: use lower-case letters, digits and hyphens", key)
		found.If(client.Email == nil || client.Member == nil, "args.Clients[%q] lacks Email or Member: set both", key)
	}
	return found.Err()
}
