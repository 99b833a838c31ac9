// Package guard lets only its owner's clients use the emulated APIs. They listen on loopback, which every user of the
// machine and every page in a browser can reach, so the port alone protects nothing:
//
//   - the request carries the owner's token, as every client of Google or GitHub carries an access token;
//   - the Host is one that no page can be served under, so that a name that suddenly resolves to this machine (DNS
//     rebinding) gets nothing;
//   - the request says of no other origin that it sends it. A browser adds that by itself and a page cannot take it away.
//
// The data plane is not guarded: a service is there to be visited.
package guard

import (
	"crypto/subtle"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// TokenPath answers the exchange that clients with Google's "external_account" credentials begin with: whoever shows the
// token as the subject gets it as the access token. See [Credentials].
const TokenPath = "/token"

// Require is a handler that passes on to next the requests of whoever has the token. An empty token admits nobody.
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
				"the emulated APIs take requests with their owner's token only: `sandbox env` prints what hands it to clients")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// ownHost accepts literal loopback addresses, localhost, names below .sandbox, which no name server knows, and the hosts of
// Cloud Run's regions, which gcloud asks through the emulator as its proxy and which are Google's own.
func ownHost(hostport string) bool {
	host := hostport
	if name, _, err := net.SplitHostPort(hostport); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".sandbox") || strings.HasSuffix(host, "-run.googleapis.com")
}

// foreign says that a browser sends the request for a page that is not of the API's own address.
func foreign(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" {
		parsed, err := url.Parse(origin)
		return err != nil || parsed.Host != r.Host || !ownHost(parsed.Host)
	}
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "cross-site" || site == "same-site"
}

// bearer is the token of a request, in Google's spelling or in either of GitHub's.
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
	answer(w, http.StatusOK, map[string]any{
		"access_token": token, "token_type": "Bearer", "expires_in": 3600,
		"issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
	})
}

// refuse answers so that clients of Google and of GitHub both show the message.
func refuse(w http.ResponseWriter, code int, status, message string) {
	answer(w, code, map[string]any{"message": message, "error": map[string]any{"code": code, "status": status, "message": message}})
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}

func quoted(host string) string {
	text, _ := json.Marshal(host)
	return string(text)
}

// Credentials are application default credentials of Google's type "external_account", with which the official clients send
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

// Transport sends the token with every request to one host, and to no other.
type Transport struct {
	// Host is the API's host and port. Required.
	Host string
	// Token is the owner's. Required.
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

// Client is a client of the API at base that sends the token there.
func Client(base, token string) *http.Client {
	host := ""
	if parsed, err := url.Parse(base); err == nil {
		host = parsed.Host
	}
	return &http.Client{Transport: Transport{Host: host, Token: token}}
}
