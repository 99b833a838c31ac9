package settings

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBuiltIn(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"dev": "proceed", "staging": "proceed", "prod": "hold", "sandbox": "proceed"} {
		loaded, err := Load("", name)
		require.NoError(t, err)
		assert.Equal(t, want, loaded.Inconclusive, name)
		assert.Equal(t, 2*time.Second, loaded.Probe.Timeout, "an absent key has its default")
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
	assert.Zero(t, loaded.Probe.P95, "a present zero stays")
	assert.Equal(t, []Step{{100, 30 * time.Second}}, loaded.Steps)
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"environments: {dev: {setps: []}}":                         "environments.dev: there is no key setps",
		"enviroments: {}":                                          "field enviroments not found",
		"environments: {prod: {}}":                                 `there is no environment "dev": use one of prod`,
		"environments: {dev: {}, dev: {}}":                         "already defined",
		"environments: {dev: {steps: [{percent: 50, bake: 30s}]}}": "environments.dev: the last step has to be 100 %",
		"environments: {dev: {steps: [{percent: 100, bake: 10}]}}": "environments.dev: 10 is no duration: use one such as 30s or 5m",
		"environments: {dev: {inconclusive: maybe}}":               `inconclusive is "maybe": use hold, proceed or rollback`,
		"environments: {dev: {}, prod: {probe: {auth: basic}}}":    `environments.prod: probe.auth is "basic": use public or id-token`,
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
		"environments: {dev: {steps: [{percent: 100}]}}":            "environments.dev: step 100 %: bake is missing",
		"environments: {dev: {steps: [{percent: 100, bak: 1s}]}}":   "environments.dev: there is no key bak",
		"environments: {dev: {steps: [{bake: 1s}]}}":                "step 0 %: steps ascend from 1 to 100",
		"environments: {dev: {steps: [{percent: 101, bake: 1s}]}}":  "step 101 %: steps ascend from 1 to 100",
		"environments: {dev: {steps: [{percent: 100, bake: -1s}]}}": "step 100 %: the bake is negative",
		"environments: {dev: {probe: {badRatio: .nan}}}":            "probe.badRatio is a share from 0 to 1",
		"environments: {dev: {metrics: {errorRatio: .nan}}}":        "metrics.errorRatio is a share from 0 to 1",
		"environments: {dev: {metrics: {minRequests: -1}}}":         "metrics.minRequests is negative",
		"environments: {dev: {probe: {p95: -1s, warmup: -1s}}}":     "probe.p95 is negative\nprobe.warmup is negative",
		"environments: {dev: {metrics: {p95: -1s}, holdFor: -1m}}":  "metrics.p95 is negative\nholdFor is negative",
		"environments: {dev: {}}\n---\nenvironments: {prod: {}}":    "there is a second document",
	} {
		_, err := Parse([]byte(raw), "dev")
		assert.ErrorContains(t, err, want, raw)
	}
	_, err := Load("no-such-file.yaml", "dev")
	assert.ErrorContains(t, err, "read the release policy")
}
