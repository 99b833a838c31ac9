package cloudrun

import (
	"testing"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAbsentFieldsAreNoPartOfTheHash(t *testing.T) {
	t.Parallel()
	assert.Equal(t,
		map[string]any{"a": 1.0, "list": []any{map[string]any{}, "x"}, "empty": ""},
		withoutNulls(map[string]any{"a": 1.0, "new": nil, "list": []any{map[string]any{"new": nil}, "x"}, "empty": ""}))
}

func TestTheHashIsPinned(t *testing.T) {
	t.Parallel()
	timeout := "300s"
	hash, err := templateHash(cloudrunv2.ServiceTemplate{Timeout: &timeout}, 0)
	require.NoError(t, err)
	// The first digits of SHA-256 of {"attempt":0,"template":{"Timeout":"300s"}}. Another value renames every revision of
	// every stack: each next up would make a new one.
	assert.Equal(t, "ea04ca0807", hash)
}
