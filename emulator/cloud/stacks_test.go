package cloud_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/github"
)

// TestTheStacksThroughTheOfficialProviders sends, in their order, the requests that Pulumi's own GCP provider 8.41.1 and GitHub
// provider 6.14.0 were seen to send to this emulator while the real CLI ran this program in November 2026: for every stack
// `up`, a preview and a refresh that had to find nothing to change, and `destroy`; for dev also a label that was changed by
// hand, the preview that saw it, the `up --refresh` that put it back and a preview that found nothing more.
// Dev's `up` stands there as two: the first had no address of GitHub's API and made Google's resources only.
// The provider refused to delete prod's service, which is protected: a first destroy stopped there, and the second ran after
// the protection was taken out of the state.
//
// Both providers were built from their public sources and attached with PULUMI_DEBUG_PROVIDERS; a proxy between them and the
// emulator wrote the requests down, one at a time. A read that was repeated at once with the same answer stands there once,
// and a request without an answer was answered as it was the last time.
//
// `go test ./emulator/cloud -run TestTheStacks -update` writes the answers; read what it changes.
func TestTheStacksThroughTheOfficialProviders(t *testing.T) {
	t.Parallel()
	for stack, projectNumber := range map[string]string{"dev": "100000000001", "staging": "100000000002", "prod": "100000000003"} {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			w := emptyWorld(t, t.TempDir(), cloud.Options{})
			require.NoError(t, w.Cloud.EnsureProject(cloud.Project{
				ID: "procureflow-" + stack, Number: projectNumber, BillingAccount: "012345-6789AB-CDEF01",
			}))
			require.NoError(t, w.Cloud.GitHub.Ensure(github.Repository{
				Owner: "guiofsaints", OwnerID: 10000001, Name: "procureflow", ID: 100000001, UserIDs: []int64{1000001, 1000002},
			}))
			replay(t, w, "testdata/official-"+stack+".jsonl")
			assert.Empty(t, w.OK("GET", "/run/v2/projects/procureflow-"+stack+"/locations/us-central1/services", ""), "what was created is deleted")
		})
	}
}

// replay sends the requests of a file and compares the answers. What the emulator chose by chance (an etag, a number, a
// UUID) may be another each time: it is learned from the answer that first shows it, and filled into what follows.
func replay(t *testing.T, w *world, file string) {
	recorded, err := os.ReadFile(file)
	require.NoError(t, err)
	var written bytes.Buffer
	encoder := json.NewEncoder(&written)
	encoder.SetEscapeHTML(false)
	chosen, last, gotLast := chance{}, map[string]json.RawMessage{}, map[string]json.RawMessage{}
	for line := range strings.Lines(string(recorded)) {
		var sent observed
		require.NoError(t, json.Unmarshal([]byte(line), &sent), line)
		method, path, _ := strings.Cut(chosen.fill(sent.Request), " ")
		body := chosen.fill(string(sent.Body))
		code, answer := w.Call(method, path, body)
		require.Equal(t, sent.Code, code, "%s: %s: %v", sent.Step, sent.Request, answer)
		got, err := json.Marshal(answer)
		require.NoError(t, err)
		if sent.Answer == nil {
			sent.Answer = last[sent.Request]
		}
		last[sent.Request] = sent.Answer
		chosen.learn("", decoded(t, sent.Answer), decoded(t, got))
		if !*update {
			assert.JSONEq(t, chosen.fill(string(sent.Answer)), string(got), "%s: %s", sent.Step, sent.Request)
		}
		sent.Request, sent.Answer = method+" "+path, got
		if bytes.Equal(got, gotLast[sent.Request]) {
			sent.Answer = nil
		}
		gotLast[sent.Request] = got
		if len(sent.Body) > 0 {
			sent.Body = json.RawMessage(body)
		}
		require.NoError(t, encoder.Encode(sent))
	}
	require.Positive(t, written.Len(), "%s holds no request", file)
	if *update {
		require.NoError(t, os.WriteFile(file, written.Bytes(), 0o644))
	}
}

func decoded(t *testing.T, data []byte) any {
	var value any
	if len(data) == 0 {
		return value
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&value))
	return value
}

// chance maps each value that the emulator chose by chance in the recorded run to the value in this run.
type chance map[string]string

// byChance is the form of a segment of a name that is chosen by chance. A field of wholly is such a value as a whole.
var (
	byChance = regexp.MustCompile(`^([0-9]{6,}|([a-z0-9.-]+-)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,}|` +
		`[a-z0-9-]+-[A-Za-z0-9_-]{11})$`)
	wholly = map[string]bool{"etag": true, "pem": true, "pemCrc32c": true}
)

// inJSON is the text as it stands in a body, between its quotes; an etag's own quotes do not belong to it.
func inJSON(text string) string {
	quoted, _ := json.Marshal(strings.Trim(text, `"`))
	return strings.Trim(string(quoted), `"`)
}

func (c chance) fill(text string) string {
	var pairs []string
	// The longer of two names that begin alike comes first.
	for _, was := range slices.Backward(slices.Sorted(maps.Keys(c))) {
		pairs = append(pairs, was, c[was])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// learn walks two answers to the same request.
func (c chance) learn(field string, was, is any) {
	switch was := was.(type) {
	case map[string]any:
		other, _ := is.(map[string]any)
		for key, value := range was {
			c.learn(key, value, other[key])
		}
	case []any:
		other, _ := is.([]any)
		for i := range min(len(was), len(other)) {
			c.learn(field, was[i], other[i])
		}
	case json.Number:
		if other, ok := is.(json.Number); ok {
			c.pair(field, was.String(), other.String())
		}
	case string:
		other, _ := is.(string)
		if wholly[field] {
			c.pair(field, inJSON(was), inJSON(other))
			return
		}
		before, now := strings.Split(was, "/"), strings.Split(other, "/")
		for i := range min(len(before), len(now)) {
			c.pair(field, before[i], now[i])
		}
	}
}

func (c chance) pair(field, was, is string) {
	if was != is && was != "" && is != "" && (wholly[field] || byChance.MatchString(was) && byChance.MatchString(is)) {
		c[was] = is
	}
}
