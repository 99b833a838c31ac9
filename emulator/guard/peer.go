package guard

import "net"

// OwnUser returns a listener that closes the connections of the machine's other users. It serves protocols without a token, such
// as the engine's. Only Linux tells which user a connection belongs to; on other systems the listener accepts every connection.
func OwnUser(listener net.Listener) net.Listener { return ownUser{listener} }

type ownUser struct{ net.Listener }

// Accept implements [net.Listener].
func (l ownUser) Accept() (net.Conn, error) {
	for {
		connection, err := l.Listener.Accept()
		if err != nil || fromOwnUser(connection) {
			return connection, err
		}
		_ = connection.Close()
	}
}
