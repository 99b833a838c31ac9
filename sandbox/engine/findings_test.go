package engine

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// The cause of a failed up is on the line below the one that counts the errors.
func TestErrorsNameTheCause(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "error: 1 error occurred:; * the revision is not ready",
		Errors(" +  gcp:cloudrunv2:Service web creating\n    error: 1 error occurred:\n    \t* the revision is not ready\n\nResources:\n"))
}
