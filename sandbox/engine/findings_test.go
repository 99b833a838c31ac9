package engine

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestErrorsNameTheCause checks the output of a failed up, whose cause is on the line below the line that counts the errors.
func TestErrorsNameTheCause(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "error: 1 error occurred:; * the revision is not ready",
		Errors(" +  gcp:cloudrunv2:Service web creating\n    error: 1 error occurred:\n    \t* the revision is not ready\n\nResources:\n"))
}
