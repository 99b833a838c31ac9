package engine

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestNameOf checks whose name a finding has: a resource's, and nobody's if it is about the whole stack.
func TestNameOf(t *testing.T) {
	t.Parallel()
	for urn, want := range map[string]string{"urn:pulumi:dev::p::gcp:pubsub/topic:Topic::web": "web",
		"urn:pulumi:dev::p::shop:index:Shop$gcp:pubsub/topic:Topic::shop-web": "shop-web",
		"urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev":                       "", "": "", "no urn": ""} {
		assert.Equal(t, want, nameOf(urn), urn)
	}
}

// TestErrorsNameTheCause checks the output of a failed up, whose cause is on the line below the line that counts the errors.
func TestErrorsNameTheCause(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "error: 1 error occurred:; * the revision is not ready",
		Errors(" +  gcp:cloudrunv2:Service web creating\n    error: 1 error occurred:\n    \t* the revision is not ready\n\nResources:\n"))
}
