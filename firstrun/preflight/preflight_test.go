package preflight_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/option"

	"github.com/guiofsaints/procureflow-platform/firstrun/preflight"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// answers holds a caller who has every permission except those in lacks.
type answers struct{ lacks []string }

func (a answers) Held(_ context.Context, _ string, wanted []string) ([]string, error) {
	return slices.DeleteFunc(slices.Clone(wanted), func(permission string) bool { return slices.Contains(a.lacks, permission) }), nil
}

// Facts are those of settings.
func (a answers) Facts(context.Context, string, string) (preflight.Facts, error) {
	return preflight.Facts{Number: "1", Payer: "b", Currency: "EUR"}, nil
}

func settings(signed bool) stacks.Settings {
	s := stacks.Settings{Environment: "dev", Project: stacks.Project{ID: "p", Number: "1", BillingAccount: "b"},
		Budget: stacks.Budget{Currency: "EUR"}}
	if signed {
		s.BinaryAuthorization = &stacks.BinaryAuthorization{}
		s.Databases, s.Buckets = map[string]stacks.Database{"main": {}}, map[string]stacks.Bucket{"files": {}}
		s.Jobs = map[string]stacks.Job{"nightly": {Schedule: &stacks.Schedule{}}}
	}
	return s
}

func TestCheck(t *testing.T) {
	t.Parallel()
	wanted, err := preflight.Wanted(settings(false))
	require.NoError(t, err)
	onProject, onAccount := len(wanted[0].Permissions), len(wanted[1].Permissions)
	for name, test := range map[string]struct {
		lacks []string
		want  []preflight.Finding
		ready bool
	}{
		"everything": {nil, []preflight.Finding{
			{Resource: "projects/p", Asked: onProject, Missing: []string{}, Roles: []string{}},
			{Resource: "billingAccounts/b", Asked: onAccount, Missing: []string{}, Roles: []string{}},
		}, true},
		"two on the project, one on the billing account": {
			[]string{"run.services.create", "iam.serviceAccounts.actAs", "billing.budgets.create"}, []preflight.Finding{
				{Resource: "projects/p", Asked: onProject, Missing: []string{"iam.serviceAccounts.actAs", "run.services.create"},
					Roles: []string{"roles/iam.serviceAccountUser", "roles/run.admin"}},
				{Resource: "billingAccounts/b", Asked: onAccount, Missing: []string{"billing.budgets.create"},
					Roles: []string{"roles/billing.costsManager"}},
			}, false},
	} {
		report, err := preflight.Check(t.Context(), answers{test.lacks}, settings(false))
		require.NoError(t, err, name)
		assert.Equal(t, preflight.Report{Environment: "dev", Places: test.want, Wrong: []string{}, Unread: []string{}}, report, name)
		assert.Equal(t, test.ready, report.Ready(), name)
	}
}

// TestEveryPermissionHasARole checks a caller without any permission: the advised roles cover all of them, and equal the roles that
// `permissions` lists beforehand.
func TestEveryPermissionHasARole(t *testing.T) {
	t.Parallel()
	for _, signed := range []bool{false, true} {
		report, err := preflight.Check(t.Context(), nothing{}, settings(signed))
		require.NoError(t, err)
		wanted, err := preflight.Wanted(settings(signed))
		require.NoError(t, err)
		for i, place := range report.Places {
			assert.Equal(t, preflight.Place{Resource: place.Resource, Permissions: place.Missing, Roles: place.Roles}, wanted[i])
		}
		assert.Equal(t, []string{"roles/billing.admin", "roles/billing.costsManager"}, report.Places[1].Roles,
			"granting on the billing account takes its admin role")
		for _, role := range report.Places[0].Roles {
			assert.NotContains(t, []string{"roles/owner", "roles/editor"}, role)
		}
	}
}

