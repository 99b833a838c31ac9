// Package parallel is what the commands of a check share that run side by side: where they write, what processor time they took, and
// the report of their tests. Everything in it may be used from several goroutines.
//
// It is apart from internal/check so that the race detector looks at it without all that a check imports.
package parallel

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Do runs functions side by side until all have ended, and returns their errors in the order of the functions.
func Do(all ...func() error) []error {
	errs := make([]error, len(all))
	var running sync.WaitGroup
	for i, one := range all {
		running.Go(func() { errs[i] = one() })
	}
	running.Wait()
	return errs
}

// Output passes on what several commands write, one write at a time, so that lines do not mix.
type Output struct {
	To    io.Writer
	mutex sync.Mutex
}

func (o *Output) Write(data []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.To.Write(data)
}

// Usage is the processor time of commands and of all their finished children.
type Usage struct {
	mutex sync.Mutex
	sum   time.Duration
}

// Add counts a command that has ended. A command that did not start has no state.
func (u *Usage) Add(state *os.ProcessState) {
	if u == nil || state == nil {
		return
	}
	u.mutex.Lock()
	defer u.mutex.Unlock()
	u.sum += state.UserTime() + state.SystemTime()
}

func (u *Usage) String() string {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if u.sum == 0 {
		return ""
	}
	return fmt.Sprintf(", %s of processor time", u.sum.Round(time.Second))
}
