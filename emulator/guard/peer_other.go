//go:build !linux

package guard

import "net"

// mine accepts every connection, because this system does not tell whose it is.
func mine(net.Conn) bool { return true }
