package provenance

import (
	"testing"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/stretchr/testify/assert"
)

// TestEmptyExpectationMatchesNothing checks an expectation that is empty by mistake. No certificate may meet it, not even with an
// empty claim.
func TestEmptyExpectationMatchesNothing(t *testing.T) {
	t.Parallel()
	assert.Empty(t, difference("ref", "main", "main"))
	assert.Equal(t, []string{`ref: found "", expected ""`}, difference("ref", "", ""))
	assert.Equal(t, []string{`ref: found "main", expected ""`}, difference("ref", "main", ""))
	assert.Equal(t, []string{`ref: found "", expected "main"`}, difference("ref", "", "main"))
	assert.Len(t, Policy{}.compareCertificate(&certificate.Summary{}), 5+4, "each of the nine claims differs")
	assert.Len(t, Policy{}.compareSLSA([]byte("{}"), &certificate.Summary{}), 5)
	assert.Equal(t, []string{"predicate: is not SLSA v1 provenance: unexpected end of JSON input"},
		Policy{}.compareSLSA(nil, &certificate.Summary{}))
}
