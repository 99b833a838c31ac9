package crossguard

import (
	"context"
	"errors"
	"io"
	"net"
	"time"
)

// engineWatch notices that the engine is gone. It holds a connection to the engine's port, which the operating system closes when
// the engine ends, however it ends. That takes no polling, and another process that takes the free port later is not mistaken for
// the engine. An engine that is busy or suspended keeps its connections and its port.
type engineWatch struct {
	dial  func(context.Context) (net.Conn, error)
	pause func(context.Context)
}

// The engine counts as gone after three refused connections in a row, a second apart. A connection that takes too long says only
// that the engine is busy.
const (
	enginePause   = time.Second
	engineTimeout = 10 * time.Second
	engineMisses  = 3
)

func newEngineWatch(address string) engineWatch {
	return engineWatch{
		dial: func(ctx context.Context) (net.Conn, error) {
			return (&net.Dialer{Timeout: engineTimeout}).DialContext(ctx, "tcp", address)
		},
		pause: func(ctx context.Context) {
			select {
			case <-ctx.Done():
			case <-time.After(enginePause):
			}
		},
	}
}

// run calls gone when the engine is gone. It returns then, or when ctx ends.
func (w engineWatch) run(ctx context.Context, gone func()) {
	for misses := 0; ctx.Err() == nil; w.pause(ctx) {
		conn, err := w.dial(ctx)
		var slow net.Error
		switch {
		case err == nil:
			misses = 0
			hold(ctx, conn)
		case errors.As(err, &slow) && slow.Timeout():
		default:
			if misses++; misses == engineMisses {
				gone()
				return
			}
		}
	}
}

// hold returns when the other side closes a connection, or when ctx ends. The engine's server closes one on which no call begins,
// after two minutes.
func hold(ctx context.Context, conn net.Conn) {
	closed := context.AfterFunc(ctx, func() { _ = conn.Close() })
	_, _ = io.Copy(io.Discard, conn) // what the engine says, and how the connection ended, do not matter
	if closed() {
		_ = conn.Close()
	}
}
