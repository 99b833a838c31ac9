package guard

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
)

// fromOwnUser reports whether the other end of a loopback connection is a socket of this user or of root. The kernel lists every socket
// with its owner. A socket that is not listed is not trusted.
func fromOwnUser(connection net.Conn) bool {
	here, ok := connection.LocalAddr().(*net.TCPAddr)
	there, ok2 := connection.RemoteAddr().(*net.TCPAddr)
	if !ok || !ok2 || there.IP.To4() == nil || here.IP.To4() == nil {
		return false
	}
	sockets, err := os.Open("/proc/net/tcp")
	if err != nil {
		return false
	}
	defer sockets.Close()
	uid, err := owner(sockets, listed(there), listed(here))
	return err == nil && trusted(uid, os.Getuid())
}

// trusted reports whether a user may use what belongs to another: root may, and everybody their own.
func trusted(user, own int) bool { return user == own || user == 0 }

// owner returns the user id of the socket with these addresses, in a list and a spelling as that of /proc/net/tcp.
func owner(sockets io.Reader, local, remote string) (int, error) {
	lines := bufio.NewScanner(sockets)
	for lines.Scan() {
		// The columns are: sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid …
		if fields := strings.Fields(lines.Text()); len(fields) > 7 && fields[1] == local && fields[2] == remote {
			return strconv.Atoi(fields[7])
		}
	}
	if err := lines.Err(); err != nil {
		return 0, err
	}
	return 0, fmt.Errorf("no socket from %s to %s: %w", local, remote, os.ErrNotExist)
}

// listed returns an address in the spelling of /proc/net/tcp: the IPv4 address as a number in the machine's byte order, and the
// port.
func listed(address *net.TCPAddr) string {
	return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(address.IP.To4()), address.Port)
}
