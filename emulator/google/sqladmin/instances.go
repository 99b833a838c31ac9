package sqladmin

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

const (
	// usedPrefix and the key of a deleted instance mark its name as taken. The name cannot be used again for a while.
	usedPrefix = "used:"
	nameKept   = 7 * 24 * time.Hour
)

func instance() *rest.Kind {
	return &rest.Kind{
		Pattern: instances, Message: "DatabaseInstance", Body: "instance",
		Names: rest.Names{Missing: rest.NotFound("The Cloud SQL instance does not exist.")},
		Read:  rest.Read{Items: "items"},
		Create: &rest.Create{
			IDInBody: true, ID: regexp.MustCompile(`^[a-z]([a-z0-9-]{0,96}[a-z0-9])?$`), BadID: rest.Invalid("Invalid instance name ({given})."),
			Taken: taken,
		},
		Update:  &rest.Update{Mask: rest.MaskPatches, Immutable: []string{"region", "instanceType"}},
		Delete:  &rest.Delete{Before: deleteInstance},
		Prepare: prepareInstance,
		Finish: func(c *rest.Change, method string) (any, error) {
			if method == "create" {
				if err := firstDatabase(c); err != nil {
					return nil, err
				}
			}
			return record(c, c.Name, strings.ToUpper(method))
		},
	}
}

// taken refuses the name of an instance, and of one that was deleted a short time ago.
var taken = rest.Exists("The Cloud SQL instance already exists. When you delete an instance, you can't reuse the name of the deleted " +
	"instance until one week from the deletion date.")

// deleteInstance refuses to delete a protected instance. It keeps the name of another one from being used again.
func deleteInstance(c *rest.Change) error {
	if doc.Flag(c.Old, "settings", "deletionProtectionEnabled") {
		return rest.Invalid("The instance is protected. Please disable the deletion protection and try again. To disable deletion " +
			"protection, update the instance settings with deletionProtectionEnabled set to false.")
	}
	return c.Tx.Put(usedPrefix+c.Name.Key(), map[string]any{"until": rest.Timestamp(c.Now.Add(nameKept))})
}

