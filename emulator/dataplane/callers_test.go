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

// TestCallersAndTheirTokens calls a service that only the account webserver may call, with that account's tokens and with others.
// Which tokens are valid is tested in emulator/google/iamcredentials.
func TestCallersAndTheirTokens(t *testing.T) {
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
		"without a token":       {"api", "", "", 403},
		"webserver":             {"api", "Authorization", "Bearer " + good, 200},
		"lower-case scheme":     {"api", "Authorization", "bearer " + good, 200},
		"the serverless header": {"api", "X-Serverless-Authorization", "Bearer " + good, 200},
		"at a tag's address":    {"stable---api", "Authorization", "Bearer " + good, 200},
		"by a custom audience":  {"api", "Authorization", "Bearer " + w.token("webserver", "https://api.example"), 200},
		"audience of a tag's address": {"stable---api", "Authorization", "Bearer " + w.token("webserver",
			"https://stable---api-42.us-central1.run.app"), 401},
		"audience of another service": {"api", "Authorization", "Bearer " + w.token("webserver", "https://other-42.us-central1.run.app"), 401},
		"at another service":          {"other", "Authorization", "Bearer " + good, 401},
		"an account without a grant":  {"api", "Authorization", "Bearer " + w.token("stranger", url), 403},
		"not a token":                 {"api", "Authorization", "Bearer x", 401},
		"a password":                  {"api", "Authorization", "Basic eDp5", 401},
	} {
		code, challenge := w.call(test.host, test.header, test.value)
		assert.Equal(t, test.code, code, name)
		assert.Equal(t, test.code == 401, challenge != "", name)
	}

	w.api("DELETE", "/iam/v1/projects/"+project+"/serviceAccounts/webserver@"+project+".iam.gserviceaccount.com", "")
	code, _ := w.call("api", "Authorization", "Bearer "+good)
	assert.Equal(t, 403, code, "the deleted account has no grants, and its token still has a valid signature")
}

// call asks a service of the project for its home page, with one header.
func (w *world) call(service, header, value string) (code int, challenge string) {
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	request.Host = service + "-42.us-central1.run.app"
	if header != "" {
		request.Header.Set(header, value)
	}
	recorder := httptest.NewRecorder()
	w.plane.ServeHTTP(recorder, request)
	return recorder.Code, recorder.Header().Get("WWW-Authenticate")
}

// TestSessionAffinityBeforeTheSplit checks that a visitor returns to a revision with session affinity for as long as it has a share.
func TestSessionAffinityBeforeTheSplit(t *testing.T) {
	t.Parallel()
	w := start(t)
	container := `"containers":[{"image":"us-docker.pkg.dev/cloudrun/container/hello"}]`
	w.api("POST", services+"?serviceId=web",
		`{"invokerIamDisabled":true,"template":{"revision":"web-sticky","sessionAffinity":true,`+container+`}}`)
	w.api("PATCH", services+"/web?updateMask=template", `{"template":{"revision":"web-plain",`+container+`}}`)
	split := func(sticky, plain int) {
		w.api("PATCH", services+"/web?updateMask=traffic", fmt.Sprintf(`{"traffic":[
			{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"web-sticky","percent":%d,"tag":"old"},
			{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION","revision":"web-plain","percent":%d}]}`, sticky, plain))
	}
	var cookies []*http.Cookie
	visit := func(host string, draw float64) string {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Host, w.draws = host+"-42.us-central1.run.app", []float64{draw}
		for _, cookie := range cookies {
			request.AddCookie(cookie)
		}
		recorder := httptest.NewRecorder()
		w.plane.ServeHTTP(recorder, request)
		if given := recorder.Result().Cookies(); len(given) > 0 {
			cookies = given
		}
		return recorder.Header().Get("X-Sandbox-Revision")
	}
	split(10, 90)
	assert.Equal(t, "web-plain", visit("web", 0.5))
	assert.Empty(t, cookies, "a revision without affinity keeps nobody")
	assert.Equal(t, "web-sticky", visit("old---web", 0.5))
	assert.Empty(t, cookies, "a tag's address is not part of the split")
	assert.Equal(t, "web-sticky", visit("web", 0.05))
	require.Len(t, cookies, 1)
	assert.Equal(t, 30*24*60*60, cookies[0].MaxAge)
	assert.True(t, cookies[0].HttpOnly && cookies[0].Secure)
	assert.Equal(t, "web-sticky", visit("web", 0.5), "whatever the split draws")
	split(0, 100)
	assert.Equal(t, "web-plain", visit("web", 0.5), "a revision without a share keeps nobody")
	cookies = []*http.Cookie{{Name: "GAESA", Value: "web-plain"}}
	split(100, 0)
	assert.Equal(t, "web-sticky", visit("web", 0.5), "nobody gives themselves to a revision")
}
