package review_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/rehearse"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
)

func named(t testing.TB, name string) pull {
	t.Helper()
	for _, p := range pulls {
		if p.name == name {
			return p
		}
	}
	require.Fail(t, "no pull request "+name)
	return pull{}
}

// TestRehearsal rehearses two changes to the end: one that a release brings to every visitor without anybody noticing, and one that
// visitors notice. The engine's plan has to equal the recorded one.
func TestRehearsal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		exported bool // begins from an exported state with values that nobody may see
		check    func(*testing.T, *review.Rehearsal)
	}{
		"costs more":        {true, harmless},
		"renames a service": {false, noticed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := named(t, name)
			folder, export := t.TempDir(), (*rehearse.Export)(nil)
			if test.exported {
				export = exported(t, p)
			}
			result := p.rehearsed(t.Context(), t, folder, export)
			said := p.kept(t).Stacks[0]
			if export != nil { // The template lacks what only an engine fills in, so its revision differs.
				said.Plan[0].Changes[1].Before = `"procureflow-web-e6364c3bc1-deployed"`
			}
			assert.Equal(t, said.Plan, result.Steps, "the plan differs from the recorded one: record it again")
			assert.Equal(t, said.Findings, result.Findings)
			assert.Empty(t, result.Failed)
			if export != nil {
				withheld(t, result, folder)
			}
			test.check(t, result.Rehearsal)
		})
	}
}

// exported returns the base as `pulumi stack export` writes it, with a planted text wherever a secret may be.
func exported(t *testing.T, p pull) *rehearse.Export {
	t.Helper()
	const service, channel = "gcp:cloudrunv2/service:Service", "gcp:monitoring/notificationChannel:NotificationChannel"
	const version = "gcp:secretmanager/secretVersion:SecretVersion"
	secret := func(kind, value string) map[string]any {
		return map[string]any{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", kind: value}
	}
	var resources []map[string]any
	for _, name := range []string{"mongodb-uri", "nextauth-secret", "openai-api-key"} { // only an engine gives these their values
		resources = append(resources, map[string]any{
			"urn":  "urn:pulumi:prod::procureflow::procureflow:secrets:Secrets$" + version + "::secrets-" + name + "-version",
			"type": version, "custom": true, "id": "PLANTED-id", "inputs": map[string]any{"secret": "projects/procureflow-prod/secrets/" + name,
				"secretData": secret("plaintext", `"PLANTED-plain"`), "deletionPolicy": "ABANDON"},
			"outputs": map[string]any{"name": "PLANTED-output", "secretData": secret("ciphertext", "PLANTED-ciphertext")}})
	}
	found := map[string]bool{}
	for _, r := range p.baseSide(t).Resources {
		inputs := maps.Clone(r.Inputs)
		found[r.Type] = true
		switch r.Type {
		case service:
			var template map[string]any
			data, err := json.Marshal(inputs["template"])
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(data, &template))
			envs := template["containers"].([]any)[0].(map[string]any)["envs"].([]any)
			envs[0].(map[string]any)["value"] = "PLANTED-variable"
			template["annotations"] = map[string]any{"PLANTED-key": "PLANTED-annotation"}
			inputs["template"], inputs["description"] = template, "PLANTED-description"
		case channel:
			inputs["sensitiveLabels"] = map[string]any{"authToken": "PLANTED-token"}
		}
		resources = append(resources, map[string]any{"urn": r.URN, "type": r.Type, "parent": r.Parent,
			"custom": strings.HasPrefix(r.Type, "gcp:") || strings.HasPrefix(r.Type, "github:"), "id": "PLANTED-id", "inputs": inputs})
	}
	require.True(t, found[service] && found[channel])
	data, err := json.Marshal(map[string]any{"version": 3, "deployment": map[string]any{"resources": resources}})
	require.NoError(t, err)
	// Values that only an engine knows are empty in these resources.
	export, err := rehearse.ReadExport([]byte(strings.ReplaceAll(string(data), `""`, `"PLANTED-unknown"`)))
	require.NoError(t, err)
	return &export
}

// withheld checks that no planted text is in the report, in the emulated cloud or in the state.
func withheld(t *testing.T, result rehearse.Result, folder string) {
	t.Helper()
	assert.Contains(t, result.Note, "The base is the exported state. Withheld, because the repository does not have the value")
	for _, path := range []string{"service-web-service.description", "service-web-service.template.containers.0.envs.0.value"} {
		assert.Contains(t, result.Note, path)
	}
	data, err := json.Marshal(result)
	require.NoError(t, err)
	assert.NotContains(t, string(data), "PLANTED")
	files := 0
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		files++
		assert.False(t, bytes.Contains(content, []byte("PLANTED")), path)
		return err
	}))
	assert.Greater(t, files, 10)
}

// stages returns the names of the stages, each with a mark if it failed.
func stages(r *review.Rehearsal) (names []string) {
	for _, stage := range r.Stages {
		name := stage.Name
		if stage.Bad {
			name = "! " + name
		}
		names = append(names, name)
	}
	return names
}

func harmless(t *testing.T, r *review.Rehearsal) {
	assert.Equal(t, []string{"the base comes up", "the exported state comes up", "the change is applied", "the update goes on",
		"the release of procureflow-web", "drift",
		"a second update", "the rollback of procureflow-web"}, stages(r))
	assert.Equal(t, "the engine is killed in the middle of it, on purpose", r.Stages[2].Result)
	assert.Equal(t, "released in 15m34s of simulated time", r.Stages[4].Result, "three steps of five minutes, and what is probed before")
	assert.Equal(t, "procureflow-web-e6364c3bc1 serves again after 500ms of simulated time", r.Stages[7].Result)
	require.Len(t, r.Visitors, 1)
	assert.Greater(t, r.Visitors[0].Requests, 3000)
	r.Visitors[0].Requests = 0
	assert.Equal(t, review.Visitors{Service: "procureflow-web"}, r.Visitors[0], "nobody noticed")
	assert.Equal(t, []string{"procureflow-web: the image, its variables and its secrets' versions, CPU and memory, of revision " +
		"procureflow-web-e6364c3bc1"}, r.Restored)
	assert.Empty(t, r.NotRestored)
	assert.Empty(t, r.ManualSteps)
	assert.Empty(t, r.Lost)
}

func noticed(t *testing.T, r *review.Rehearsal) {
	assert.Equal(t, []string{"the base comes up", "the change is applied", "the update goes on", "drift",
		"a second update"}, stages(r))
	require.Len(t, r.Visitors, 1)
	assert.Greater(t, r.Visitors[0].Failures, 10)
	assert.Greater(t, r.Visitors[0].Seconds, 5.0)
	assert.True(t, r.Visitors[0].StillFailing, "the old address is gone for good")
	assert.Contains(t, r.Lost, "service-web-service")
	assert.Contains(t, r.NotRestored, "service-web-service (replace)")
	assert.Empty(t, r.Restored)
}
