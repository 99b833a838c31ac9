// Package server is the process that runs the emulated cloud. Like a real cloud, it outlives the commands that talk to it: `up` starts
// it in the background if it is not running, and the service that `up` made still answers afterwards. It ends when it is idle for too
// long, when its state folder is gone, or on request.
//
// It listens on loopback only: the APIs on one port, the data plane for all hosts on another, and each service on its own port, so
// that no name server is needed. Ports stay the same between runs. The APIs require the state folder's token ([TokenFile]); services
// answer anybody on this machine.
package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/dataplane"
	"github.com/guiofsaints/procureflow-platform/emulator/faults"
	"github.com/guiofsaints/procureflow-platform/emulator/guard"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// defaultIdle is how long a background cloud keeps running without a request.
const defaultIdle = time.Hour

// Options configure a cloud process.
type Options struct {
	// Dir is the state folder. Required.
	Dir statedir.Dir
	// Build identifies the executable. A command of another build restarts a background cloud.
	Build string
	// Foreground is true for `serve`: the process does not end when idle, and other commands do not restart it.
	Foreground bool
	// Idle is how long a background process runs without a request. Default: [defaultIdle].
	Idle time.Duration
	// Conditions evaluates the conditions of grants. Default: a grant with a condition is refused.
	Conditions rest.Conditions
	// Ready is called once with the endpoints when everything listens. Default: nothing.
	Ready func(Status)
	// Log receives one line per notable event. Default: discarded.
	Log io.Writer
	// Clock, Rand and Draw replace time and chance, so that a run can be repeated: the clock of everything, the source of ids, and a
	// number in [0,1) for each decision of the data plane. Default: the real ones.
	Clock Clock
	Rand  io.Reader
	Draw  func() float64
	// Observe is called after each answered request to the APIs. Default: nothing.
	Observe func(*http.Request)
}

// Clock is a time that a sleep moves on.
type Clock interface {
	Now() time.Time
	Sleep(ctx context.Context, d time.Duration) error
}

// Status describes a running cloud process.
type Status struct {
	// PID is the process id. Build identifies the executable.
	PID   int    `json:"pid"`
	Build string `json:"build"`
	// Foreground says that `serve` runs it in a terminal. Started is when it began.
	Foreground bool      `json:"foreground"`
	Started    time.Time `json:"started"`
	// API is the base URL of all emulated APIs.
	API string `json:"api"`
	// DataPlane is the base URL that routes by the Host header to every service and tag.
	DataPlane string `json:"dataPlane"`
	// Console is the address of the page that shows and changes all of this. It is a secret, because everybody who knows it can use the
	// page's buttons.
	Console string `json:"console"`
	// Services are where the services answer.
	Services []ServiceEndpoint `json:"services"`
}

// ServiceEndpoint is where a service answers.
type ServiceEndpoint struct {
	// Name is projects/P/locations/L/services/S.
	Name string `json:"name"`
	// URL is the service's address in the real cloud.
	URL string `json:"url"`
	// Address is its address on this machine.
	Address string `json:"address"`
}

// tokenKey names the key in the state folder that clients send to the APIs.
const tokenKey = "token"

// TokenFile returns the path of the file with the token for the APIs. It holds the token alone, and only its owner may read it.
func TokenFile(dir statedir.Dir) string { return dir.Path("keys", tokenKey) }

// endpointFile returns the path of the file that says where a running process answers. It is there as long as the process serves.
func endpointFile(dir statedir.Dir) string { return dir.Path("cloud.json") }

// restrict removes other users' rights to a file, because a copied folder may have lost its modes.
func restrict(path string) error {
	if err := os.Chmod(path, 0o600); err != nil {
		return fmt.Errorf("keep the sandbox's token from other users: %w", err)
	}
	return nil
}

// ErrRunning is returned by [Serve] when another process serves the same state folder.
var ErrRunning = errors.New("the sandbox's cloud is already running")

type process struct {
	options Options
	log     *slog.Logger
	cloud   *cloud.Cloud
	data    *dataplane.DataPlane
	faults  *faults.Injector
	token   string
	status  Status
	stop    context.CancelFunc
	active  atomic.Int64 // unix nanoseconds of the last request

	mu        sync.Mutex
	servers   []*http.Server          // of the APIs, the data plane and the console
	listeners map[string]*http.Server // by service name
	endpoints map[string]ServiceEndpoint
	ports     *ports
}

// openStore opens the cloud's documents. If they cannot be read, Pulumi's state is of no use either: it lists what the cloud had, and the
// next up would look for each of it.
func openStore(dir statedir.Dir) (*store.Store, error) {
	documents, err := store.Open(dir.Path("cloud"))
	if err == nil || errors.Is(err, store.ErrLocked) || errors.Is(err, fs.ErrPermission) {
		return documents, err
	}
	return nil, fmt.Errorf("%w (delete all of %s then, because Pulumi's state in it lists what the cloud had)", err, dir.Path())
}