// TestPermissionsFollowTheSettings checks that the permissions come from what the settings contain, not from the stack's name.
// Prod's first run may leave signatures out, and staging may have them.
func TestPermissionsFollowTheSettings(t *testing.T) {
	t.Parallel()
	const (
		service, member = "gcp:cloudrunv2/service:Service", "gcp:cloudrunv2/serviceIamMember:ServiceIamMember"
		key, note       = "gcp:kms/cryptoKey:CryptoKey", "gcp:containeranalysis/note:Note"
		job, schedule   = "gcp:cloudrunv2/job:Job", "gcp:cloudscheduler/job:Job"
		policy          = "gcp:binaryauthorization/policy:Policy"
	)
	for name, test := range map[string]struct {
		settings      stacks.Settings
		asked, spared []string
	}{
		"a service": {stacks.Settings{Environment: "prod"}, []string{service, member},
			[]string{key, note, policy, job, schedule, "gcp:sql/user:User", "gcp:storage/bucket:Bucket"}},
		"signed images": {stacks.Settings{BinaryAuthorization: &stacks.BinaryAuthorization{}},
			[]string{service, key, note, policy}, []string{job, schedule}},
		"a database and a bucket": {stacks.Settings{Databases: map[string]stacks.Database{"a": {}}, Buckets: map[string]stacks.Bucket{"a": {}}},
			[]string{"gcp:sql/user:User", "gcp:storage/bucket:Bucket"}, []string{job}},
		"a job": {stacks.Settings{Jobs: map[string]stacks.Job{"a": {}}}, []string{service, job}, []string{key, schedule}},
		"a nightly job": {stacks.Settings{Jobs: map[string]stacks.Job{"a": {}, "b": {Schedule: &stacks.Schedule{}}}},
			[]string{job, schedule}, []string{key}},
	} {
		types := preflight.Types(test.settings)
		for _, token := range test.asked {
			assert.Contains(t, types, token, name)
		}
		for _, token := range test.spared {
			assert.NotContains(t, types, token, name)
		}
	}
}

type nothing struct{}

func (nothing) Held(context.Context, string, []string) ([]string, error) { return nil, nil }

func (nothing) Facts(context.Context, string, string) (preflight.Facts, error) {
	return preflight.Facts{}, nil
}

// facts holds a caller who has every permission, and what Google says to them.
type facts struct {
	answers
	says preflight.Facts
}

func (f facts) Facts(context.Context, string, string) (preflight.Facts, error) { return f.says, nil }

// TestSettingsThatGoogleContradicts compares the settings with what the project and its billing account say of themselves.
func TestSettingsThatGoogleContradicts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		facts         preflight.Facts
		wrong, unread []string
	}{
		"all agree": {preflight.Facts{Number: "1", Payer: "b", Currency: "EUR"}, []string{}, []string{}},
		"all differ": {preflight.Facts{Number: "2", Payer: "c", Currency: "USD"}, []string{
			"project.number is 1, and the number of project p is 2: write that",
			"project.billingAccount is b, and the billing account that pays for project p is c: write that",
			"budget.currency is EUR, and the currency of billing account b is USD: write that"}, []string{}},
		"nothing is readable": {preflight.Facts{}, []string{}, []string{
			"project.number: you may not read the number of project p; compare it yourself",
			"project.billingAccount: you may not read the billing account that pays for project p; compare it yourself",
			"budget.currency: you may not read the currency of billing account b; compare it yourself"}},
	} {
		report, err := preflight.Check(t.Context(), facts{says: test.facts}, settings(false))
		require.NoError(t, err, name)
		assert.Equal(t, test.wrong, report.Wrong, name)
		assert.Equal(t, test.unread, report.Unread, name)
		assert.Equal(t, len(test.wrong) == 0, report.Ready(), name)
	}
}

