package guard

import (
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOwnerOfASocket reads a list as the kernel writes it: with both ends of a connection, each with its own user, and with
// connections that share one end.
func TestOwnerOfASocket(t *testing.T) {
	t.Parallel()
	const listing = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1
   1: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000  1000        0 2
   2: 0100007F:C002 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1002        0 3
   3: 0100007F:C001 0100007F:2222 01 00000000:00000000 00:00000000 00000000  1003        0 4
   4: 0100007F:C001 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 5
   5: 0100007F:C003 0100007F:1F90 01 00000000:00000000 00:00000000 00000000
   6: 0100007F:C004 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1004
`
	for local, want := range map[string]int{"0100007F:C001": 1001, "0100007F:C002": 1002, "0100007F:C004": 1004} {
		uid, err := owner(strings.NewReader(listing), local, "0100007F:1F90")
		require.NoError(t, err, local)
		assert.Equal(t, want, uid, local)
	}
	for _, local := range []string{"0100007F:C003", "0100007F:C005", "local_address"} {
		_, err := owner(strings.NewReader(listing), local, "0100007F:1F90")
		assert.ErrorContains(t, err, "no socket from "+local+" to 0100007F:1F90", local)
	}
}

func TestTrusted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		user, own int
		want      bool
	}{{1000, 1000, true}, {0, 1000, true}, {0, 0, true}, {1001, 1000, false}, {1000, 0, false}} {
		assert.Equal(t, test.want, trusted(test.user, test.own), test)
	}
}

// TestConnectionsWithoutAnOwner checks connections that are not between two IPv4 addresses. Only the list of IPv4 sockets is read,
// so they have no owner.
func TestConnectionsWithoutAnOwner(t *testing.T) {
	t.Parallel()
	four, six := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, &net.TCPAddr{IP: net.IPv6loopback, Port: 1}
	pipe := &net.UnixAddr{Name: "socket"}
	for name, ends := range map[string][2]net.Addr{
		"no TCP": {pipe, pipe}, "no TCP here": {pipe, four}, "no TCP there": {four, pipe},
		"IPv6": {six, six}, "IPv6 here": {six, four}, "IPv6 there": {four, six}, "no such socket": {four, four},
	} {
		assert.False(t, fromOwnUser(ended{here: ends[0], there: ends[1]}), name)
	}
}

// ended is a connection with known ends and nothing else.
type ended struct {
	net.Conn
	here, there net.Addr
}

func (e ended) LocalAddr() net.Addr  { return e.here }
func (e ended) RemoteAddr() net.Addr { return e.there }
