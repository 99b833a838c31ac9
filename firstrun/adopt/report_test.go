package adopt_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/firstrun/adopt"
)

// TestReport pins the whole text that people read and the whole JSON that scripts read.
func TestReport(t *testing.T) {
	t.Parallel()
	nothing := adopt.Report{Planned: 3}
	assert.True(t, nothing.Good())
	assert.Equal(t, "None of the 3 planned resources exists already: import.json imports nothing.\n"+
		"`up` would not fail, and takes nothing away.\n", nothing.Text("import.json"))
	assert.Equal(t, "The plan makes nothing: what the settings ask for is in the state already. import.json imports nothing.\n"+
		"`up` would not fail, and takes nothing away.\n", adopt.Report{}.Text("import.json"))

	report := adopt.Report{
		Planned: 7, Later: []string{"a", "b"},
		Existing: []adopt.Adoption{{Planned: secret("key"), ID: "projects/p/secrets/key"}},
		Refused:  []adopt.Refusal{{Resource: "r", Why: "it is old", Fix: "make another"}},
		Changes: []adopt.Change{{Resource: "x", What: "memory", Live: "1Gi", After: "512Mi", Setting: "services.web.memory"},
			{Resource: "x", What: "command"}, {Resource: "y", What: "port", Live: "1", After: "2"}},
		Added:   []adopt.Addition{{Resource: "x", What: []string{"startup probe", "variable A"}}},
		Pins:    []string{"gcloud one", "gcloud two"},
		Unknown: []adopt.Unknown{{Resource: "z", What: "a secret that the settings do not name"}},
	}
	assert.Equal(t, `1 of the 7 planned resources exists already and is named in import.json:
  secrets-key                  projects/p/secrets/key
Not looked for, because their parent resources are not in the state yet: a, b. Ask again after the import.
Put these right first. `+"`up`"+` would fail on them half-way, or replace them:
  r: it is old.
    Make another.
`+"`up`"+` changes x:
  memory: 1Gi becomes 512Mi; services.web.memory keeps it
  command is taken away; no setting keeps it
`+"`up`"+` changes y:
  port: 1 becomes 2; no setting keeps it
It adds to x: startup probe, variable A.
Requests go to the newest revision, and the first `+"`up`"+` makes a newer one that nobody has tested. `+
		`First give the requests to the revision that serves now:
  gcloud one
  gcloud two
The settings do not know these, and `+"`up`"+` leaves them as they are:
  z: a secret that the settings do not name
`, report.Text("import.json"))

	path := filepath.Join(t.TempDir(), "import.json")
	require.NoError(t, report.Write(path, []adopt.Planned{secret("key")}))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Contains(t, string(content), `"id": "projects/p/secrets/key"`)
	assert.Error(t, report.Write(filepath.Join(path, "below"), nil), "a file is not a folder")
	text, err := json.Marshal(report.Existing)
	require.NoError(t, err)
	assert.JSONEq(t, `[{"name": "secrets-key", "type": "gcp:secretmanager/secret:Secret", "id": "projects/p/secrets/key"}]`, string(text),
		"the report has no inputs, which may be secret")
}

// TestGood checks each finding that makes a person stop before `up`.
func TestGood(t *testing.T) {
	t.Parallel()
	for name, report := range map[string]adopt.Report{
		"refused": {Refused: []adopt.Refusal{{Fix: "x"}}}, "changed": {Changes: []adopt.Change{{}}}, "to be pinned": {Pins: []string{"x"}},
	} {
		assert.False(t, report.Good(), name)
		assert.NotContains(t, report.Text("f"), "takes nothing away", name)
	}
	assert.True(t, adopt.Report{Unknown: []adopt.Unknown{{}}, Added: []adopt.Addition{{}}, Later: []string{"x"}}.Good())
}
