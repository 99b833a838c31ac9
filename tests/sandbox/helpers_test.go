package sandbox_test

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"
)

// dig follows keys and indexes into decoded JSON; nil where the path ends early.
func dig(value any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[step]
		case int:
			list, _ := value.([]any)
			if step >= len(list) {
				return nil
			}
			value = list[step]
		}
	}
	return value
}

func decodeBase64(t *testing.T, text string) string {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text)
	require.NoError(t, err)
	return string(data)
}

func encodeBase64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
