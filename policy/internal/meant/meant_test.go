package meant

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestName(t *testing.T) {
	t.Parallel()
	known := []string{"run-max-instances", "run-ingress", "iam-no-basic-roles"}
	for name, want := range map[string]string{
		"run-max-instnaces": "run-max-instances", "run-max-instance": "run-max-instances", "Run-Ingress": "run-ingress",
		"run_ingress": "run-ingress", "q": "", "": "", "deletion-protection": "",
	} {
		assert.Equal(t, want, Name(name, known), name)
	}
	assert.Equal(t, "a-b", Name("a-x", []string{"a-c", "a-b"}), "the first of two that are as near")
	assert.Empty(t, Name("a", nil))
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b  string
		limit int
		want  int
	}{
		{"", "", 3, 0}, {"abc", "abc", 3, 0}, {"abc", "abd", 3, 1}, {"abc", "ab", 3, 1}, {"ab", "abc", 3, 1}, {"abc", "cab", 3, 2},
		{"abc", "xyz", 3, 3}, {"abc", "xyz", 2, 2}, {"a", "abcdef", 3, 3}, {"abcdef", "a", 3, 3}, {"enabeld", "enabled", 4, 2},
	} {
		assert.Equal(t, test.want, Distance(test.a, test.b, test.limit), "%s %s", test.a, test.b)
	}
}
