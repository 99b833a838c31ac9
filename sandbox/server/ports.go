package server

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"sync"

	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// ports remembers the port of each listener.
type ports struct {
	path  string
	mu    sync.Mutex
	byKey map[string]int
}

// loadPorts reads the file. If that fails it starts empty, because stable ports are only a convenience.
func loadPorts(path string) *ports {
	p := &ports{path: path, byKey: map[string]int{}}
	if data, err := os.ReadFile(path); err == nil {
		_ = json.Unmarshal(data, &p.byKey)
	}
	return p
}

func (p *ports) listen(key string) (net.Listener, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p.byKey[key]))
	if err != nil {
		listener, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("listen on loopback for %s: %w", key, err)
	}
	p.byKey[key] = listener.Addr().(*net.TCPAddr).Port
	if data, err := json.MarshalIndent(p.byKey, "", "  "); err == nil {
		_ = statedir.WriteFile(p.path, data, 0o600)
	}
	return listener, nil
}
