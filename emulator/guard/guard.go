// Package guard lets only its owner's clients use the emulated APIs. The APIs listen on loopback. Every user of the machine and
// every page in a browser can reach loopback, so the port alone protects nothing. A request has to pass three checks:
//
//   - it carries the owner's token, as clients of Google and GitHub carry an access token;
//   - its Host is one under which no page can be served, which stops a name that suddenly resolves to this machine (DNS
//     rebinding);
//   - it does not name another origin. A browser names a page's origin by itself, and the page cannot prevent it.
//
// The data plane is not guarded, because anybody may visit a service.
package guard

import (
	"crypto/subtle"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/internal/loopback"
)

// TokenPath is the path of the exchange that clients with Google's "external_account" credentials begin with. A client that sends
// the owner's token as the subject token receives it back as the access token. See [Credentials].
const TokenPath = "/token"

// Require returns a handler that passes on to next only requests with the token. An empty token admits nobody.
func Require(token string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !ownHost(r.Host):
			refuse(w, http.StatusForbidden, "PERMISSION_DENIED", "the emulated APIs do not answer for the host "+quoted(r.Host)+
				": use 127.0.0.1 or localhost")
		case foreign(r):
			refuse(w, http.StatusForbidden, "PERMISSION_DENIED", "the emulated APIs answer no page of another origin")
		case r.URL.Path == TokenPath && r.Method == http.MethodPost:
			exchange(w, r, token)
		case !same(bearer(r), token):
			refuse(w, http.StatusUnauthorized, "UNAUTHENTICATED",
				"the emulated APIs take requests with their owner's token only, as Authorization: Bearer TOKEN: `sandbox env`, or the "+
					"emulator's flag --env, hands it to clients")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// ownHost accepts literal loopback addresses, localhost, and names below .sandbox, which no name server knows. It also accepts
// the hosts of Cloud Run's regions: they are Google's own, and gcloud asks for them with the emulator as its proxy.
func ownHost(hostport string) bool {
	host := hostport
	if name, _, err := net.SplitHostPort(hostport); err == nil {
		host = name
	}
	return loopback.HostPort(hostport) || strings.HasSuffix(host, ".sandbox") || strings.HasSuffix(host, "-run.googleapis.com")
}

// foreign reports whether a browser sends the request for a page of another origin.
func foreign(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		parsed, err := url.Parse(origin)
		return err != nil || parsed.Scheme != "http" || parsed.Host != r.Host || !ownHost(parsed.Host)
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "cross-site" || site == "same-site"
}

// bearer returns the token of a request, in Google's spelling or one of GitHub's two.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "token") {
		return ""
	}
	return token
}

func same(given, token string) bool {
	return token != "" && subtle.ConstantTimeCompare([]byte(given), []byte(token)) == 1
}

func exchange(w http.ResponseWriter, r *http.Request, token string) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	if !same(r.PostFormValue("subject_token"), token) {
		refuse(w, http.StatusUnauthorized, "UNAUTHENTICATED", "the subject token is not the owner's")
		return
	}
	doc.Respond(w, http.StatusOK, map[string]any{
		"access_token": token, "token_type": "Bearer", "expires_in": 3600,
		"issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
	})
}

// refuse answers in a form whose message both Google's and GitHub's clients show.
func refuse(w http.ResponseWriter, code int, status, message string) {
	doc.Respond(w, code, map[string]any{"message": message, "error": map[string]any{"code": code, "status": status, "message": message}})
}

func quoted(host string) string {
	text, _ := json.Marshal(host)
	return string(text)
}

// Credentials returns application default credentials of Google's type "external_account". With them the official clients send
// the token in a file. api is the base URL of a guarded API.
func Credentials(api, tokenFile string) ([]byte, error) {
	return json.MarshalIndent(map[string]any{
		"type":               "external_account",
		"audience":           "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/emulator/providers/owner",
		"subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
		"token_url":          strings.TrimSuffix(api, "/") + TokenPath,
		"credential_source":  map[string]any{"file": tokenFile},
	}, "", "  ")
}

// Transport adds the token to every request to one host, and to no other request.
type Transport struct {
	// Host is the API's host and port. Required.
	Host string
	// Token is the owner's token. Required.
	Token string
	// Next sends the requests. Default: [http.DefaultTransport].
	Next http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	next := t.Next
	if next == nil {
		next = http.DefaultTransport
	}
	if r.URL.Host == t.Host {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+t.Token)
	}
	return next.RoundTrip(r)
}

// Client returns a client that sends the token to the API at base, and nowhere else.
func Client(base, token string) *http.Client {
	host := ""
	if parsed, err := url.Parse(base); err == nil {
		host = parsed.Host
	}
	return &http.Client{Transport: Transport{Host: host, Token: token}}
}
