//go:build !linux

package guard

import "net"

// mine cannot tell here.
func mine(net.Conn) bool { return true }
