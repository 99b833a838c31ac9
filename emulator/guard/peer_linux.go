package guard

import (
	"bufio"
	"encoding/binary"
	"fmt"
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
	uid, err := owner(listed(there), listed(here))
	return err == nil && (uid == os.Getuid() || uid == 0)
}

// owner returns the user id of the socket with these addresses, in the spelling of /proc/net/tcp.
func owner(local, remote string) (int, error) {
	file, err := os.Open("/proc/net/tcp")
	if err != nil {
		return 0, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		// The columns are: sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid …
		if fields := strings.Fields(lines.Text()); len(fields) > 7 && fields[1] == local && fields[2] == remote {
			return strconv.Atoi(fields[7])
		}
	}
	return 0, fmt.Errorf("no socket from %s to %s: %w", local, remote, os.ErrNotExist)
}

// listed returns an address in the spelling of /proc/net/tcp: the IPv4 address as a number in the machine's byte order, and the
// port.
func listed(address *net.TCPAddr) string {
	return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(address.IP.To4()), address.Port)
}
