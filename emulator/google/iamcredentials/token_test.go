package iamcredentials_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

// TestTokensAtCloudRun shows tokens to Cloud Run, which asks this API whose they are. Only the account webserver may call the
// service.
func TestTokensAtCloudRun(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	const p = "projects/" + cloudtest.Project
	w.OK("POST", cloudtest.Services+"?serviceId=api", `{"template":{"containers":[{"image":"`+cloudtest.Image+`"}]}}`)
	w.OK("POST", "/iam/v1/"+p+"/serviceAccounts", `{"accountId":"webserver"}`)
	w.OK("POST", "/iam/v1/"+p+"/serviceAccounts", `{"accountId":"stranger"}`)
	w.OK("POST", cloudtest.Services+"/api:setIamPolicy", `{"policy":{"bindings":[{"role":"roles/run.invoker",
		"members":["serviceAccount:webserver@procureflow-dev.iam.gserviceaccount.com"]}]}}`)
	service, err := w.Cloud.Run.Service(p + "/locations/us-central1/services/api")
	require.NoError(t, err)
	token := func(account, audience string) string {
		return w.OK("POST", "/cred/v1/projects/-/serviceAccounts/"+account+"@procureflow-dev.iam.gserviceaccount.com:generateIdToken",
			`{"audience":"`+audience+`"}`)["token"].(string)
	}
	good := token("webserver", service.URI)
	for name, test := range map[string]struct {
		token string
		after time.Duration
		want  int
	}{
		"webserver's":                               {good, 0, http.StatusOK},
		"another account's":                         {token("stranger", service.URI), 0, http.StatusForbidden},
		"audience of another service":               {token("webserver", "https://other.example"), 0, http.StatusUnauthorized},
		"an hour old":                               {good, time.Hour, http.StatusOK},
		"as old as the clocks' difference allows":   {good, time.Hour + 5*time.Minute, http.StatusOK},
		"too old":                                   {good, time.Hour + 5*time.Minute + time.Second, http.StatusUnauthorized},
		"as early as the clocks' difference allows": {good, -5 * time.Minute, http.StatusOK},
		"from the future":                           {good, -5*time.Minute - time.Second, http.StatusUnauthorized},
		"a changed expiry":                          {with(t, good, 1, "exp", 4102444800), 0, http.StatusUnauthorized},
		"a changed subject": {with(t, token("stranger", service.URI), 1, "sub", claims(t, good)["sub"]), 0,
			http.StatusUnauthorized},
		"a changed audience": {with(t, token("webserver", "https://x.example"), 1, "aud", service.URI), 0,
			http.StatusUnauthorized},
		"a changed signature":     {good[:len(good)-4] + "AAAA", 0, http.StatusUnauthorized},
		"another key's signature": {forged(t, good), 0, http.StatusUnauthorized},
		"a changed issuer":        {with(t, good, 1, "iss", "https://example.com"), 0, http.StatusUnauthorized},
		"the algorithm none":      {with(t, good, 0, "alg", "none"), 0, http.StatusUnauthorized},
		"another key's id":        {with(t, good, 0, "kid", "x"), 0, http.StatusUnauthorized},
		"without a signature":     {good[:strings.LastIndexByte(good, '.')+1], 0, http.StatusUnauthorized},
		"a signature that is not base64": {good[:strings.LastIndexByte(good, '.')+1] + "!", 0,
			http.StatusUnauthorized},
		"two parts":                     {"a.b", 0, http.StatusUnauthorized},
		"three parts that are not JSON": {"a.b.c", 0, http.StatusUnauthorized},
	} {
		w.Clock.Advance(test.after)
		assert.Equal(t, test.want, w.Cloud.Run.Authorize(service, http.Header{"Authorization": {"Bearer " + test.token}}), name)
		w.Clock.Advance(-test.after)
	}
}

// TestTokenBeforeTheKeyIsMade shows a token to an emulator that has not made its key yet.
func TestTokenBeforeTheKeyIsMade(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	assert.Equal(t, map[string]any{"keys": []any{}}, w.OK("GET", "/oauth2/v3/certs", ""))
	w.OK("POST", cloudtest.Services+"?serviceId=api", `{"template":{"containers":[{"image":"`+cloudtest.Image+`"}]}}`)
	service, err := w.Cloud.Run.Service("projects/" + cloudtest.Project + "/locations/us-central1/services/api")
	require.NoError(t, err)
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	assert.Equal(t, http.StatusUnauthorized, w.Cloud.Run.Authorize(service, http.Header{"Authorization": {"Bearer " +
		part(`{"alg":"RS256","kid":""}`) + "." + part(`{"iss":"https://accounts.google.com"}`) + "."}}))
}

// claims returns the claims of a token.
func claims(t *testing.T, token string) map[string]any { t.Helper(); return part(t, token, 1) }

func part(t *testing.T, token string, index int) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[index])
	require.NoError(t, err)
	fields := map[string]any{}
	require.NoError(t, json.Unmarshal(raw, &fields))
	return fields
}

// with returns the token with one field of a part changed and the old signature.
func with(t *testing.T, token string, index int, field string, value any) string {
	t.Helper()
	fields := maps.Clone(part(t, token, index))
	fields[field] = value
	raw, err := json.Marshal(fields)
	require.NoError(t, err)
	parts := strings.Split(token, ".")
	parts[index] = base64.RawURLEncoding.EncodeToString(raw)
	return strings.Join(parts, ".")
}

// forged returns the token signed with another key, under the id of the emulator's key.
func forged(t *testing.T, token string) string {
	t.Helper()
	signed := token[:strings.LastIndexByte(token, '.')]
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	hash := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, hash[:])
	require.NoError(t, err)
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}
