package webpage

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPrivate(t *testing.T) {
	t.Parallel()
	const own = "http://127.0.0.1:4000"
	from := func(origin string) map[string]string { return map[string]string{"Origin": origin} }
	site := func(name string) map[string]string { return map[string]string{"Sec-Fetch-Site": name} }
	for name, test := range map[string]struct {
		method, path, host string
		headers            map[string]string
		want               int
		reached            string
	}{
		"the page":                         {path: "/secret/", want: 200, reached: "GET /"},
		"a part of it":                     {path: "/secret/a/b", want: 200, reached: "GET /a/b"},
		"by localhost":                     {path: "/secret/", host: "localhost:4000", want: 200, reached: "GET /"},
		"by the IPv6 address":              {path: "/secret/", host: "[::1]:4000", want: 200, reached: "GET /"},
		"typed into the browser":           {path: "/secret/", headers: site("none"), want: 200, reached: "GET /"},
		"the page's own fetch":             {path: "/secret/", headers: site("same-origin"), want: 200, reached: "GET /"},
		"the page's own form":              {method: "POST", path: "/secret/go", headers: from(own), want: 200, reached: "POST /go"},
		"without the last slash":           {path: "/secret", want: 303},
		"without the secret":               {path: "/", want: 404},
		"with a part of the secret":        {path: "/secre/", want: 404},
		"with more than the secret":        {path: "/secret2/", want: 404},
		"the secret further down the path": {path: "/x/secret/", want: 404},
		"a rebound name":                   {path: "/secret/", host: "rebind.example:4000", want: 403},
		"a name that ends like localhost":  {path: "/secret/", host: "evil.localhost.example", want: 403},
		"another machine's address":        {path: "/secret/", host: "192.0.2.1:4000", want: 403},
		"a link on another site":           {path: "/secret/", headers: site("cross-site"), want: 403},
		"another port of this machine":     {path: "/secret/", headers: site("same-site"), want: 403},
		"another origin":                   {path: "/secret/", headers: from("https://evil.example"), want: 403},
		"this address over another scheme": {path: "/secret/", headers: from("https://127.0.0.1:4000"), want: 403},
		"a form of another origin":         {method: "POST", path: "/secret/go", headers: from("https://evil.example"), want: 403},
		"a form of another port":           {method: "POST", path: "/secret/go", headers: from("http://127.0.0.1:4001"), want: 403},
		"a form of a page without origin":  {method: "POST", path: "/secret/go", headers: from("null"), want: 403},
		"a change without an Origin":       {method: "POST", path: "/secret/go", want: 403},
		"another method":                   {method: "DELETE", path: "/secret/go", want: 403},
		"another origin's preflight":       {method: "OPTIONS", path: "/secret/go", headers: from("https://evil.example"), want: 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reached := ""
			handler := Private("secret", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				reached = r.Method + " " + r.URL.Path
			}))
			method := test.method
			if method == "" {
				method = http.MethodGet
			}
			r := httptest.NewRequest(method, test.path, strings.NewReader(""))
			if r.Host = "127.0.0.1:4000"; test.host != "" {
				r.Host = test.host
			}
			for name, value := range test.headers {
				r.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			assert.Equal(t, test.want, w.Code, w.Body.String())
			assert.Equal(t, test.reached, reached)
			assert.Empty(t, w.Header().Get("Access-Control-Allow-Origin"))
			if test.want == 200 {
				assert.Regexp(t, `^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; connect-src 'self'; `+
					`form-action 'self'; base-uri 'none'; frame-ancestors 'none'$`, w.Header().Get("Content-Security-Policy"))
			}
		})
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "//", nil)
	r.Host = "localhost"
	Private("", http.NotFoundHandler()).ServeHTTP(w, r)
	assert.Equal(t, http.StatusNotFound, w.Code, "an empty secret admits no request")
}
