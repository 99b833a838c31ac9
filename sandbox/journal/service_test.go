package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

const devStack = "/api/stacks/organization/app/dev"

// caller sends requests as the CLI does.
type caller struct {
	t       *testing.T
	service *Service
}

func newCaller(t *testing.T) caller {
	t.Helper()
	service, err := Serve(Options{Files: newFiles(t), Version: "v3.0.0", Credentials: filepath.Join(t.TempDir(), "credentials"),
		Now: func() time.Time { return time.Unix(1_800_000_000, 0) }})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, service.Close()) })
	return caller{t, service}
}

func (c caller) send(method, path, body string, into any) (int, string) {
	c.t.Helper()
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.service.address+path, strings.NewReader(body))
	require.NoError(c.t, err)
	request.Header.Set("Authorization", "token "+c.service.token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(c.t, err)
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	if into != nil {
		require.NoError(c.t, json.Unmarshal(data, into), "%s", data)
	}
	return response.StatusCode, strings.TrimSpace(string(data))
}

// started creates and starts an update, and returns its path.
func (c caller) started() string {
	c.t.Helper()
	var created apitype.UpdateProgramResponse
	code, _ := c.send("POST", devStack+"/update", `{"config": {"app:plain": {"string": "p"}, "app:sealed": {"string": "v1:x", "secret": true},
		"app:object": {"string": "{\"a\":1}", "object": true}}, "metadata": {"message": "m", "environment": {"k": "v"}}}`, &created)
	require.Equal(c.t, http.StatusOK, code)
	path := devStack + "/update/" + created.UpdateID
	var start apitype.StartUpdateResponse
	code, _ = c.send("POST", path, `{"journalVersion": 1}`, &start)
	require.Equal(c.t, http.StatusOK, code)
	assert.Equal(c.t, int64(1), start.JournalVersion)
	return path
}

func entries(t *testing.T, of ...apitype.JournalEntry) string {
	t.Helper()
	data, err := json.MarshalIndent(apitype.JournalEntries{Entries: of}, "", "  ") // several lines here, one line in the journal
	require.NoError(t, err)
	return string(data)
}

// TestUpdate checks that an entry is in the file once it is answered, that the state has it once the update is complete, and that
// the history has the update.
func TestUpdate(t *testing.T) {
	t.Parallel()
	c := newCaller(t)
	files := c.service.options.Files
	path := c.started()
	locks, err := os.ReadDir(files.locks("dev"))
	require.NoError(t, err)
	assert.Len(t, locks, 1, "the stack is locked against another CLI")

	code, _ := c.send("PATCH", path+"/journalentries", entries(t, begin(1, "a", apitype.OperationTypeCreating)), nil)
	require.Equal(t, http.StatusOK, code)
	journal, err := os.ReadFile(files.journal("dev"))
	require.NoError(t, err)
	assert.Equal(t, 2, bytes.Count(journal, []byte("\n")))
	assert.Empty(t, stateOf(t, files))
	_, _ = c.send("PATCH", path+"/journalentries", entries(t, success(1, made("a", "a1"))), nil)
	_, _ = c.send("POST", path+"/events/batch",
		`{"events": [{"preludeEvent": {}}, {"summaryEvent": {"resourceChanges": {"create": 1}}}]}`, nil)
	code, _ = c.send("POST", path+"/complete", `{"status": "succeeded"}`, nil)
	require.Equal(t, http.StatusOK, code)
	assert.Equal(t, map[apitype.OpType]int{apitype.OpCreate: 1}, c.service.Changes())

	assert.Equal(t, "a=a1", stateOf(t, files))
	assert.NoFileExists(t, files.journal("dev"))
	locks, err = os.ReadDir(files.locks("dev"))
	require.NoError(t, err)
	assert.Empty(t, locks)
	var exported apitype.UntypedDeployment
	_, _ = c.send("GET", devStack+"/export", "", &exported)
	assert.Equal(t, 3, exported.Version)
	assert.Contains(t, string(exported.Deployment), `"id":"a1"`)

	history, err := os.ReadFile(filepath.Join(files.history("dev"), "dev-1800000000000000000.history.json"))
	require.NoError(t, err)
	assert.JSONEq(t, `{"kind": "update", "startTime": 1800000000, "message": "m", "environment": {"k": "v"},
		"config": {"app:plain": "p", "app:sealed": {"secure": "v1:x"}, "app:object": {"a": 1}}, "result": "succeeded", "endTime": 1800000000,
		"version": 0, "resourceChanges": {"create": 1}}`, string(history))
	assert.FileExists(t, filepath.Join(files.history("dev"), "dev-1800000000000000000.checkpoint.json"))
}

