package loopback

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHosts(t *testing.T) {
	t.Parallel()
	const address, name = "address", "name"
	for host, want := range map[string]string{
		"127.0.0.1": address, "127.255.255.254": address, "127.8.9.10": address, "::1": address, "0:0:0:0:0:0:0:1": address,
		"::ffff:127.0.0.1": address, "::ffff:7f00:1": address,
		"localhost": name, "LocalHost": name, "LOCALHOST.": name,

		// This address means every interface of a machine to a server, and names no machine to a client.
		"0.0.0.0": "", "::": "", "::ffff:0.0.0.0": "",
		"": "", ".": "", "10.0.0.1": "", "128.0.0.1": "", "126.255.255.255": "", "169.254.169.254": "", "fe80::1": "", "::2": "",
		// getaddrinfo and browsers read these as 127.0.0.1, and other programs read some of them as other addresses.
		"127.1": "", "127": "", "2130706433": "", "0x7f000001": "", "0x7f.0.0.1": "", "0177.0.0.1": "", "127.0.0.01": "", "017700000001": "",
		"127.0.0.1.": "", "１２７.0.0.1": "", "127。0。0。1": "",
		// An interface, an IPv4 address in a form that nothing sends any more, and the prefix of a translator that sends packets elsewhere.
		"::1%lo": "", "::127.0.0.1": "", "64:ff9b::7f00:1": "",
		"localhost.evil.example": "", "evil.localhost": "", "localhost..": "", "xlocalhost": "", "127.0.0.1.evil.example": "",
		"127.0.0.1@evil.example": "", "user@127.0.0.1": "", "localhost ": "", " 127.0.0.1": "", "127.0.0.1\x00": "", "127.0.0.1/8": "",
		"[::1]": "", "127.0.0.1:80": "",
	} {
		assert.Equal(t, want == address, Address(host), "Address(%q)", host)
		assert.Equal(t, want != "", Host(host), "Host(%q)", host)
	}
}

func TestHostsWithPorts(t *testing.T) {
	t.Parallel()
	for hostport, want := range map[string]bool{
		"127.0.0.1": true, "127.0.0.1:80": true, "127.0.0.1:65535": true, "[::1]": true, "[::1]:80": true, "::1": true,
		"[::ffff:127.0.0.1]:80": true, "localhost": true, "localhost:80": true, "LOCALHOST.:80": true,

		"": false, ":80": false, "127.0.0.1:": false, "127.0.0.1:65536": false, "127.0.0.1:-1": false, "127.0.0.1:http": false,
		"127.0.0.1:80@evil.example": false, "localhost:80:80": false, "localhost:80/evil.example": false,
		"[::1": false, "::1]": false, "[[::1]]": false, "]127.0.0.1[": false, "[localhost]": false, "[]": false, "[::1]x": false,
		"0.0.0.0:80": false, "[::]:80": false, "2130706433:80": false, "localhost.evil.example:80": false,
		"127.0.0.1.evil.example:80": false, "user@127.0.0.1:80": false,
	} {
		assert.Equal(t, want, HostPort(hostport), "%q", hostport)
	}
}

// TestHostsOfURLs shows which part of an address decides.
func TestHostsOfURLs(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"http://127.0.0.1:80/": true, "http://[::1]:80/": true, "http://evil.example@127.0.0.1/": true,
		"http://127.0.0.1@evil.example/": false, "http://127.0.0.1:80@evil.example/": false, "http://evil.example/127.0.0.1": false,
		"http://evil.example#@127.0.0.1/": false, "http://evil.example?@127.0.0.1/": false, "http:127.0.0.1": false, "127.0.0.1": false,
		"http://2130706433/": false, "http://0x7f.1/": false,
	} {
		parsed, err := url.Parse(address)
		require.NoError(t, err)
		assert.Equal(t, want, Address(parsed.Hostname()), address)
	}
}
