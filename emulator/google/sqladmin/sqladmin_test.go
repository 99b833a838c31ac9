package sqladmin_test

import (
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/option"
	sqladmin "google.golang.org/api/sqladmin/v1"
	beta "google.golang.org/api/sqladmin/v1beta4"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

const (
	project = cloudtest.Project
	all     = "/sql/v1/projects/" + project + "/instances"
	// careful are the settings of an owner who wants to lose nothing.
	careful = `"settings":{"tier":"db-custom-1-3840","availabilityType":"REGIONAL","deletionProtectionEnabled":true,
		"backupConfiguration":{"enabled":true,"pointInTimeRecoveryEnabled":true},
		"ipConfiguration":{"ipv4Enabled":false,"privateNetwork":"projects/p/global/networks/n"}}`
)

func start(t *testing.T, options cloud.Options) *cloudtest.World {
	t.Helper()
	w := cloudtest.New(t, t.TempDir(), options)
	require.NoError(t, w.Cloud.EnableAPIs(project, "sqladmin.googleapis.com"))
	return w
}

// TestOfficialClients follows a database from creation to deletion with Google's own clients: v1, and v1beta4, which Terraform's
// provider uses.
func TestOfficialClients(t *testing.T) {
	t.Parallel()
	w := start(t, cloud.Options{OperationDelay: time.Minute})
	w.OK("POST", "/iam/v1/projects/"+project+"/serviceAccounts", `{"accountId":"runtime"}`)
	server := httptest.NewServer(w.Cloud)
	t.Cleanup(server.Close)
	client, err := sqladmin.NewService(t.Context(), option.WithEndpoint(server.URL+"/sql/"), option.WithoutAuthentication())
	require.NoError(t, err)
	older, err := beta.NewService(t.Context(), option.WithEndpoint(server.URL), option.WithoutAuthentication())
	require.NoError(t, err)
	must := func(operation *sqladmin.Operation, err error) {
		t.Helper()
		require.NoError(t, err)
		assert.Equal(t, "RUNNING", operation.Status)
		w.Clock.Advance(time.Minute)
		operation, err = client.Operations.Get(project, operation.Name).Do()
		require.NoError(t, err)
		assert.Equal(t, "DONE", operation.Status)
	}
	must(client.Instances.Insert(project, &sqladmin.DatabaseInstance{Name: "main", DatabaseVersion: "POSTGRES_17", Region: "us-central1",
		RootPassword: "nobody reads this", Settings: &sqladmin.Settings{Tier: "db-f1-micro", DeletionProtectionEnabled: true}}).Do())
	made, err := older.Instances.Get(project, "main").Do()
	require.NoError(t, err)
	assert.Equal(t, []string{"RUNNABLE", project + ":us-central1:main", "POSTGRES_17", "", "1"}, []string{made.State, made.ConnectionName,
		made.DatabaseVersion, made.RootPassword, strconv.FormatInt(made.Settings.SettingsVersion, 10)})
	require.Len(t, made.IpAddresses, 1)
	assert.Equal(t, "PRIMARY", made.IpAddresses[0].Type)

	made.Settings.IpConfiguration = &beta.IpConfiguration{PrivateNetwork: "projects/p/global/networks/n",
		ForceSendFields: []string{"Ipv4Enabled"}}
	_, err = older.Instances.Update(project, "main", made).Do()
	require.NoError(t, err)
	changed, err := client.Instances.Get(project, "main").Do()
	require.NoError(t, err)
	assert.Equal(t, made.ConnectionName, changed.ConnectionName, "what the API computes stays")
	assert.Equal(t, "PRIVATE", changed.IpAddresses[0].Type)
	_, err = older.Instances.Update(project, "main", made).Do()
	assert.ErrorContains(t, err, "412", "the settings were changed since they were read")

	must(client.Databases.Insert(project, "main", &sqladmin.Database{Name: "app"}).Do())
	databases, err := client.Databases.List(project, "main").Do()
	require.NoError(t, err)
	require.Len(t, databases.Items, 2)
	assert.Equal(t, []string{"app", "UTF8", "postgres"}, []string{databases.Items[0].Name, databases.Items[0].Charset,
		databases.Items[1].Name})
	must(client.Users.Insert(project, "main", &sqladmin.User{Name: "runtime@procureflow-dev.iam", Type: "CLOUD_IAM_SERVICE_ACCOUNT"}).Do())
	must(client.Users.Insert(project, "main", &sqladmin.User{Name: "owner", Password: "nobody reads this"}).Do())
	must(client.Users.Update(project, "main", &sqladmin.User{Password: "another"}).Name("owner").Do())
	users, err := client.Users.List(project, "main").Do()
	require.NoError(t, err)
	require.Len(t, users.Items, 2)
	assert.Equal(t, []string{"owner", "BUILT_IN", ""}, []string{users.Items[0].Name, users.Items[0].Type, users.Items[0].Password})
	must(client.Users.Delete(project, "main").Name("owner").Do())
	_, err = client.Users.Get(project, "main", "owner").Do()
	assert.ErrorContains(t, err, "404")

	_, err = client.Instances.Delete(project, "main").Do()
	assert.ErrorContains(t, err, "The instance is protected.")
	must(client.Instances.Patch(project, "main", &sqladmin.DatabaseInstance{Settings: &sqladmin.Settings{
		ForceSendFields: []string{"DeletionProtectionEnabled"}}}).Do())
	must(client.Instances.Delete(project, "main").Do())
	_, err = client.Databases.Get(project, "main", "app").Do()
	assert.ErrorContains(t, err, "404", "its databases went with it")
}

func TestNameIsReservedForAWeek(t *testing.T) {
	t.Parallel()
	w := start(t, cloud.Options{})
	const body = `{"name":"main","databaseVersion":"POSTGRES_17","settings":{"tier":"db-f1-micro"}}`
	const want = "Conflict ALREADY_EXISTS: The Cloud SQL instance already exists. When you delete an instance, you can't reuse the name of " +
		"the " +
		"deleted instance until one week from the deletion date."
	w.OK("POST", all, body)
	assert.Equal(t, want, w.Refused("POST", all, body))
	w.OK("DELETE", all+"/main", "")
	assert.Equal(t, want, w.Refused("POST", all, body))
	w.Clock.Advance(7 * 24 * time.Hour)
	w.OK("POST", all, body)
	w.OK("DELETE", all+"/main", "")
	require.NoError(t, w.Cloud.ForgetDeleted(project))
	w.OK("POST", all, body)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	w := start(t, cloud.Options{})
	w.OK("POST", all, `{"name":"there","databaseVersion":"POSTGRES_17",`+careful+`}`)
	instance := func(settings string) string {
		return `{"name":"main","databaseVersion":"POSTGRES_17","settings":{` + settings + `}}`
	}
	for _, test := range []struct{ method, path, body, want string }{
		{"POST", "", `{"name":"Main","databaseVersion":"POSTGRES_17","settings":{"tier":"db-f1-micro"}}`, "Invalid instance name (Main)."},
		{"POST", "", `{"name":"main","settings":{"tier":"db-f1-micro"}}`, "Invalid request: Missing parameter: database_version."},
		{"POST", "", `{"name":"main","databaseVersion":"POSTGRES_17"}`, "Invalid request: Missing parameter: tier."},
		{"POST", "", `{"name":"main","databaseVersion":"MYSQL_8_0","settings":{"tier":"db-f1-micro"}}`,
			"The emulator has instances of PostgreSQL only, and this one's database_version is MYSQL_8_0."},
		{"POST", "", instance(`"tier":"db-n1-standard-1"`), "Invalid request: Invalid Tier (db-n1-standard-1) for (POSTGRES_17) in " +
			"(us-central1)."},
		{"POST", "", instance(`"tier":"db-f1-micro","edition":"ENTERPRISE_PLUS"`), "Invalid request: Invalid Tier (db-f1-micro) for " +
			"(ENTERPRISE_PLUS) Edition. Use a predefined Tier like db-perf-optimized-N-* with ENTERPRISE_PLUS and a db-custom-* one with " +
			"ENTERPRISE."},
		{"POST", "", instance(`"tier":"db-f1-micro","backupConfiguration":{"pointInTimeRecoveryEnabled":true}`),
			"Invalid request: Point in time recovery must be disabled when backup is disabled."},
		{"POST", "", instance(`"tier":"db-f1-micro","availabilityType":"REGIONAL"`),
			"Invalid request: Regional availability requires automated backups and point in time recovery."},
		{"POST", "", instance(`"tier":"db-f1-micro","ipConfiguration":{"ipv4Enabled":false}`),
			"Invalid request: At least one of Public IP or Private IP or PSC connectivity must be enabled."},
		{"POST", "", instance(`"tier":"db-f1-micro","ipConfiguration":{"privateNetwork":"default"}`),
			"Invalid request: Incorrect network (default): want projects/PROJECT/global/networks/NETWORK."},
		{"POST", "", instance(`"tier":"db-f1-micro","maintenanceWindow":{"day":8}`),
			"Invalid request: Invalid maintenance window: day must be 1 to 7 and hour 0 to 23."},
		{"PATCH", "/there", `{"region":"europe-west1"}`, "Field 'region' is immutable."},
		{"DELETE", "/there", "", "The instance is protected. Please disable the deletion protection and try again. To disable deletion " +
			"protection, update the instance settings with deletionProtectionEnabled set to false."},
		{"POST", "/there/databases", `{"name":"postgres"}`,
			"Invalid request: failed to create database postgres. Detail: pq: database \"postgres\" already exists"},
		{"POST", "/there/users", `{"name":"owner"}`, "Invalid request: a user of the type BUILT_IN needs a password."},
		{"POST", "/there/users", `{"name":"none@procureflow-dev.iam","type":"CLOUD_IAM_SERVICE_ACCOUNT"}`, "Invalid request: Service account " +
			"none@procureflow-dev.iam does not exist; a PostgreSQL user's name is the account's email without .gserviceaccount.com."},
		{"POST", "/there/users", `{"name":"somebody","type":"CLOUD_IAM_USER"}`, "Invalid request: somebody is not an email address."},
		{"GET", "/none", "", "The Cloud SQL instance does not exist."},
		{"POST", "/none/databases", `{"name":"app"}`, "The Cloud SQL instance does not exist."},
		{"DELETE", "/there/users?name=nobody", "", "User 'nobody' does not exist."},
	} {
		got := w.Refused(test.method, all+test.path, test.body)
		_, message, _ := strings.Cut(got, ": ")
		assert.Equal(t, test.want, message, test.body)
	}
}