// TestFactsFromGoogle reads them through the official clients. A read that Google refuses leaves its fact empty, and every other failure
// is one.
func TestFactsFromGoogle(t *testing.T) {
	t.Parallel()
	answers := map[string]string{
		"/crm/v1/projects/p": `{"projectNumber": "123456789012"}`, "/cb/v1/projects/p/billingInfo": `{"billingAccountName": "billingAccounts/b"}`,
		"/cb/v1/billingAccounts/b": `{"currencyCode": "EUR"}`,
	}
	for name, test := range map[string]struct {
		path string
		code int
		want preflight.Facts
		err  string
	}{
		"all":                         {"", 0, preflight.Facts{Number: "123456789012", Payer: "b", Currency: "EUR"}, ""},
		"not the project":             {"/crm/v1/projects/p", 403, preflight.Facts{Payer: "b", Currency: "EUR"}, ""},
		"not who pays":                {"/cb/v1/projects/p/billingInfo", 403, preflight.Facts{Number: "123456789012", Currency: "EUR"}, ""},
		"not the account":             {"/cb/v1/billingAccounts/b", 404, preflight.Facts{Number: "123456789012", Payer: "b"}, ""},
		"the project fails":           {"/crm/v1/projects/p", 400, preflight.Facts{}, "read project p: "},
		"the question who pays fails": {"/cb/v1/projects/p/billingInfo", 400, preflight.Facts{}, "read who pays for project p: "},
		"the account fails":           {"/cb/v1/billingAccounts/b", 400, preflight.Facts{}, "read billing account b: "},
		"nobody pays for this": {"/cb/v1/projects/p/billingInfo", 200,
			preflight.Facts{Number: "123456789012", Payer: "absent", Currency: "EUR"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if r.URL.Path == test.path {
					w.WriteHeader(test.code)
					_, _ = w.Write([]byte("{}"))
					return
				}
				_, _ = w.Write([]byte(answers[r.URL.Path]))
			}))
			defer server.Close()
			asker, err := preflight.Google(t.Context(), preflight.Endpoints{Projects: server.URL + "/crm/", Billing: server.URL + "/cb/"},
				option.WithoutAuthentication())
			require.NoError(t, err)
			got, err := asker.Facts(t.Context(), "p", "b")
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
}

// TestGoogle asks the emulated APIs through Google's official clients: each resource at its own API, at most a hundred permissions a
// request, and only by testIamPermissions.
func TestGoogle(t *testing.T) {
	t.Parallel()
	var asked []int
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.Method+" "+r.URL.Path)
		var body struct{ Permissions []string }
		_ = json.NewDecoder(r.Body).Decode(&body)
		asked = append(asked, len(body.Permissions))
		_ = json.NewEncoder(w).Encode(map[string]any{"permissions": body.Permissions[:1]})
	}))
	defer server.Close()
	endpoints := preflight.Endpoints{Projects: server.URL + "/crm/", Billing: server.URL + "/cb/"}
	asker, err := preflight.Google(t.Context(), endpoints, option.WithoutAuthentication())
	require.NoError(t, err)
	wanted := make([]string, 101)
	for i := range wanted {
		wanted[i] = "a.b" + string(rune('a'+i%26))
	}
	held, err := asker.Held(t.Context(), "projects/p", wanted)
	require.NoError(t, err)
	assert.Equal(t, []string{wanted[0], wanted[100]}, held)
	held, err = asker.Held(t.Context(), "billingAccounts/b", wanted[:2])
	require.NoError(t, err)
	assert.Equal(t, wanted[:1], held)
	assert.Equal(t, []string{"POST /crm/v1/projects/p:testIamPermissions", "POST /crm/v1/projects/p:testIamPermissions",
		"POST /cb/v1/billingAccounts/b:testIamPermissions"}, paths)
	assert.Equal(t, []int{100, 1, 2}, asked)

	server.Config.Handler = http.NotFoundHandler()
	for _, resource := range []string{"projects/p", "billingAccounts/b"} {
		_, err = asker.Held(t.Context(), resource, wanted[:1])
		assert.ErrorContains(t, err, "404", resource)
	}
}
