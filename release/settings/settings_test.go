package settings

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/hooks"
	"github.com/guiofsaints/procureflow-platform/release/notify"
	"github.com/guiofsaints/procureflow-platform/release/windows"
)

func TestBuiltIn(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"dev": "proceed", "staging": "proceed", "prod": "hold", "sandbox": "proceed"} {
		loaded, err := Load("", name)
		require.NoError(t, err)
		assert.Equal(t, want, loaded.Inconclusive, name)
		assert.Equal(t, 2*time.Second, loaded.Probe.Timeout, "an absent key gets its default")
	}
}

func TestAbsentKeysHaveDefaults(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"environments: {dev: }", "environments: {dev: {}}"} {
		loaded, err := Parse([]byte(raw), "dev")
		require.NoError(t, err)
		assert.Equal(t, Default(), loaded)
	}
	loaded, err := Parse([]byte("environments: {dev: {probe: {p95: 0s}, steps: [{percent: 100, bake: 30s}]}}"), "dev")
	require.NoError(t, err)
	assert.Zero(t, loaded.Probe.P95, "an explicit zero stays")
	assert.Equal(t, []Step{{100, 30 * time.Second}}, loaded.Steps)
	for _, share := range []string{"0", "1"} {
		_, err = Parse([]byte("environments: {dev: {probe: {badRatio: "+share+"}, metrics: {errorRatio: "+share+"}}}"), "dev")
		require.NoError(t, err, "a share of %s", share)
	}
}

func TestBadSettingsAreRefused(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"environments: {dev: {setps: []}}": "environments.dev: there is no key setps",
		"":                                 "the file has no environments: write dev below the key environments",
		"environments: {}":                 "the file has no environments: write dev below the key environments",
		"enviroments: {}":                  "field enviroments not found",
		"environments: {prod: {}}":         `there is no environment "dev": use one of prod`,
		"environments: {dev: {}, dev: {}}": "already defined",
		"environments: {dev: {steps: [{percent: 50, bake: 30s}]}}": "environments.dev: the last step has to be 100 %",
		"environments: {dev: {steps: [{percent: 100, bake: 10}]}}": "environments.dev: 10 is not a duration: use one such as 30s or 5m",
		"environments: {dev: {inconclusive: maybe}}":               `inconclusive is "maybe": use hold, proceed or rollback`,
		"environments: {dev: {}, prod: {probe: {auth: basic}}}":    `environments.prod: probe.auth is "basic": use auto, public or id-token`,
		"environments: {dev: {probe: {paths: [health], badRatio: 2}}}": "probe.paths: \"health\" has to begin with /\nprobe.badRatio " +
			"is a share from 0 to 1",
		"environments: {dev: {probe: {marker: {value: x}, timeout: 0s}}}": "probe.timeout has to be longer than 0\nprobe.marker.value " +
			"needs a header",
		"environments: {dev: {probe: {pace: 0s, interval: 0s}, metrics: {every: 0s}, blind: 0s}}": "environments.dev: probe.pace has to " +
			"be longer than 0\n" +
			"probe.interval has to be longer than 0\nblind has to be longer than 0\nmetrics.every has to be longer than 0",
		"environments: {dev: {probe: {count: 0, consecutive: 0}}}": "probe.count is 0: at least one probe has to be good before " +
			"traffic\nprobe.consecutive is 0: use at least 1",
		"environments: {dev: {steps: [{percent: 100, bake: 5s}]}}": "step 100 %: a bake of 5s has time for 6 probes, and 20 are needed " +
			"to judge by: bake for 19s, or shorten probe.interval from 1s",
		"environments: {dev: {steps: [{percent: 100}]}}": "environments.dev: step 100 %: bake is missing: say for " +
			"how long the step is watched, for example 5m",
		"environments: {dev: {steps: [{percent: 100, bak: 1s}]}}":   "environments.dev: there is no key bak",
		"environments: {dev: {steps: [{bake: 1s}]}}":                "step 0 %: steps ascend from 1 to 100",
		"environments: {dev: {steps: [{percent: 101, bake: 1s}]}}":  "step 101 %: steps ascend from 1 to 100",
		"environments: {dev: {steps: [{percent: 100, bake: -1s}]}}": "step 100 %: the bake is negative",
		"environments: {dev: {probe: {paths: []}}}":                 "environments.dev: probe.paths: name at least one path",
		"environments: {dev: {probe: {badRatio: .nan}}}":            "probe.badRatio is a share from 0 to 1",
		"environments: {dev: {metrics: {errorRatio: .nan}}}":        "metrics.errorRatio is a share from 0 to 1",
		"environments: {dev: {metrics: {minRequests: -1}}}":         "metrics.minRequests is negative",
		"environments: {dev: {probe: {p95: -1s, warmup: -1s}}}":     "probe.p95 is negative\nprobe.warmup is negative",
		"environments: {dev: {metrics: {p95: -1s}, holdFor: -1m}}":  "metrics.p95 is negative\nholdFor is negative",
		"environments: {dev: {}}\n---\nenvironments: {prod: {}}":    "there is a second document",
		"environments: {dev: {before: [{timeout: 0s, onFailure: hold}]}}": "before[0]: job is \"\": use the short name of a Cloud Run job\n" +
			"before[0]: timeout has to be longer than 0\nbefore[0]: onFailure is for after hooks",
		"environments: {dev: {after: [{job: smoke, onFailure: ignore}]}}": `after[0]: onFailure is "ignore": use rollback or hold`,
		"environments: {dev: {after: [{job: smoke, retries: 3}]}}":        "environments.dev: there is no key retries",
		"environments: {dev: {windows: {}}}": "windows.timeZone: \"\" is not a time zone: use a name such as Europe/Berlin or UTC\n" +
			"windows.open: name at least one, or leave windows out",
		"environments: {dev: {windows: {timeZone: UTC, open: [{days: [mon], from: 9, to: 24:00}], closed: " +
			"[2026-13-01]}}}": "windows.open[0].from: " +
			"\"9\" is not a time of day: use one from 00:00 to 24:00\nwindows.closed[0].\"2026-13-01\" is not a date",
		"environments: {dev: {notify: [{kind: slack, secret: xoxb}, {kind: x}]}}": "notify[0].secret has to be the name of an environment " +
			"variable, such as RELEASE_SLACK_URL: the file holds no secret\nnotify[1].kind is \"x\"",
	} {
		_, err := Parse([]byte(raw), "dev")
		assert.ErrorContains(t, err, want, raw)
	}
	_, err := Load("no-such-file.yaml", "dev")
	assert.ErrorContains(t, err, "read the release policy")
}

