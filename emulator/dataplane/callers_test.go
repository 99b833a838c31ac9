package dataplane_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// token is an ID token of a service account for an audience.
func (w *world) token(account, audience string) string {
	w.t.Helper()
	recorder := httptest.NewRecorder()
	w.cloud.ServeHTTP(recorder, httptest.NewRequest("POST",
		"/cred/v1/projects/-/serviceAccounts/"+account+"@"+project+".iam.gserviceaccount.com:generateIdToken",
		strings.NewReader(fmt.Sprintf(`{"audience":%q}`, audience))))
	require.Equal(w.t, http.StatusOK, recorder.Code, recorder.Body.String())
	var answer struct{ Token string }
	require.NoError(w.t, json.Unmarshal(recorder.Body.Bytes(), &answer))
	return answer.Token
}

// TestWhoMayCall calls a service that only web's account may call, with tokens of it and of others.
func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	w := start(t)
	require.NoError(t, w.cloud.EnableAPIs(project, "iam.googleapis.com", "iamcredentials.googleapis.com"))
	for _, account := range []string{"webserver", "stranger"} {
		w.api("POST", "/iam/v1/projects/"+project+"/serviceAccounts", `{"accountId":"`+account+`"}`)
	}
	w.api("POST", services+"?serviceId=api", `{"customAudiences":["https://api.example"],"template":{"revision":"api-a","containers":[
		{"image":"us-docker.pkg.dev/cloudrun/container/hello"}]},
		"traffic":[{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"api-a","percent":100,"tag":"stable"}]}`)
	w.api("POST", services+"?serviceId=other", `{"template":{"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello"}]}}`)
	w.api("POST", services+"/api:setIamPolicy", `{"policy":{"bindings":[{"role":"roles/run.invoker",
		"members":["serviceAccount:webserver@`+project+`.iam.gserviceaccount.com"]}]}}`)
	const url = "https://api-42.us-central1.run.app"
	good := w.token("webserver", url)
	for name, test := range map[string]struct {
		host, header, value string
		code                int
	}{
		"nobody":                  {"api", "", "", 403},
		"who may":                 {"api", "Authorization", "Bearer " + good, 200},
		"who may, in small":       {"api", "Authorization", "bearer " + good, 200},
		"beside another's header": {"api", "X-Serverless-Authorization", "Bearer " + good, 200},
		"at a tag's address":      {"stable---api", "Authorization", "Bearer " + good, 200},
		"by a custom audience":    {"api", "Authorization", "Bearer " + w.token("webserver", "https://api.example"), 200},
		"for a tag's address": {"stable---api", "Authorization", "Bearer " + w.token("webserver",
			"https://stable---api-42.us-central1.run.app"), 401},
		"for another service": {"api", "Authorization", "Bearer " + w.token("webserver", "https://other-42.us-central1.run.app"), 401},
		"at another service":  {"other", "Authorization", "Bearer " + good, 401},
		"who may not":         {"api", "Authorization", "Bearer " + w.token("stranger", url), 403},
		"changed":             {"api", "Authorization", "Bearer " + good[:len(good)-4] + "AAAA", 401},
		"no token":            {"api", "Authorization", "Bearer x", 401},
		"a password":          {"api", "Authorization", "Basic eDp5", 401},
	} {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Host = test.host + "-42.us-central1.run.app"
		if test.header != "" {
			request.Header.Set(test.header, test.value)
		}
		recorder := httptest.NewRecorder()
		w.plane.ServeHTTP(recorder, request)
		assert.Equal(t, test.code, recorder.Code, name)
		assert.Equal(t, test.code == 401, recorder.Header().Get("WWW-Authenticate") != "", name)
	}

	w.api("DELETE", "/iam/v1/projects/"+project+"/serviceAccounts/webserver@"+project+".iam.gserviceaccount.com", "")
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	request.Host = "api-42.us-central1.run.app"
	request.Header.Set("Authorization", "Bearer "+good)
	recorder := httptest.NewRecorder()
	w.plane.ServeHTTP(recorder, request)
	assert.Equal(t, 403, recorder.Code, "a deleted account's grants are gone, its token is still signed")
}
