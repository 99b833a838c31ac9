package command

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPrivateServiceIsReleasedAndChecked releases a service that refuses visitors. The release's own requests carry ID tokens of the
// pipeline's account, which are made only after the service has refused a request without one.
func TestPrivateServiceIsReleasedAndChecked(t *testing.T) {
	t.Parallel()
	l := newLaptop(t, 0)
	exit, out, errors := l.release(t.Context(), "check", "web", "/", "/api/items?limit=1")
	assert.Equal(t, []any{ExitDone, "/ answered 200\n/api/items?limit=1 answered 200\n"}, []any{exit, out}, errors)
	exit, _, errors = l.release(t.Context(), "check", "web", "/", "/nowhere", "--attempts", "1")
	assert.Equal(t, ExitFailed, exit)
	assert.Contains(t, errors, "https://web-42.us-central1.run.app failed on: /nowhere: status 404")
	exit, _, errors = l.release(t.Context(), "check", "web", "nowhere")
	assert.Equal(t, ExitUsage, exit)
	assert.Contains(t, errors, `path "nowhere" does not begin with /`)

	call := func(method, path, body string) {
		recorder := httptest.NewRecorder()
		l.cloud.ServeHTTP(recorder, httptest.NewRequest(method, path, strings.NewReader(body)))
		require.Equal(t, http.StatusOK, recorder.Code, recorder.Body.String())
	}
	call("PATCH", services+"/web?updateMask=invokerIamDisabled", `{"invokerIamDisabled":false}`)
	exit, _, errors = l.release(t.Context(), "check", "web", "/", "--attempts", "1")
	assert.Equal(t, ExitFailed, exit)
	assert.Contains(t, errors, "/: status 403 (a private service takes an ID token, and none could be obtained", "the account does not exist")

	require.NoError(t, l.cloud.EnableAPIs(project, "iam.googleapis.com", "iamcredentials.googleapis.com"))
	call("POST", "/iam/v1/projects/"+project+"/serviceAccounts", `{"accountId":"github-actions-deploy"}`)
	exit, _, errors = l.release(t.Context(), "check", "web", "/", "--attempts", "1")
	assert.Equal(t, ExitFailed, exit)
	assert.Contains(t, errors, "/: status 403 (the account needs roles/run.invoker)")

	call("POST", services+"/web:setIamPolicy", `{"policy":{"bindings":[{"role":"roles/run.invoker",
		"members":["serviceAccount:github-actions-deploy@`+project+`.iam.gserviceaccount.com"]}]}}`)
	exit, _, errors = l.release(t.Context(), "check", "web", "/")
	require.Equal(t, ExitDone, exit, errors)
	exit, _, errors = l.release(t.Context(), "rollout", "web")
	require.Equal(t, ExitDone, exit, errors)
	exit, _, errors = l.release(t.Context(), "check", "web", "/", "--attempts", "1", "--probe-account",
		"stranger@"+project+".iam.gserviceaccount.com")
	assert.Equal(t, ExitFailed, exit, errors)
}
