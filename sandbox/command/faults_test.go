package command_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/sandbox/command"
	"github.com/guiofsaints/procureflow-platform/sandbox/server/servertest"
)

// sandbox runs one command line on a state folder. It returns the exit code and the output.
func sandbox(state string, args ...string) (code int, out, errors string) {
	var stdout, stderr bytes.Buffer
	code = command.Run(context.Background(), append(args, "--state", state), command.Streams{In: &bytes.Buffer{}, Out: &stdout, Err: &stderr},
		func(string) pulumi.RunFunc { return nil })
	return code, stdout.String(), stderr.String()
}

func TestFaultsAndBehaviours(t *testing.T) {
	t.Parallel()
	const digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	state := t.TempDir()
	code, _, stderr := sandbox(state, "fault", "list")
	assert.Equal(t, command.ExitFailed, code)
	assert.Equal(t, "sandbox: the sandbox's cloud is not running; `up` or `serve` starts it\n", stderr)

	servertest.Start(t, state)
	for _, step := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{[]string{"fault", "list"}, 0, "No fault is set.\n", ""},
		{[]string{"fault", "set", "quota", "answer", "--status", "429", "--method", "patch", "--next", "3"}, 0, "", ""},
		{[]string{"fault", "set", "slow", "slow-operation", "--duration", "20s", "--path", "/run/v2/**"}, 0, "", ""},
		{[]string{"fault", "list"}, 0, "NAME   EFFECT          REQUESTS        STRIKES\nquota  answer          PATCH **        0 of " +
			"0\nslow   slow-operation  any /run/v2/**  0 of 0\n", ""},
		{[]string{"fault", "clear", "quota"}, 0, "", ""},
		{[]string{"fault", "clear", "quota"}, 3, "", "sandbox: the sandbox's cloud refused faults/quota: no such fault: quota; " +
			"`fault list` shows the faults that are set\n"},
		{[]string{"fault", "list", "--json"}, 0, `[
  {
    "name": "slow",
    "effect": "slow-operation",
    "path": "/run/v2/**",
    "rate": 1,
    "duration": "20s",
    "seen": 0,
    "strikes": 0
  }
]
`, ""},
		{[]string{"fault", "clear"}, 0, "", ""},
		{[]string{"fault", "list"}, 0, "No fault is set.\n", ""},
		{[]string{"fault", "set", "odd"}, 2, "",
			"sandbox: takes NAME EFFECT, got odd; usage: sandbox fault set NAME EFFECT [flags]\n"},
		{[]string{"fault", "set", "odd", "explode"}, 2, "",
			"sandbox: fault odd: effect \"explode\": use one of delay, answer, drop, drop-answer, slow-operation, conflict, " +
				"hold-traffic, lose-revision, lag-metrics\n"},
		{[]string{"behaviour", digest}, 0, digest + ": error rate 0, latency 0s, startup 0s, never ready false\n", ""},
		{[]string{"behaviour", "registry.example/web@" + digest, "--error-rate", "0.2", "--latency", "300ms"}, 0,
			digest + ": error rate 0.2, latency 300ms, startup 0s, never ready false\n", ""},
		{[]string{"behaviour", digest, "--never-ready", "--startup", "4m"}, 0,
			digest + ": error rate 0, latency 0s, startup 4m0s, never ready true\n", ""},
		{[]string{"behaviour", digest, "--healthy"}, 0, digest + ": error rate 0, latency 0s, startup 0s, never ready false\n", ""},
		{[]string{"behaviour", "latest", "--never-ready"}, 2, "",
			"sandbox: behaviour of \"latest\": it is no digest: use sha256:… or IMAGE@sha256:…\n"},
	} {
		code, stdout, stderr := sandbox(state, step.args...)
		assert.Equal(t, step.code, code, step.args)
		assert.Equal(t, step.stdout, stdout, step.args)
		assert.Equal(t, step.stderr, stderr, step.args)
	}
}