// Serve runs the cloud until ctx ends, it is idle for too long, or it is told to stop.
func Serve(ctx context.Context, options Options) error {
	if options.Idle == 0 {
		options.Idle = defaultIdle
	}
	if options.Log == nil {
		options.Log = io.Discard
	}
	lock := flock.New(options.Dir.Path("cloud.lock"))
	if held, err := lock.TryLock(); err != nil {
		return fmt.Errorf("lock %s: %w", lock.Path(), err)
	} else if !held {
		return ErrRunning
	}
	defer func() { _ = lock.Unlock() }()
	defer os.Remove(endpointFile(options.Dir)) // This is the last but one, because a client that stops the cloud waits for it.

	p := &process{options: options, faults: faults.New(faults.Options{}), log: slog.New(slog.NewTextHandler(options.Log, nil)),
		listeners: map[string]*http.Server{}, endpoints: map[string]ServiceEndpoint{}, ports: loadPorts(options.Dir.Path("ports.json"))}
	var err error
	if p.token, err = options.Dir.Key(tokenKey); err != nil {
		return err
	}
	if err := restrict(TokenFile(options.Dir)); err != nil {
		return err
	}
	documents, err := openStore(options.Dir)
	if err != nil {
		return err
	}
	defer documents.Close()
	ofCloud := cloud.Options{Intercept: p.faults.Intercept, Log: p.log, Rand: options.Rand, Conditions: options.Conditions}
	ofData := dataplane.Options{Float64: options.Draw}
	if options.Clock != nil {
		ofCloud.Now, ofData.Now, ofData.Sleep = options.Clock.Now, options.Clock.Now, options.Clock.Sleep
	}
	if p.cloud, err = cloud.New(documents, ofCloud); err != nil {
		return err
	}
	p.data = dataplane.New(p.cloud, ofData)
	ctx, p.stop = context.WithCancel(ctx)
	defer p.stop()
	return p.run(ctx)
}

func (p *process) run(ctx context.Context) error {
	p.touch()
	defer p.shutdown()
	apis, err := p.ports.listen("api")
	if err != nil {
		return err
	}
	defer apis.Close()
	data, err := p.ports.listen("data plane")
	if err != nil {
		return err
	}
	p.serve(data, p.data)
	page, err := p.console(ctx)
	if err != nil {
		return err
	}
	p.status = Status{PID: os.Getpid(), Build: p.options.Build, Foreground: p.options.Foreground, Started: time.Now(),
		API: "http://" + apis.Addr().String(), DataPlane: "http://" + data.Addr().String(), Console: page}
	p.openServices()
	// A killed process left its addresses behind, and its port is used again. So a command may ask already, and the answer has to be complete.
	p.serve(apis, guard.Require(p.token, p.control(p.observed(p.cloud))))
	content, err := json.Marshal(p.snapshot())
	if err == nil {
		err = statedir.WriteFile(endpointFile(p.options.Dir), content, 0o600)
	}
	if err != nil {
		return err
	}
	p.log.Info("serving", "api", p.status.API, "dataPlane", p.status.DataPlane)
	if p.options.Ready != nil {
		p.options.Ready(p.snapshot())
	}
	p.wait(ctx)
	return nil
}

// observed calls Observe after each answered request.
func (p *process) observed(api http.Handler) http.Handler {
	if p.options.Observe == nil {
		return api
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		api.ServeHTTP(w, r)
		p.options.Observe(r)
	})
}

// wait returns when there is a reason to end, and logs the reason.
func (p *process) wait(ctx context.Context) {
	ticker := time.NewTicker(2 * time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			p.log.Info("stopping", "reason", "told to")
			return
		case <-ticker.C:
			if err := p.cloud.Tick(); err != nil {
				p.log.Error("changes that are due failed", "error", err)
			}
			if _, err := os.Stat(endpointFile(p.options.Dir)); err != nil {
				p.log.Info("stopping", "reason", "the state folder is gone")
				return
			}
			idle := time.Since(time.Unix(0, p.active.Load()))
			if !p.options.Foreground && idle > p.options.Idle {
				p.log.Info("stopping", "reason", "idle", "for", idle)
				return
			}
		}
	}
}

func (p *process) shutdown() {
	limited, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	p.mu.Lock()
	servers := slices.AppendSeq(p.servers, maps.Values(p.listeners))
	p.mu.Unlock()
	for _, server := range servers {
		if err := server.Shutdown(limited); err != nil {
			_ = server.Close()
		}
	}
}

func (p *process) touch() { p.active.Store(time.Now().UnixNano()) }

// serve serves handler until the process ends.
func (p *process) serve(listener net.Listener, handler http.Handler) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.servers = append(p.servers, p.start(listener, handler))
}

func (p *process) start(listener net.Listener, handler http.Handler) *http.Server {
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.touch()
		handler.ServeHTTP(w, r)
	})}
	go func() { _ = server.Serve(listener) }()
	return server
}

// openServices gives each service of the cloud a listener and closes those of deleted services.
func (p *process) openServices() {
	p.mu.Lock()
	defer p.mu.Unlock()
	live := map[string]bool{}
	for _, service := range p.cloud.Run.Services() {
		name := service.Name
		live[name] = true
		if p.listeners[name] != nil {
			continue
		}
		listener, err := p.ports.listen(name)
		if err != nil {
			p.log.Error("no listener for service", "service", name, "error", err)
			continue
		}
		p.listeners[name] = p.start(listener, p.data.ForService(service.Project, service.Location, service.ID))
		p.endpoints[name] = ServiceEndpoint{Name: name, URL: service.URI, Address: "http://" + listener.Addr().String() + "/"}
	}
	for name, server := range p.listeners {
		if !live[name] {
			_ = server.Close()
			delete(p.listeners, name)
			delete(p.endpoints, name)
		}
	}
}

func (p *process) snapshot() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	status := p.status
	status.Services = []ServiceEndpoint{}
	for _, endpoint := range p.endpoints {
		status.Services = append(status.Services, endpoint)
	}
	sort.Slice(status.Services, func(i, j int) bool { return status.Services[i].Name < status.Services[j].Name })
	return status
}
