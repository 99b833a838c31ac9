package preflight_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/option"

	"github.com/guiofsaints/procureflow-platform/firstrun/preflight"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// answers are a caller's rights: everything but what is in lacks.
type answers struct{ lacks []string }

func (a answers) Held(_ context.Context, _ string, wanted []string) ([]string, error) {
	return slices.DeleteFunc(slices.Clone(wanted), func(permission string) bool { return slices.Contains(a.lacks, permission) }), nil
}

func TestCheck(t *testing.T) {
	t.Parallel()
	types := []string{"gcp:cloudrunv2/service:Service", "gcp:billing/budget:Budget"}
	for name, test := range map[string]struct {
		lacks []string
		want  []preflight.Finding
		ready bool
	}{
		"everything": {nil, []preflight.Finding{
			{Resource: "projects/p", Asked: 6, Missing: []string{}, Roles: []string{}},
			{Resource: "billingAccounts/b", Asked: 4, Missing: []string{}, Roles: []string{}},
		}, true},
		"two on the project, one on the billing account": {
			[]string{"run.services.create", "iam.serviceAccounts.actAs", "billing.budgets.create"}, []preflight.Finding{
				{Resource: "projects/p", Asked: 6, Missing: []string{"iam.serviceAccounts.actAs", "run.services.create"},
					Roles: []string{"roles/iam.serviceAccountUser", "roles/run.admin"}},
				{Resource: "billingAccounts/b", Asked: 4, Missing: []string{"billing.budgets.create"}, Roles: []string{"roles/billing.costsManager"}},
			}, false},
	} {
		report, err := preflight.Check(t.Context(), answers{test.lacks}, "dev", "p", "b", types)
		require.NoError(t, err, name)
		assert.Equal(t, preflight.Report{Environment: "dev", Places: test.want}, report, name)
		assert.Equal(t, test.ready, report.Ready(), name)
	}
}

// TestEveryPermissionHasARole: whoever holds nothing is told roles for all of it.
func TestEveryPermissionHasARole(t *testing.T) {
	t.Parallel()
	for _, settings := range []stacks.Settings{{}, {BinaryAuthorization: &stacks.BinaryAuthorization{}}} {
		report, err := preflight.Check(t.Context(), nothing{}, "prod", "p", "b", preflight.Types(settings))
		require.NoError(t, err)
		assert.Len(t, report.Places[0].Missing, report.Places[0].Asked)
		assert.Equal(t, []string{"roles/billing.admin", "roles/billing.costsManager"}, report.Places[1].Roles, "who may grant on the billing account is its admin")
		for _, role := range report.Places[0].Roles {
			assert.NotContains(t, []string{"roles/owner", "roles/editor"}, role)
		}
	}
}

// TestTheKeyIsAskedForWhereImagesAreSigned, whatever the stack is called: the first run of prod may leave signatures out, and
// staging may have them.
func TestTheKeyIsAskedForWhereImagesAreSigned(t *testing.T) {
	t.Parallel()
	const key = "gcp:kms/cryptoKey:CryptoKey"
	for _, environment := range []string{"staging", "prod"} {
		assert.NotContains(t, preflight.Types(stacks.Settings{Environment: environment}), key, environment)
		assert.Contains(t, preflight.Types(stacks.Settings{Environment: environment, BinaryAuthorization: &stacks.BinaryAuthorization{}}), key, environment)
	}
}

type nothing struct{}

func (nothing) Held(context.Context, string, []string) ([]string, error) { return nil, nil }

// folder holds the dev stack's settings as they are when their owner has filled them in.
func folder(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile("../../tests/application/Pulumi.dev.yaml")
	require.NoError(t, err)
	dir := t.TempDir()
	// Ids are numbers; the project's number is text all the same.
	filled := regexp.MustCompile(`(Id: )"stand-in:(\d+)"`).ReplaceAllString(string(content), "$1$2")
	filled = strings.ReplaceAll(filled, "stand-in:", "")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.dev.yaml"), []byte(filled), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), []byte("name: procureflow\n"), 0o600))
	return dir
}

func TestTheCommand(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args     []string
		asker    preflight.Asker
		err      error
		code     int
		out, bad string
	}{
		"ready":             {args: []string{"dev"}, asker: answers{}, code: preflight.ExitReady, out: "projects/procureflow-dev: you have all "},
		"missing":           {args: []string{"dev"}, asker: answers{[]string{"run.services.create"}}, code: preflight.ExitMissing, out: "  roles/run.admin\n"},
		"as JSON":           {args: []string{"--json", "dev"}, asker: answers{[]string{"run.services.create"}}, code: preflight.ExitMissing, out: `"run.services.create"`},
		"no stack":          {code: preflight.ExitUsage, bad: "bootstrap STACK"},
		"unknown stack":     {args: []string{"qa"}, code: preflight.ExitUsage, bad: "read the settings of stack qa"},
		"unknown flag":      {args: []string{"dev", "--fix"}, code: preflight.ExitUsage, bad: `unexpected argument "--fix"`},
		"not logged in":     {args: []string{"dev"}, err: errors.New("log in first"), code: preflight.ExitFailed, bad: "log in first"},
		"cannot be reached": {args: []string{"dev"}, asker: broken{}, code: preflight.ExitFailed, bad: "ask what you may do on projects/procureflow-dev: no route"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			code := preflight.Main(t.Context(), folder(t), test.args, &out, &errs, func(context.Context) (preflight.Asker, error) { return test.asker, test.err })
			assert.Equal(t, test.code, code)
			assert.Contains(t, out.String(), test.out)
			assert.Contains(t, errs.String(), test.bad)
		})
	}
}

type broken struct{}

func (broken) Held(context.Context, string, []string) ([]string, error) {
	return nil, errors.New("no route")
}

func TestStandInsAreRefusedBeforeAnythingIsAsked(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	code := preflight.Main(t.Context(), "../..", []string{"dev"}, &out, &errs, func(context.Context) (preflight.Asker, error) {
		t.Error("asked")
		return nil, nil
	})
	assert.Equal(t, preflight.ExitUsage, code)
	assert.Contains(t, errs.String(), "is a stand-in")
}

// TestGoogle asks through the official clients: each resource at its own API, at most a hundred permissions at once, and
// nothing but testIamPermissions.
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
	asker, err := preflight.Google(t.Context(), option.WithEndpoint(server.URL+"/"), option.WithoutAuthentication())
	require.NoError(t, err)
	wanted := make([]string, 101)
	for i := range wanted {
		wanted[i] = "a.b" + string(rune('a'+i%26))
	}
	held, err := asker.Held(t.Context(), "projects/p", wanted)
	require.NoError(t, err)
	assert.Equal(t, []string{wanted[0], wanted[100]}, held)
	_, err = asker.Held(t.Context(), "billingAccounts/b", wanted[:2])
	require.NoError(t, err)
	assert.Equal(t, []string{"POST /v3/projects/p:testIamPermissions", "POST /v3/projects/p:testIamPermissions", "POST /v1/billingAccounts/b:testIamPermissions"}, paths)
	assert.Equal(t, []int{100, 1, 2}, asked)
}