// TestUnclearScalarsAreRefused has what YAML reads in another way than the file seems to say, and paths and headers that no service has.
func TestUnclearScalarsAreRefused(t *testing.T) {
	t.Parallel()
	const fix, empty = ": write a whole number such as 10", " has no value: give it one, or remove the key"
	for of, want := range map[string]string{
		"steps: [{percent: 10.9, bake: 1m}, {percent: 100, bake: 1m}]": "environments.dev: steps[0].percent is 10.9" + fix,
		"steps: [{percent: 010, bake: 1m}, {percent: 1e2, bake: 1m}]":  "steps[0].percent is 010" + fix + "\nsteps[1].percent is 1e2" + fix,
		"probe: {count: 60.7, consecutive: 0x3}":                       "probe.count is 60.7" + fix + "\nprobe.consecutive is 0x3" + fix,
		"metrics: {minRequests: 1_000}":                                "metrics.minRequests is 1_000" + fix,
		"inconclusive: ~":                                              "inconclusive" + empty,
		"probe: ":                                                      "probe" + empty,
		"before: [~]":                                                  "before[0]" + empty,
		"steps: [{percent: 100, bake: 1m}, ~]":                         "steps[1]" + empty,
		"notify: ~, windows: null":                                     "notify" + empty + "\nwindows" + empty,
		"after: [&job {job: smoke, timeout: ~}, *job]":                 "after[0].timeout" + empty + "\nafter[1].timeout" + empty,
		"probe: {paths: [//evil.example/x]}":                           `probe.paths: "//evil.example/x" is not a path of the service`,
		"probe: {paths: ['/a b']}":                                     `probe.paths: "/a b" is not a path of the service`,
		"probe: {marker: {header: 'X Revision', value: x}}":            `probe.marker.header is "X Revision"`,
	} {
		_, err := Parse([]byte("environments: {dev: {"+of+"}}"), "dev")
		assert.ErrorContains(t, err, want, of)
	}
}

func TestHooksWindowsAndSinks(t *testing.T) {
	t.Parallel()
	const raw = `environments:
  dev:
    before: [{job: migrate}, {job: seed, timeout: 90s, args: [--all]}]
    after: [{job: smoke, ownImage: true}, {job: load, onFailure: hold}]
    windows: {timeZone: Europe/Berlin, open: [{days: [mon, fri], from: "09:00", to: 24:00}], closed: [2026-12-24, 2026-12-31..2027-01-01]}
    notify: [{kind: slack, secret: RELEASE_SLACK_URL}]
`
	loaded, err := Parse([]byte(raw), "dev")
	require.NoError(t, err)
	policy := loaded.Policy()
	assert.Equal(t, hooks.Hooks{
		Before: []hooks.Hook{{Job: "migrate", Timeout: 10 * time.Minute}, {Job: "seed", Timeout: 90 * time.Second, Args: []string{"--all"}}},
		After: []hooks.Hook{{Job: "smoke", Timeout: 10 * time.Minute, OwnImage: true, OnFailure: hooks.Rollback},
			{Job: "load", Timeout: 10 * time.Minute, OnFailure: hooks.Hold}},
	}, policy.Hooks)
	assert.Equal(t, "Mon, Fri 09:00-24:00 (Europe/Berlin)", policy.Windows.String())
	assert.Equal(t, []windows.Days{{First: 20261224, Last: 20261224}, {First: 20261231, Last: 20270101}}, policy.Windows.Closed)
	assert.NoError(t, policy.Validate())
	assert.Equal(t, []notify.Sink{{Kind: "slack", Secret: "RELEASE_SLACK_URL"}}, loaded.Notify)
}

// TestSinks reads the sinks of a file that is wrong elsewhere.
func TestSinks(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "release.yaml")
	require.NoError(t, os.WriteFile(file, []byte("environments: {dev: {steps: nonsense, notify: [{kind: slack, secret: A}, {kind: x}, "+
		"nonsense]}, prod: {}}"), 0o600))
	assert.Equal(t, []notify.Sink{{Kind: "slack", Secret: "A"}}, Sinks(file, "dev"))
	assert.Empty(t, Sinks(file, "prod"))
	assert.Empty(t, Sinks(file+"x", "dev"))
	assert.Empty(t, Sinks("", "dev"), "the built-in policy tells nobody")
}