// TestPreviewBeforeAnUpdate previews and then updates, as the CLI does in one process. Both report what the policies found, and the
// preview leaves nothing else behind.
func TestPreviewBeforeAnUpdate(t *testing.T) {
	t.Parallel()
	c := newCaller(t)
	files := c.service.options.Files
	report := func(path, message string) {
		t.Helper()
		_, _ = c.send("POST", path+"/events/batch", `{"events": [{"policyEvent": {"policyName": "p", "message": "`+message+`"}},
			{"summaryEvent": {"resourceChanges": {"create": 9}}}]}`, nil)
	}
	c.service.Begin()
	var created apitype.UpdateProgramResponse
	_, _ = c.send("POST", devStack+"/update", `{"options": {"dryRun": true}}`, &created)
	preview := devStack + "/update/" + created.UpdateID
	code, _ := c.send("POST", preview, `{"journalVersion": 1}`, nil)
	require.Equal(t, http.StatusOK, code)
	assert.NoFileExists(t, files.journal("dev"))
	assert.NoDirExists(t, files.locks("dev"))
	report(preview, "same")
	report(preview, "not checked: known only after the update")
	code, _ = c.send("PATCH", preview+"/journalentries", `{"entries": []}`, nil)
	assert.Equal(t, http.StatusConflict, code, "a preview keeps no journal")
	code, _ = c.send("POST", preview+"/complete", `{"status": "succeeded"}`, nil)
	require.Equal(t, http.StatusOK, code)
	assert.Nil(t, c.service.Changes(), "nothing has changed yet")
	assert.NoDirExists(t, files.history("dev"))

	update := c.started()
	report(update, "same")
	report(update, "of a value that the preview did not know")
	same, later := apitype.PolicyEvent{PolicyName: "p", Message: "same"}, apitype.PolicyEvent{PolicyName: "p",
		Message: "of a value that the preview did not know"}
	assert.Equal(t, []apitype.PolicyEvent{same, {PolicyName: "p", Message: "not checked: known only after the update"}, later},
		c.service.Findings())
	code, _ = c.send("POST", update+"/complete", `{"status": "succeeded"}`, nil)
	require.Equal(t, http.StatusOK, code)
	assert.Equal(t, []apitype.PolicyEvent{same, later}, c.service.Findings(), "the update has checked what its preview could not")
	c.service.Begin()
	assert.Empty(t, c.service.Findings(), "those were of the command before")
}

// TestRefusedUpdate refuses an update by what its preview planned. The next command starts as if there had been no update.
func TestRefusedUpdate(t *testing.T) {
	t.Parallel()
	c := newCaller(t)
	var judged [][]apitype.StepEventMetadata
	c.service.options.Refuse = func(preview []apitype.StepEventMetadata) error {
		judged = append(judged, preview)
		if len(preview) > 0 {
			return errors.New("not this")
		}
		return nil
	}
	c.service.Begin()
	var created apitype.UpdateProgramResponse
	_, _ = c.send("POST", devStack+"/update", `{"options": {"dryRun": true}}`, &created)
	preview := devStack + "/update/" + created.UpdateID
	_, _ = c.send("POST", preview, `{"journalVersion": 1}`, nil)
	_, _ = c.send("POST", preview+"/events/batch", `{"events": [{"resourcePreEvent": {"metadata": {"op": "create", "urn": "u"}}}]}`, nil)
	_, _ = c.send("POST", preview+"/complete", `{"status": "succeeded"}`, nil)
	assert.Empty(t, judged, "a preview is never refused")

	_, _ = c.send("POST", devStack+"/update", `{}`, &created)
	code, said := c.send("POST", devStack+"/update/"+created.UpdateID, `{"journalVersion": 1}`, nil)
	assert.Equal(t, http.StatusBadRequest, code)
	assert.Contains(t, said, "not this")
	require.NoError(t, c.service.Finish())
	files := c.service.options.Files
	assert.NoFileExists(t, files.journal("dev"))
	assert.NoDirExists(t, files.locks("dev"))

	c.service.Begin()
	update := c.started()
	_, _ = c.send("POST", update+"/events/batch", `{"events": [{"resourcePreEvent": {"metadata": {"op": "create", "urn": "u"}}}]}`, nil)
	_, _ = c.send("POST", update+"/complete", `{"status": "succeeded"}`, nil)
	assert.Equal(t, [][]apitype.StepEventMetadata{{{Op: apitype.OpCreate, URN: "u"}}, nil}, judged, "an update's own steps are no plan")
}

// TestPreviewIsInterrupted ends a preview early. The service is ready for the next command.
func TestPreviewIsInterrupted(t *testing.T) {
	t.Parallel()
	c := newCaller(t)
	code, _ := c.send("POST", devStack+"/update", `{"options": {"dryRun": true}}`, nil)
	require.Equal(t, http.StatusOK, code)
	require.NoError(t, c.service.Finish())
	c.started()
}

