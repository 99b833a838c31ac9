package cloud_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
)

const (
	p     = "/projects/" + project
	trust = "/iam/v1" + p + "/locations/global/workloadIdentityPools"
)

func TestInterceptSeesEveryRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, t.TempDir(), cloud.Options{Intercept: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/sm/v1"+p+"/secrets" {
				rw.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			next.ServeHTTP(rw, r)
		})
	}})
	code, _ := w.Call("GET", "/sm/v1"+p+"/secrets", "")
	assert.Equal(t, http.StatusServiceUnavailable, code)
}

func TestEnsureIsIdempotentAndRefusesOtherNumbers(t *testing.T) {
	t.Parallel()
	w := start(t)
	require.NoError(t, w.Cloud.EnsureProject(cloud.Project{ID: project, Number: number, BillingAccount: billing}))
	require.EqualError(t, w.Cloud.EnsureProject(cloud.Project{ID: project, Number: "5", BillingAccount: billing}),
		"project procureflow-dev has number 123456789012 in this emulator and 5 in the settings; delete the emulator's state folder to "+
			"start over")
	require.EqualError(t, w.Cloud.EnsureProject(cloud.Project{ID: "procureflow-two", Number: number, BillingAccount: billing}),
		"project number 123456789012 belongs to procureflow-dev in this emulator; give procureflow-two its own number")
	require.EqualError(t, w.Cloud.EnsureProject(cloud.Project{ID: "X", Number: "n"}),
		"project id \"X\": want 6-30 lower-case letters, digits and hyphens\nproject number \"n\": want digits\nbilling account \"\": "+
			"want its id, XXXXXX-XXXXXX-XXXXXX")
}
