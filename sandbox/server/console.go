package server

import (
	"context"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/webpage"
	"github.com/guiofsaints/procureflow-platform/sandbox/console"
)

// consoleKey names the key in the state folder that is part of the console's address. It is not the APIs' token, because an address is
// seen more easily.
const consoleKey = "console"

// console serves the page and returns its address. It records the cloud's state every second until ctx ends.
func (p *process) console(ctx context.Context) (address string, err error) {
	secret, err := p.options.Dir.Key(consoleKey)
	if err != nil {
		return "", err
	}
	page := &console.Console{Dir: p.options.Dir, Run: p.cloud.Run, Metrics: p.data.Metrics(), Faults: p.faults, Address: p.address}
	listener, err := p.ports.listen("console")
	if err != nil {
		return "", err
	}
	p.serve(listener, webpage.Private(secret, page))
	go func() {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				page.Look()
			}
		}
	}()
	return "http://" + listener.Addr().String() + "/" + secret + "/", nil
}

// address returns where a service answers.
func (p *process) address(service string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.endpoints[service].Address
}
