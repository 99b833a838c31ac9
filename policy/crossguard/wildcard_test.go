package crossguard_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// TestWildcard checks that a pattern has to match the whole name, and that its parts occur in order without overlapping.
func TestWildcard(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"web", "web", true}, {"web", "web2", false}, {"web", "", false}, {"", "", true}, {"", "a", false},
		{"*", "", true}, {"*", "anything", true}, {"**", "a", true},
		{"web-*", "web-service", true}, {"web-*", "web-", true}, {"web-*", "web", false}, {"web-*", "my-web-1", false},
		{"*-service", "web-service", true}, {"*-service", "-service", true}, {"*-service", "web-service-2", false},
		{"a*b*c", "abc", true}, {"a*b*c", "a1b2c", true}, {"a*b*c", "acb", false}, {"a*b*c", "ac", false}, {"a*bb*c", "abc", false},
		{"a*b*b*c", "abc", false}, {"a*b*b*c", "abbc", true}, {"a*b*d*c", "adbc", false},
		{"aa*aa", "aaa", false}, {"aa*aa", "aaaa", true}, {"web*", "Web", false},
		{"urn:pulumi:*::service:*::web", "urn:pulumi:dev::p::service:X::web", true},
	} {
		assert.Equal(t, test.want, crossguard.Wildcard(test.pattern, test.name), "%q covers %q", test.pattern, test.name)
	}
}
