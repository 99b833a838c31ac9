// Package loopback decides whether a host is this machine. It accepts only what is certain without asking a name server, so a form
// that some programs also read as 127.0.0.1, such as 127.1 or 0x7f000001, is another machine here.
package loopback

import (
	"net"
	"strconv"
	"strings"
)

// Address reports whether a host is a loopback address in figures. A request that carries a secret over plain HTTP may go there. It
// may not go to a name: somebody who answers for the name receives the secret.
func Address(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Host reports whether a host is a loopback address or localhost. A server that listens on loopback accepts it as its own, because
// no page from elsewhere can be called localhost.
func Host(host string) bool {
	return Address(host) || strings.EqualFold(strings.TrimSuffix(host, "."), "localhost")
}

// HostPort is [Host] for a host with or without a port, as the header Host has it: 127.0.0.1:8080, [::1], localhost.
func HostPort(hostport string) bool {
	if inside, bracketed := strings.CutPrefix(hostport, "["); bracketed && strings.HasSuffix(inside, "]") {
		return Address(strings.TrimSuffix(inside, "]"))
	}
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return Host(hostport)
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil && Host(host)
}
