package conditions_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
	"github.com/guiofsaints/procureflow-platform/emulator/conditions"
	"github.com/guiofsaints/procureflow-platform/emulator/dataplane"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// TestManyAtOnce evaluates conditions from several goroutines, as the clients of one cloud do. The race detector looks at it with
// check --full, because it compiles the library of the language once more.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	var group sync.WaitGroup
	for client := range 8 {
		group.Go(func() {
			asked := rest.Asked{Name: fmt.Sprintf("projects/p/secrets/s%d", client), Service: "secretmanager.googleapis.com",
				Type: "secretmanager.googleapis.com/Secret", Time: noon}
			assert.True(t, conditions.Hold(fmt.Sprintf(`resource.name == "projects/p/secrets/s%d"`, client), asked))
			for expression, want := range map[string]bool{
				`resource.name.endsWith("/s3")`:                                                 client == 3,
				`resource.type == "secretmanager.googleapis.com/Secret"`:                        true,
				`resource.service == "run.googleapis.com"`:                                      false,
				`request.time < timestamp("2026-11-23T12:00:01Z")`:                              true,
				`request.time.getHours("Europe/Berlin") == 13 && request.time.getHours() == 12`: true,
				`resource.bogus(`: false,
				`"true"`:          false,
			} {
				assert.Equal(t, want, conditions.Hold(expression, asked), "%s on %s", expression, asked.Name)
			}
		})
	}
	group.Wait()
}

// TestConditionalGrantOfACaller calls a service whose grants have conditions, on the service and on its project.
func TestConditionalGrantOfACaller(t *testing.T) {
	t.Parallel()
	w := cloudtest.New(t, t.TempDir(), cloud.Options{Conditions: conditions.Hold})
	plane := dataplane.New(w.Cloud, dataplane.Options{Now: w.Clock.Now})
	const accounts, service = "/iam/v1/projects/" + cloudtest.Project + "/serviceAccounts", cloudtest.Services + "/api"
	const member = "webserver@" + cloudtest.Project + ".iam.gserviceaccount.com"
	const host = "api-" + cloudtest.Number + ".us-central1.run.app"
	w.OK("POST", accounts, `{"accountId":"webserver"}`)
	w.OK("POST", cloudtest.Services+"?serviceId=api", `{"template":{"containers":[{"image":"`+cloudtest.Image+`"}]}}`)
	token := w.OK("POST", "/cred/v1/projects/-/serviceAccounts/"+member+":generateIdToken", `{"audience":"https://`+host+`"}`)["token"]
	call := func() int {
		request := httptest.NewRequest(http.MethodGet, "/", nil)
		request.Host = host
		request.Header.Set("Authorization", fmt.Sprint("Bearer ", token))
		recorder := httptest.NewRecorder()
		plane.ServeHTTP(recorder, request)
		return recorder.Code
	}
	require.Equal(t, 403, call(), "without a grant")
	const name = "projects/" + cloudtest.Project + "/locations/us-central1/services/api"
	for expression, want := range map[string]int{
		`true`:  200,
		`false`: 403,
		`request.time < timestamp("2026-11-24T00:00:00Z")`:                                       200,
		`request.time < timestamp("2026-11-23T00:00:00Z")`:                                       403,
		`resource.name == "` + name + `"`:                                                        200,
		`resource.name.startsWith("projects/` + cloudtest.Project + `/locations/europe-west1/")`: 403,
		`resource.service == "run.googleapis.com"`:                                               200,
		`resource.type == "run.googleapis.com/Service" && resource.name.endsWith("api")`:         200,
		`resource.type == "secretmanager.googleapis.com/Secret"`:                                 403,
		`resource.matchTag("1/env", "dev")`:                                                      403, // the emulator has no tags
		`"yes"`:                                                                                  403,
		`request.time <`:                                                                         403,
	} {
		for _, place := range []string{service, "/crm/v1/projects/" + cloudtest.Project} {
			grant, err := json.Marshal(map[string]any{"policy": map[string]any{"version": 3, "bindings": []any{map[string]any{
				"role": "roles/run.invoker", "members": []any{"serviceAccount:" + member},
				"condition": map[string]any{"title": "t", "expression": expression}}}}})
			require.NoError(t, err)
			w.OK("POST", place+":setIamPolicy", string(grant))
			assert.Equal(t, want, call(), "%s on %s", expression, place)
			w.OK("POST", place+":setIamPolicy", `{"policy":{}}`)
		}
	}
}
