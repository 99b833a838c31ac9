package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/disturb"
	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/internal/wait"
)

// Options configure an [Injector]. The zero value suits a program that is not a test.
type Options struct {
	// Sleep waits, or returns early with the context's error. Default: a timer.
	Sleep func(context.Context, time.Duration) error
}

// Injector holds the faults that are set. Its methods may be called from several goroutines.
type Injector struct {
	options Options

	mu     sync.Mutex
	faults map[string]*activeFault
}

// activeFault is a fault that is set.
type activeFault struct {
	fault         Fault
	path          *regexp.Regexp
	random        *rand.Rand
	seen, strikes int
}

// State is a fault together with its counts so far.
type State struct {
	Name string `json:"name"`
	Fault
	// Seen counts the requests that the fault concerns. Strikes counts those that it struck.
	Seen    int `json:"seen"`
	Strikes int `json:"strikes"`
}

// New returns an injector without faults.
func New(options Options) *Injector {
	if options.Sleep == nil {
		options.Sleep = wait.For
	}
	return &Injector{options: options, faults: map[string]*activeFault{}}
}

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Set sets a fault. It replaces a fault of the same name. If the fault is wrong, nothing changes, and the error lists all
// mistakes, each with the fix.
func (i *Injector) Set(name string, fault Fault) error {
	if !nameForm.MatchString(name) {
		return fmt.Errorf("fault %q: use a name of lower-case letters, digits and hyphens", name)
	}
	fault = fault.withDefaults()
	if err := fault.check(); err != nil {
		return fmt.Errorf("fault %s: %w", name, err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.faults[name] = &activeFault{fault: fault, path: pattern(fault.Path), random: rand.New(rand.NewPCG(fault.Seed, 0))}
	return nil
}

// ErrNoFault is returned by [Injector.Clear] if no fault has that name.
var ErrNoFault = errors.New("no such fault")

// Clear ends the fault of that name.
func (i *Injector) Clear(name string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.faults[name] == nil {
		return fmt.Errorf("%w: %s", ErrNoFault, name)
	}
	delete(i.faults, name)
	return nil
}

// ClearAll ends all faults.
func (i *Injector) ClearAll() {
	i.mu.Lock()
	defer i.mu.Unlock()
	clear(i.faults)
}

// List returns the faults by name.
func (i *Injector) List() []State {
	i.mu.Lock()
	defer i.mu.Unlock()
	states := []State{}
	for _, name := range slices.Sorted(maps.Keys(i.faults)) {
		a := i.faults[name]
		states = append(states, State{Name: name, Fault: a.fault, Seen: a.seen, Strikes: a.strikes})
	}
	return states
}

// strike returns the faults that strike the request, by name.
func (i *Injector) strike(r *http.Request) []Fault {
	i.mu.Lock()
	defer i.mu.Unlock()
	var striking []Fault
	for _, name := range slices.Sorted(maps.Keys(i.faults)) {
		a := i.faults[name]
		if !a.fault.about(r, a.path) {
			continue
		}
		a.seen++
		if a.seen <= a.fault.Skip || a.fault.Next > 0 && a.strikes >= a.fault.Next || a.random.Float64() >= a.fault.Rate {
			continue
		}
		a.strikes++
		striking = append(striking, a.fault)
	}
	return striking
}

// Intercept is a cloud.Options.Intercept. The handler that it returns applies the faults and then calls next. If several faults
// strike a request, it waits for all delays. Of the faults with the effect answer or drop, the first one by name decides how the
// request ends.
func (i *Injector) Intercept(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var disturbance disturb.Disturbance
		var end *Fault
		silent := false
		for _, fault := range i.strike(r) {
			switch fault.Effect {
			case Delay:
				if i.options.Sleep(r.Context(), time.Duration(fault.Duration)) != nil {
					return // the client is gone
				}
			case Answer, Drop:
				if end == nil {
					end = &fault
				}
			case DropAnswer:
				silent = true
			default:
				fault.disturb(&disturbance)
			}
		}
		switch {
		case end != nil && end.Effect == Drop:
			panic(http.ErrAbortHandler) // net/http closes the connection without a log line
		case end != nil:
			refuse(w, end.Status)
			return
		}
		if disturbance != (disturb.Disturbance{}) {
			r = r.WithContext(disturb.With(r.Context(), disturbance))
		}
		if silent {
			next.ServeHTTP(nowhere{http.Header{}}, r)
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
}

func refuse(w http.ResponseWriter, code int) {
	doc.Respond(w, code, map[string]any{
		"error": map[string]any{"code": code, "status": statuses[code].status, "message": statuses[code].message}})
}

// nowhere is a ResponseWriter that discards the answer.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header            { return n.header }
func (n nowhere) Write(data []byte) (int, error) { return len(data), nil }
func (n nowhere) WriteHeader(int)                {}
