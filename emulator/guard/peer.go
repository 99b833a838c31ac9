package guard

import "net"

// OwnUser is the listener without the connections of the machine's other users, which it closes. For protocols that know no
// token, such as the engine's. Whose a connection is can be told on Linux; elsewhere everybody's are accepted.
func OwnUser(listener net.Listener) net.Listener { return ownUser{listener} }

type ownUser struct{ net.Listener }

// Accept implements [net.Listener].
func (l ownUser) Accept() (net.Conn, error) {
	for {
		connection, err := l.Listener.Accept()
		if err != nil || mine(connection) {
			return connection, err
		}
		_ = connection.Close()
	}
}
