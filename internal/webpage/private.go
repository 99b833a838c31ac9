package webpage

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/loopback"
)

// Private serves pages on loopback to one person. Loopback protects nothing by itself: every user of the machine reaches it, and every
// page in the person's browser can send requests there. So a request has to
//
//   - name this machine as its Host. A page whose name suddenly resolves to this machine (DNS rebinding) names another one;
//   - come from this origin. A browser names the origin of every request that a page sends;
//   - begin its path with the secret, which only the person who started the program knows. The secret is in the address and not in a
//     cookie, because a browser sends cookies of 127.0.0.1 to every port, also to another user's program;
//   - name this origin if it changes something.
//
// next gets the path without the secret.
func Private(secret string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given, rest, deep := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		switch {
		case !loopback.HostPort(r.Host):
			http.Error(w, "this page answers for 127.0.0.1 and localhost only", http.StatusForbidden)
			return
		case foreign(r):
			http.Error(w, "this page answers no page of another origin", http.StatusForbidden)
			return
		case secret == "" || subtle.ConstantTimeCompare([]byte(given), []byte(secret)) != 1:
			http.Error(w, "the address is not complete: open the one that was printed when the page was started", http.StatusNotFound)
			return
		case r.Method != http.MethodGet && r.Method != http.MethodHead && r.Header.Get("Origin") != "http://"+r.Host:
			http.Error(w, "only this page's own buttons change something", http.StatusForbidden)
			return
		case !deep:
			http.Redirect(w, r, "/"+secret+"/", http.StatusSeeOther)
			return
		}
		for name, value := range map[string]string{
			"Content-Security-Policy": livePolicy(), "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "no-store",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			// With no-referrer a browser would send "Origin: null" for the page's own forms.
			"Referrer-Policy": "same-origin",
		} {
			w.Header().Set(name, value)
		}
		inner := r.Clone(r.Context())
		inner.URL.Path, inner.URL.RawPath = "/"+rest, ""
		inner.Body = http.MaxBytesReader(w, r.Body, 1<<16)
		next.ServeHTTP(w, inner)
	})
}

// Back sends the browser from a button's answer back to the page. The address is relative, because the handler behind [Private] does
// not know the secret. http.Redirect makes addresses absolute, and would leave the secret out.
func Back(w http.ResponseWriter) {
	w.Header().Set("Location", "./")
	w.WriteHeader(http.StatusSeeOther)
}

// foreign reports whether the browser sends the request for a page with another address.
func foreign(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		parsed, err := url.Parse(origin)
		return err != nil || parsed.Scheme != "http" || parsed.Host != r.Host
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "cross-site" || site == "same-site"
}