// TestEngineIsKilled kills an engine in an update. The next update begins with what the killed one had begun.
func TestEngineIsKilled(t *testing.T) {
	t.Parallel()
	c := newCaller(t)
	path := c.started()
	_, _ = c.send("PATCH", path+"/journalentries", entries(t, success(1, made("a", "a1")), begin(2, "b", apitype.OperationTypeCreating)), nil)
	require.NoError(t, c.service.Finish())
	assert.Equal(t, "a=a1, creating b", stateOf(t, c.service.options.Files))
	code, said := c.send("PATCH", path+"/journalentries", entries(t, success(2, made("b", "b1"))), nil)
	assert.Equal(t, http.StatusNotFound, code, said)
	require.NoError(t, c.service.Finish(), "a second Finish has nothing to do")

	path = c.started()
	_, _ = c.send("PATCH", path+"/journalentries", entries(t, success(1, made("c", "c1"))), nil)
	code, _ = c.send("POST", path+"/complete", `{"status": "failed"}`, nil)
	require.Equal(t, http.StatusOK, code)
	assert.Equal(t, "c=c1, a=a1, creating b", stateOf(t, c.service.options.Files))
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	c := newCaller(t)
	for name, test := range map[string]struct {
		method, path, body string
		code               int
		says               string
	}{
		"another path":      {"GET", "/api/orgs", "", 404, "the sandbox's state knows no GET /api/orgs"},
		"another project":   {"GET", "/api/stacks/organization/other/dev", "", 404, "there is no stack other/dev"},
		"another stack":     {"GET", "/api/stacks/organization/app/prod/export", "", 404, "there is no stack app/prod"},
		"a path outside":    {"GET", "/api/stacks/organization/app/..%2Fdev", "", 404, "there is no stack app/../dev"},
		"not JSON":          {"POST", devStack + "/update", `{`, 400, "unexpected EOF"},
		"an unknown update": {"POST", devStack + "/update/1/complete", `{}`, 404, "the update 1 does not run"},
	} {
		code, said := c.send(test.method, test.path, test.body, nil)
		assert.Equal(t, test.code, code, name)
		assert.Contains(t, said, test.says, name)
	}
	for _, authorization := range []string{"", "token guess", c.service.token} {
		request, err := http.NewRequestWithContext(t.Context(), "GET", c.service.address+devStack+"/export", nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", authorization)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		_ = response.Body.Close()
		assert.Equal(t, http.StatusUnauthorized, response.StatusCode, authorization)
	}

	path := c.started()
	code, said := c.send("POST", devStack+"/update", `{}`, nil)
	assert.Equal(t, http.StatusConflict, code)
	assert.Contains(t, said, "another update of stack dev runs")
	_, said = c.send("PATCH", path+"/journalentries", `{"entries": [`, nil)
	assert.Contains(t, said, "unexpected EOF")
}

// TestAnotherCommandHoldsTheLock checks a CLI that uses the same state through the file backend and holds its lock.
func TestAnotherCommandHoldsTheLock(t *testing.T) {
	t.Parallel()
	c := newCaller(t)
	require.NoError(t, statedir.WriteFile(filepath.Join(c.service.options.locks("dev"), "other.json"), []byte(`{}`), 0o600))
	var created apitype.UpdateProgramResponse
	_, _ = c.send("POST", devStack+"/update", `{}`, &created)
	code, said := c.send("POST", devStack+"/update/"+created.UpdateID, `{}`, nil)
	assert.Equal(t, http.StatusConflict, code)
	assert.Contains(t, said, "another command holds the stack's lock: let it end, or release it with `pulumi cancel`")
	code, _ = c.send("PATCH", devStack+"/update/"+created.UpdateID+"/journalentries", `{"entries": []}`, nil)
	assert.Equal(t, http.StatusConflict, code, "a refused update keeps no journal")

	for _, want := range []bool{true, false} {
		released, err := c.service.options.Unlock("dev")
		require.NoError(t, err)
		assert.Equal(t, want, released)
	}
	code, _ = c.send("POST", devStack+"/update/"+created.UpdateID, `{}`, nil)
	assert.Equal(t, http.StatusOK, code)
}

// TestCredentials checks that the token is in a file that only the owner can read while the service runs, and nowhere afterwards.
func TestCredentials(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "credentials")
	service, err := Serve(Options{Files: newFiles(t), Version: "v3.0.0", Credentials: folder})
	require.NoError(t, err)
	file := filepath.Join(folder, "credentials.json")
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	var credentials workspace.Credentials
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &credentials))
	assert.Equal(t, service.token, credentials.Accounts[service.address].AccessToken)
	for _, variable := range service.Environment() {
		assert.NotContains(t, variable, service.token)
	}
	require.NoError(t, service.Close())
	assert.NoDirExists(t, folder)
}
