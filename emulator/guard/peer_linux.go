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

// mine says whether the other end of a connection over loopback is a socket of this user, or of root. The kernel lists
// every socket with its owner; one that it does not list is nobody's to trust.
func mine(connection net.Conn) bool {
	here, ok := connection.LocalAddr().(*net.TCPAddr)
	there, ok2 := connection.RemoteAddr().(*net.TCPAddr)
	if !ok || !ok2 || there.IP.To4() == nil || here.IP.To4() == nil {
		return false
	}
	uid, err := owner(listed(there), listed(here))
	return err == nil && (uid == os.Getuid() || uid == 0)
}

// owner is the user of the socket with these addresses, as /proc/net/tcp writes them.
func owner(local, remote string) (int, error) {
	file, err := os.Open("/proc/net/tcp")
	if err != nil {
		return 0, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		// sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid …
		if fields := strings.Fields(lines.Text()); len(fields) > 7 && fields[1] == local && fields[2] == remote {
			return strconv.Atoi(fields[7])
		}
	}
	return 0, fmt.Errorf("no socket from %s to %s: %w", local, remote, os.ErrNotExist)
}

// listed is an address in the file's spelling: the bytes of the IPv4 address as the machine keeps a number, and the port.
func listed(address *net.TCPAddr) string {
	return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(address.IP.To4()), address.Port)
}