// ForgetDeleted frees the names of a project's deleted instances. The real cloud does so after a week.
func ForgetDeleted(q *rest.Request, project string) error {
	for _, key := range q.Tx.List(usedPrefix + "//" + Host + "/projects/" + project + "/") {
		if err := q.Tx.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

func prepareInstance(c *rest.Change) error {
	if c.Old == nil {
		until, err := time.Parse(time.RFC3339Nano, doc.Text(c.Tx.Get(usedPrefix+c.Name.Key()), "until"))
		if err == nil && c.Now.Before(until) {
			return taken
		}
		if err := newInstance(c); err != nil {
			return err
		}
	}
	c.New["name"] = c.Name.ID()
	settings, old := doc.Object(c.New, "settings"), doc.Object(c.Old, "settings")
	if given := doc.Text(settings, "settingsVersion"); c.Old != nil && given != "" && given != doc.Text(old, "settingsVersion") {
		e := rest.Precondition("The settings version %s is not the current one, %s.", given, doc.Text(old, "settingsVersion"))
		e.Code = 412
		return e
	}
	version, _ := strconv.Atoi(doc.Text(old, "settingsVersion"))
	settings["settingsVersion"] = strconv.Itoa(version + 1)
	settingsDefaults(settings)
	if err := checkSettings(settings, doc.Text(c.New, "databaseVersion"), doc.Text(c.New, "region")); err != nil {
		return err
	}
	delete(c.New, "rootPassword") // it belongs to the first user and is never shown
	c.New["ipAddresses"] = addresses(c.Name.Key(), settings)
	return nil
}

// newInstance checks the fields that cannot change later, and fills in the fields that the API computes.
func newInstance(c *rest.Change) error {
	if doc.Text(c.New, "databaseVersion") == "" {
		return rest.Invalid("Invalid request: Missing parameter: database_version.")
	}
	if !strings.HasPrefix(doc.Text(c.New, "databaseVersion"), "POSTGRES_") {
		return rest.Invalid("The emulator has instances of PostgreSQL only, and this one's database_version is %s.",
			doc.Text(c.New, "databaseVersion"))
	}
	if doc.Text(c.New, "settings", "tier") == "" {
		return rest.Invalid("Invalid request: Missing parameter: tier.")
	}
	doc.Default(c.New, "region", "us-central1")
	region, project := doc.Text(c.New, "region"), c.Name.Project
	for field, value := range map[string]any{
		"kind": "sql#instance", "state": "RUNNABLE", "backendType": "SECOND_GEN", "project": project.ID, "gceZone": region + "-a",
		"connectionName": project.ID + ":" + region + ":" + c.Name.ID(), "createTime": rest.Timestamp(c.Now),
		"selfLink":                   "https://sqladmin.googleapis.com/sql/v1beta4/" + c.Name.Path(),
		"serviceAccountEmailAddress": "p" + project.Number + "-" + c.IDs.Letters(6) + "@gcp-sa-cloud-sql.iam.gserviceaccount.com",
		"databaseInstalledVersion":   doc.Text(c.New, "databaseVersion"),
	} {
		c.New[field] = value
	}
	doc.Default(c.New, "instanceType", "CLOUD_SQL_INSTANCE")
	return nil
}

func settingsDefaults(settings map[string]any) {
	for field, value := range map[string]any{
		"kind": "sql#settings", "activationPolicy": "ALWAYS", "availabilityType": "ZONAL", "pricingPlan": "PER_USE", "dataDiskType": "PD_SSD",
		"dataDiskSizeGb": "10", "storageAutoResize": true, "storageAutoResizeLimit": "0",
		"replicationType": "SYNCHRONOUS", "edition": "ENTERPRISE",
		"connectorEnforcement": "NOT_REQUIRED", "deletionProtectionEnabled": false,
	} {
		doc.Default(settings, field, value)
	}
	ip := doc.Ensure(settings, "ipConfiguration")
	doc.Default(ip, "ipv4Enabled", true)
	doc.Default(ip, "sslMode", "ALLOW_UNENCRYPTED_AND_ENCRYPTED")
	backup := doc.Ensure(settings, "backupConfiguration")
	doc.Default(backup, "kind", "sql#backupConfiguration")
	doc.Default(backup, "enabled", false)
	doc.Default(backup, "pointInTimeRecoveryEnabled", false)
	doc.Default(backup, "startTime", "04:00")
	doc.Default(backup, "transactionLogRetentionDays", 7.0)
	doc.Default(backup, "backupRetentionSettings", map[string]any{"retentionUnit": "COUNT", "retainedBackups": 7.0})
}

var (
	tierForm    = regexp.MustCompile(`^db-(f1-micro|g1-small|custom-[0-9]+-[0-9]+|perf-optimized-N-[0-9]+)$`)
	networkForm = regexp.MustCompile(`^(https://www\.googleapis\.com/compute/v1/)?projects/[^/]+/global/networks/[^/]+$`)
)

func checkSettings(settings map[string]any, version, region string) error {
	ip, backup := doc.Object(settings, "ipConfiguration"), doc.Object(settings, "backupConfiguration")
	network, recovery := doc.Text(ip, "privateNetwork"), doc.Flag(backup, "pointInTimeRecoveryEnabled")
	window := doc.Object(settings, "maintenanceWindow")
	switch tier := doc.Text(settings, "tier"); {
	case !tierForm.MatchString(tier):
		return rest.Invalid("Invalid request: Invalid Tier (%s) for (%s) in (%s).", tier, version, region)
	case doc.Text(settings, "edition") == "ENTERPRISE_PLUS" != strings.HasPrefix(tier, "db-perf-optimized-"):
		return rest.Invalid("Invalid request: Invalid Tier (%s) for (%s) Edition. Use a predefined Tier like db-perf-optimized-N-* with "+
			"ENTERPRISE_PLUS and a db-custom-* one with ENTERPRISE.", tier, doc.Text(settings, "edition"))
	case recovery && !doc.Flag(backup, "enabled"):
		return rest.Invalid("Invalid request: Point in time recovery must be disabled when backup is disabled.")
	case doc.Text(settings, "availabilityType") == "REGIONAL" && !recovery:
		return rest.Invalid("Invalid request: Regional availability requires automated backups and point in time recovery.")
	case !doc.Flag(ip, "ipv4Enabled") && network == "" && !doc.Flag(ip, "pscConfig", "pscEnabled"):
		return rest.Invalid("Invalid request: At least one of Public IP or Private IP or PSC connectivity must be enabled.")
	case network != "" && !networkForm.MatchString(network):
		return rest.Invalid("Invalid request: Incorrect network (%s): want projects/PROJECT/global/networks/NETWORK.", network)
	case window != nil && (doc.Number(window, "day") < 1 || doc.Number(window, "day") > 7 || doc.Number(window, "hour") < 0 ||
		doc.Number(window, "hour") > 23):
		return rest.Invalid("Invalid request: Invalid maintenance window: day must be 1 to 7 and hour 0 to 23.")
	}
	return rest.CheckLabels(doc.Object(settings, "userLabels"))
}

// addresses returns an instance's addresses. They are derived from its name, so they are always the same.
func addresses(key string, settings map[string]any) []any {
	hash := sha256.Sum256([]byte(key))
	var all []any
	if doc.Flag(settings, "ipConfiguration", "ipv4Enabled") {
		all = append(all, map[string]any{"type": "PRIMARY", "ipAddress": fmt.Sprintf("34.%d.%d.%d", hash[0], hash[1], hash[2])})
	}
	if doc.Text(settings, "ipConfiguration", "privateNetwork") != "" {
		all = append(all, map[string]any{"type": "PRIVATE", "ipAddress": fmt.Sprintf("10.%d.%d.%d", hash[3], hash[4], hash[5])})
	}
	return all
}
