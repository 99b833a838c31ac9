package iamcredentials_test

import (
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"cloud.google.com/go/auth/credentials/idtoken"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/api/googleapi"
	iamcredentials "google.golang.org/api/iamcredentials/v1"
	"google.golang.org/api/option"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

// TestOfficialLibrariesMakeAndVerifyTokens gets a token with Google's own client and verifies it with Google's own library, by the
// key that the emulator shows.
func TestOfficialLibrariesMakeAndVerifyTokens(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	w.Clock.Advance(time.Since(w.Clock.Now())) // the library has no clock to set
	require.NoError(t, w.Cloud.EnableAPIs(cloudtest.Project, "iamcredentials.googleapis.com"))
	account := w.OK("POST", "/iam/v1/projects/"+cloudtest.Project+"/serviceAccounts", `{"accountId":"webserver"}`)
	server := httptest.NewServer(w.Cloud)
	t.Cleanup(server.Close)
	client, err := iamcredentials.NewService(t.Context(), option.WithEndpoint(server.URL+"/cred/"), option.WithoutAuthentication())
	require.NoError(t, err)
	validator, err := idtoken.NewValidator(&idtoken.ValidatorOptions{Client: server.Client(), RS256CertsURL: server.URL + "/oauth2/v3/certs"})
	require.NoError(t, err)
	name := "projects/-/serviceAccounts/" + account["email"].(string)
	for _, withEmail := range []bool{false, true} {
		made, err := client.Projects.ServiceAccounts.GenerateIdToken(name,
			&iamcredentials.GenerateIdTokenRequest{Audience: "https://api.example", IncludeEmail: withEmail}).Do()
		require.NoError(t, err)
		payload, err := validator.Validate(t.Context(), made.Token, "https://api.example")
		require.NoError(t, err)
		assert.Equal(t, account["uniqueId"], payload.Subject)
		assert.Equal(t, "https://accounts.google.com", payload.Issuer)
		assert.Equal(t, int64(3600), payload.Expires-payload.IssuedAt)
		if withEmail {
			assert.Equal(t, account["email"], payload.Claims["email"])
		} else {
			assert.NotContains(t, payload.Claims, "email")
		}
		_, err = validator.Validate(t.Context(), made.Token, "https://other.example")
		assert.Error(t, err)
	}
	_, err = client.Projects.ServiceAccounts.GenerateIdToken(name, &iamcredentials.GenerateIdTokenRequest{}).Do()
	var refused *googleapi.Error
	require.True(t, errors.As(err, &refused))
	assert.Equal(t, 400, refused.Code)
	w.OK("POST", "/iam/v1/"+account["name"].(string)+":disable", `{}`)
	assert.Equal(t, "Bad Request FAILED_PRECONDITION: Service account webserver@procureflow-dev.iam.gserviceaccount.com is disabled.",
		w.Refused("POST", "/cred/v1/"+name+":generateIdToken", `{"audience":"a"}`))
	assert.Equal(t, "Not Found NOT_FOUND: Not found; Gaia id not found for email none@procureflow-dev.iam.gserviceaccount.com",
		w.Refused("POST", "/cred/v1/projects/-/serviceAccounts/none@procureflow-dev.iam.gserviceaccount.com:generateIdToken", `{"audience":"a"}`))
}
