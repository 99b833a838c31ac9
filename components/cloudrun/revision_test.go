package cloudrun

import (
	"testing"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRevisionHashIgnoresAbsentFields(t *testing.T) {
	t.Parallel()
	assert.Equal(t,
		map[string]any{"a": 1.0, "list": []any{map[string]any{}, "x"}, "empty": ""},
		withoutNulls(map[string]any{"a": 1.0, "new": nil, "list": []any{map[string]any{"new": nil}, "x"}, "empty": ""}))
}

func TestRevisionHashNeverChanges(t *testing.T) {
	t.Parallel()
	timeout := "300s"
	hash, err := templateHash(cloudrunv2.ServiceTemplate{Timeout: &timeout}, 0)
	require.NoError(t, err)
	// These are the first digits of SHA-256 of {"attempt":0,"template":{"Timeout":"300s"}}. If the hash changes, every service of
	// every stack gets a new revision at the next update.
	assert.Equal(t, "ea04ca0807", hash)
}
