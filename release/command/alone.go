package command

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// alone takes a lock, so that two rollouts of one service do not run on one machine at once: the second is told that the first is
// running. Two at once would do no harm, because every write is guarded, but each would mistake the other's steps for its own. A machine
// that offers no lock goes on without one.
func (a *app) alone(s *session) (unlock func(), err error) {
	name := sha256.Sum256([]byte(strings.Join([]string{a.flags.endpoint, s.project, s.region, s.service}, "\n")))
	path := filepath.Join(os.TempDir(), fmt.Sprintf("procureflow-rollout-%x.lock", name[:8]))
	lock := flock.New(path, flock.SetPermissions(0o644))
	locked, err := lock.TryLock()
	switch {
	case err != nil:
		return func() {}, nil
	case locked:
		_ = os.WriteFile(path, fmt.Appendf(nil, "%s, process %d, since %s", a.actor(), os.Getpid(), time.Now().UTC().Format(time.RFC3339)), 0o644)
		return func() { _, _ = os.Remove(path), lock.Unlock() }, nil
	}
	holder, _ := os.ReadFile(path)
	a.exit = ExitRefused
	return nil, fmt.Errorf("a rollout of %s is running on this machine (%s), and goes on by itself: look with %s, or end it with %s, "+
		"which it notices",
		s.service, holder, s.command("status"), s.command("rollback"))
}
