package probe

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// TestNoIndex checks that an answer has to say noindex or to ask for a token. Package gcp checks the same on slots of the emulator.
func TestNoIndex(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Host {
		case "hidden.example.com":
			w.Header().Set("X-Robots-Tag", "none, NoIndex")
		case "other.example.com":
			w.Header().Set("X-Robots-Tag", "nofollow")
		case "login.example.com":
			w.WriteHeader(http.StatusUnauthorized)
		case "private.example.com":
			w.WriteHeader(http.StatusForbidden)
		case "moved.example.com":
			http.Redirect(w, r, "https://hidden.example.com/", http.StatusFound)
		}
	}))
	t.Cleanup(server.Close)
	const listed = " without X-Robots-Tag: noindex: search engines would list it"
	for url, want := range map[string]string{
		"https://hidden.example.com":  "",
		"https://login.example.com":   "",
		"https://private.example.com": "",
		"https://other.example.com":   "https://other.example.com answers 200" + listed,
		"https://shown.example.com/":  "https://shown.example.com/ answers 200" + listed,
		"https://moved.example.com":   "https://moved.example.com answers 302" + listed,
		"/path":                       `"/path" is not a URL to probe: use one such as https://SERVICE.run.app`,
	} {
		err := NoIndex(t.Context(), server.URL, url)
		if want == "" {
			assert.NoError(t, err, url)
			continue
		}
		assert.EqualError(t, err, want)
	}
	server.Close()
	err := NoIndex(t.Context(), server.URL, "https://hidden.example.com/?key=secret")
	assert.ErrorIs(t, err, rollout.ErrUnavailable)
}
