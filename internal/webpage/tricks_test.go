package webpage

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTricksOnPrivate sends requests as no browser writes them to a real server: hosts that only look like this machine, paths around
// the secret, forms of other origins in every content type, and connections that want to become something else.
func TestTricksOnPrivate(t *testing.T) {
	t.Parallel()
	const secret = "s3cret"
	reached := make(chan string, 1)
	server := httptest.NewServer(Private(secret, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached <- r.Method + " " + r.URL.Path
		_, _ = fmt.Fprint(w, "the page")
	})))
	t.Cleanup(server.Close)
	address := strings.TrimPrefix(server.URL, "http://")
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	get := func(path, host string, headers ...string) string {
		return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n" + strings.Join(append(headers, ""), "\r\n") + "Connection: close\r\n\r\n"
	}
	post := func(path string, headers ...string) string {
		return "POST " + path + " HTTP/1.1\r\nHost: " + address + "\r\n" + strings.Join(append(headers, ""), "\r\n") +
			"Content-Length: 3\r\nConnection: close\r\n\r\na=b"
	}
	own := "Origin: http://" + address
	tests := map[string]struct {
		request string
		status  int
		reached string
	}{
		"the page":                 {get("/s3cret/", address), 200, "GET /"},
		"by an absolute address":   {get("http://"+address+"/s3cret/", address), 200, "GET /"},
		"IPv4 within IPv6":         {get("/s3cret/", "[::ffff:127.0.0.1]:"+port), 200, "GET /"},
		"a query after the secret": {get("/s3cret/?x=1", address), 200, "GET /"},
		"a slash that is escaped":  {get("/s3cret/a%2fb", address), 200, "GET /a/b"},
		"dots after the secret":    {get("/s3cret/../x", address), 200, "GET /../x"},
		"dots that are escaped":    {get("/s3cret/%2e%2e/%2e%2e/etc/passwd", address), 200, "GET /../../etc/passwd"},
		"a websocket":              {get("/s3cret/", address, "Upgrade: websocket", "Sec-WebSocket-Key: x"), 200, "GET /"},
		"a websocket of another":   {get("/s3cret/", address, "Upgrade: websocket", "Origin: https://evil.example"), 403, ""},
		"another absolute address": {get("http://evil.example/s3cret/", address), 403, ""},
		"the query as the secret":  {get("/?s3cret", address), 404, ""},
		"two slashes":              {get("//s3cret/", address), 404, ""},
		"a dot before the secret":  {get("/./s3cret/", address), 404, ""},
		"dots before the secret":   {get("/x/../s3cret/", address), 404, ""},
		"the secret in capitals":   {get("/S3CRET/", address), 404, ""},
		"the secret with a zero":   {get("/s3cret%00/", address), 404, ""},
		"a secret cut by a slash":  {get("/s3cret%2f", address), 200, "GET /"},
		"a very long path":         {get("/"+strings.Repeat("a", 100_000)+"/", address), 404, ""},
		"a dot after the host":     {get("/s3cret/", "localhost.:"+port), 200, "GET /"},
		"a dot after the address":  {get("/s3cret/", "127.0.0.1.:"+port), 403, ""},
		"a zone":                   {get("/s3cret/", "[::1%25lo]:"+port), 403, ""},
		"any address":              {get("/s3cret/", "0.0.0.0:"+port), 403, ""},
		"any IPv6 address":         {get("/s3cret/", "[::]:"+port), 403, ""},
		"a short address":          {get("/s3cret/", "127.1:"+port), 403, ""},
		"a number as the address":  {get("/s3cret/", "2130706433:"+port), 403, ""},
		"an octal address":         {get("/s3cret/", "0177.0.0.1:"+port), 403, ""},
		"a user before the host":   {get("/s3cret/", "localhost@evil.example:"+port), 400, ""},
		"a host below localhost":   {get("/s3cret/", "a.localhost:"+port), 403, ""},
		"an address with letters":  {get("/s3cret/", "127.0.0.1.nip.io:"+port), 403, ""},
		"no host":                  {"GET /s3cret/ HTTP/1.0\r\n\r\n", 403, ""},
		"two hosts":                {"GET /s3cret/ HTTP/1.1\r\nHost: " + address + "\r\nHost: evil.example\r\n\r\n", 400, ""},
		"another site's link":      {get("/s3cret/", address, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"), 403, ""},
		"an origin that is no URL": {get("/s3cret/", address, "Origin: %zz"), 403, ""},
		"an origin with a user":    {get("/s3cret/", address, "Origin: http://"+address+"@evil.example"), 403, ""},
		"an origin without a port": {get("/s3cret/", address, "Origin: http://127.0.0.1"), 403, ""},
		"localhost as the origin":  {get("/s3cret/", address, "Origin: http://localhost:"+port), 403, ""},
		"the page's own form":      {post("/s3cret/go", own), 200, "POST /go"},
		"a form as plain text":     {post("/s3cret/go", "Content-Type: text/plain"), 403, ""},
		"a form of another's":      {post("/s3cret/go", "Content-Type: application/x-www-form-urlencoded", "Origin: null"), 403, ""},
		"JSON of another's":        {post("/s3cret/go", "Content-Type: application/json", "Origin: https://evil.example"), 403, ""},
		"parts of another's": {post("/s3cret/go", "Content-Type: multipart/form-data; boundary=x",
			"Origin: https://evil.example"), 403, ""},
		"a beacon":                  {post("/s3cret/go", "Content-Type: text/plain", "Sec-Fetch-Site: cross-site"), 403, ""},
		"an origin and a path":      {post("/s3cret/go", own+"/"), 403, ""},
		"a method in the query":     {get("/s3cret/go?_method=POST", address), 200, "GET /go"},
		"a method in a header":      {get("/s3cret/go", address, "X-HTTP-Method-Override: POST"), 200, "GET /go"},
		"HEAD":                      {strings.Replace(get("/s3cret/", address), "GET", "HEAD", 1), 200, "HEAD /"},
		"OPTIONS without an origin": {strings.Replace(get("/s3cret/", address), "GET", "OPTIONS", 1), 403, ""},
		"TRACE":                     {strings.Replace(get("/s3cret/", address), "GET", "TRACE", 1), 403, ""},
		"CONNECT":                   {"CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\n\r\n", 404, ""},
	}
	for name, test := range tests {
		connection, err := net.Dial("tcp", address)
		require.NoError(t, err)
		_, err = fmt.Fprint(connection, test.request)
		require.NoError(t, err)
		answer, err := http.ReadResponse(bufio.NewReader(connection), &http.Request{Method: strings.Fields(test.request)[0]})
		require.NoError(t, err, name)
		got := ""
		select {
		case got = <-reached:
		default:
		}
		assert.Equal(t, test.status, answer.StatusCode, name)
		assert.Equal(t, test.reached, got, name)
		assert.Empty(t, answer.Header.Get("Access-Control-Allow-Origin"), name)
		for header := range answer.Header {
			assert.NotContains(t, answer.Header.Get(header), secret, name)
		}
		assert.NoError(t, connection.Close())
	}
}
