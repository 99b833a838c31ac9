// Package journal keeps a stack's state while the engine changes it, in time that does not grow with the stack.
//
// Pulumi's file backend writes the whole state before and after every change of a resource, so the time of an update grows with the square
// of its resources. Pulumi Cloud takes a journal instead: an entry when an operation begins, and one when it succeeds. [Serve] offers the
// part of the Cloud's API that an update calls, on loopback, to the unchanged engine. Each entry is in a file before it is answered. When
// the update is complete, and before the next command after one that was killed, [Files.Fold] writes the journal into the file backend's
// own state. Every other command of the CLI uses the file backend on the same files.
package journal

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"

	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// Options configure a Service.
type Options struct {
	Files
	// Credentials is a folder in which the CLI keeps the service's token while the service runs. Required.
	Credentials string
	// Version is the version of the calling engine. Required.
	Version string
	// Refuse decides from the steps of a command's preview whether its update may begin. Default: every update may.
	Refuse func(preview []apitype.StepEventMetadata) error
	// Now is the clock. Default: the real one.
	Now func() time.Time
}

// Service is the running API.
type Service struct {
	options Options
	token   string
	server  *http.Server
	address string

	mutex    sync.Mutex
	update   *update
	changes  map[apitype.OpType]int      // of the last complete update
	findings []apitype.PolicyEvent       // of the last command
	planned  []apitype.StepEventMetadata // by the last command's preview
}

// update is the engine's running update, or the preview that a command makes before its update.
type update struct {
	id, stack string
	kind      apitype.UpdateKind
	request   apitype.UpdateProgramRequest
	started   time.Time
	journal   *os.File
	lock      string
	changes   map[apitype.OpType]int
	findings  []apitype.PolicyEvent
}

// Serve starts the API on a loopback port. Only requests with its token are answered.
func Serve(options Options) (*Service, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve the journal of the stacks' states: %w", err)
	}
	s := &Service{options: options, token: rand.Text(), address: "http://" + listener.Addr().String()}
	s.server = &http.Server{Handler: s.routes(), ReadHeaderTimeout: time.Minute}
	if err := s.logIn(); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	go func() { _ = s.server.Serve(listener) }()
	return s, nil
}

// logIn writes the file from which the CLI reads the service's token. With the token in a variable, the CLI would print that
// it logs in.
func (s *Service) logIn() error {
	account := workspace.Account{AccessToken: s.token, Username: organization, Organizations: []string{organization},
		LastValidatedAt: s.options.Now()}
	data, err := json.Marshal(workspace.Credentials{Current: s.address, AccessTokens: map[string]string{s.address: s.token},
		Accounts: map[string]workspace.Account{s.address: account}})
	if err != nil {
		return err
	}
	return statedir.WriteFile(filepath.Join(s.options.Credentials, "credentials.json"), data, 0o600)
}

// Close ends the API. An update that is not complete is folded by the next command.
func (s *Service) Close() error {
	err := s.server.Close()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return errors.Join(err, s.drop(), os.RemoveAll(s.options.Credentials))
}

// Environment returns the variables with which a CLI keeps its stacks' states here.
func (s *Service) Environment() []string {
	return []string{
		"PULUMI_BACKEND_URL=" + s.address, "PULUMI_CREDENTIALS_PATH=" + s.options.Credentials,
		// The engine waits for the answer to an entry, so entries are sent at once.
		"PULUMI_JOURNALING_BATCH_PERIOD=2",
	}
}

// Finish folds the journal of an engine that died into the stack's state. The caller has to know that the engine has ended. After a
// complete update Finish does nothing.
func (s *Service) Finish() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.update == nil {
		return nil
	}
	stack := s.update.stack
	err := s.drop()
	foldErr := s.options.Fold(stack, s.options.Now())
	return errors.Join(err, foldErr)
}

// drop forgets the running update. Its journal stays.
func (s *Service) drop() error {
	if s.update == nil {
		return nil
	}
	var err error
	if s.update.journal != nil {
		err = s.update.journal.Close()
	}
	if s.update.lock != "" {
		err = errors.Join(err, os.Remove(s.update.lock))
	}
	s.update = nil
	return err
}

// problem is an answer other than 200.
type problem struct {
	code    int
	message string
}

func (p *problem) Error() string { return p.message }

func (s *Service) routes() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, answer func(*http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.answer(w, r, answer) })
	}
	fixed := func(value any) func(*http.Request) (any, error) {
		return func(*http.Request) (any, error) { return value, nil }
	}
	user := map[string]any{"githubLogin": organization, "organizations": []any{map[string]any{"githubLogin": organization}}}
	stack := "/api/stacks/" + organization + "/{project}/{stack}"
	handle("GET /api/user", fixed(user))
	handle("GET /api/user/organizations/default", fixed(apitype.GetDefaultOrganizationResponse{GitHubLogin: organization}))
	handle("GET /api/capabilities", fixed(map[string]any{"capabilities": []any{}}))
	handle("GET "+stack, s.stack)
	handle("GET "+stack+"/export", s.export)
	for _, kind := range []apitype.UpdateKind{apitype.UpdateUpdate, apitype.DestroyUpdate} {
		handle("POST "+stack+"/"+string(kind), func(r *http.Request) (any, error) { return s.create(kind, r) })
	}
	running := stack + "/update/{update}"
	handle("POST "+running, s.start)
	handle("POST "+running+"/renew_lease", fixed(apitype.RenewUpdateLeaseResponse{Token: s.token}))
	handle("PATCH "+running+"/journalentries", s.record)
	handle("POST "+running+"/events/batch", s.events)
	handle("POST "+running+"/complete", s.complete)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.answer(w, r, func(r *http.Request) (any, error) {
			return nil, &problem{http.StatusNotFound, "the sandbox's state knows no " + r.Method + " " + r.URL.Path}
		})
	})
	return mux
}

func (s *Service) answer(w http.ResponseWriter, r *http.Request, handler func(*http.Request) (any, error)) {
	_, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	var value any
	var err error = &problem{http.StatusUnauthorized, "the sandbox's state is for its own engine"}
	if subtle.ConstantTimeCompare([]byte(given), []byte(s.token)) == 1 {
		value, err = handler(r)
	}
	code := http.StatusOK
	if err != nil {
		code = http.StatusInternalServerError
		var known *problem
		if errors.As(err, &known) {
			code = known.code
		}
		value = apitype.ErrorResponse{Code: code, Message: err.Error()}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if value != nil {
		_ = json.NewEncoder(w).Encode(value)
	}
}

// body decodes a request's body. The CLI compresses bodies that may be large.
func body(r *http.Request, into any) error {
	from := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		compressed, err := gzip.NewReader(r.Body)
		if err != nil {
			return &problem{http.StatusBadRequest, err.Error()}
		}
		from = compressed
	}
	if err := json.NewDecoder(from).Decode(into); err != nil {
		return &problem{http.StatusBadRequest, err.Error()}
	}
	return nil
}

// find returns the path of the state that a request is about.
func (s *Service) find(r *http.Request) (string, error) {
	project, stack := r.PathValue("project"), r.PathValue("stack")
	none := &problem{http.StatusNotFound, "there is no stack " + project + "/" + stack}
	if project != s.options.Project || !filepath.IsLocal(stack) {
		return "", none
	}
	path := s.options.Checkpoint(stack)
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", none
	}
	return path, err
}

func (s *Service) stack(r *http.Request) (any, error) {
	_, err := s.find(r)
	return apitype.Stack{OrgName: organization, ProjectName: r.PathValue("project"), StackName: tokens.QName(r.PathValue("stack"))}, err
}

func (s *Service) export(r *http.Request) (any, error) {
	path, err := s.find(r)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	state, err := parseState(data)
	if err != nil {
		return nil, err
	}
	exported, err := state.export()
	if state.latest == nil {
		exported.Deployment = json.RawMessage(`{}`)
	}
	return exported, err
}

func (s *Service) create(kind apitype.UpdateKind, r *http.Request) (any, error) {
	if _, err := s.find(r); err != nil {
		return nil, err
	}
	made := &update{id: rand.Text(), stack: r.PathValue("stack"), kind: kind}
	if err := body(r, &made.request); err != nil {
		return nil, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.update != nil {
		return nil, &problem{http.StatusConflict, "another update of stack " + s.update.stack + " runs"}
	}
	s.update = made
	return apitype.UpdateProgramResponse{UpdateID: made.id}, nil
}

// running calls do with the update that a request names.
func (s *Service) running(r *http.Request, do func(*update) error) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.update == nil || s.update.id != r.PathValue("update") {
		return &problem{http.StatusNotFound, "the update " + r.PathValue("update") + " does not run"}
	}
	return do(s.update)
}

// start takes the file backend's lock, so that another CLI leaves the stack alone, and begins the journal. A preview changes nothing and
// needs neither.
func (s *Service) start(r *http.Request) (any, error) {
	err := s.running(r, func(u *update) error {
		if s.options.locked(u.stack) {
			return &problem{http.StatusConflict, "another command holds the stack's lock: let it end, or release it with `pulumi cancel`"}
		}
		if u.request.Options.DryRun {
			return nil
		}
		if s.options.Refuse != nil {
			if err := s.options.Refuse(s.planned); err != nil {
				return &problem{http.StatusBadRequest, err.Error()}
			}
		}
		u.started = s.options.Now()
		host, err := os.Hostname()
		if err != nil {
			return err
		}
		holder, err := json.Marshal(map[string]any{"pid": os.Getpid(), "username": "sandbox", "hostname": host, "timestamp": u.started})
		if err != nil {
			return err
		}
		path := filepath.Join(s.options.locks(u.stack), u.id+".json")
		if err := statedir.WriteFile(path, holder, 0o600); err != nil {
			return err
		}
		u.lock = path
		u.journal, err = s.options.begin(u.stack, s.options.Version)
		return err
	})
	// Without this version the engine would send whole states.
	return apitype.StartUpdateResponse{Version: 1, Token: s.token, JournalVersion: 1}, err
}

// record appends entries to the journal. The engine goes on when they are written.
func (s *Service) record(r *http.Request) (any, error) {
	var sent json.RawMessage
	if err := body(r, &sent); err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := json.Compact(&text, sent); err != nil {
		return nil, err
	}
	text.WriteByte('\n')
	return nil, s.running(r, func(u *update) error {
		if u.journal == nil {
			return &problem{http.StatusConflict, "the update has not started"}
		}
		_, err := u.journal.Write(text.Bytes())
		return err
	})
}

func (s *Service) complete(r *http.Request) (any, error) {
	var request apitype.CompleteUpdateRequest
	if err := body(r, &request); err != nil {
		return nil, err
	}
	return nil, s.running(r, func(u *update) error {
		done := *u
		if err := s.drop(); err != nil || done.request.Options.DryRun {
			return err
		}
		s.changes = done.changes
		if request.Status == apitype.UpdateStatusSucceeded {
			s.findings = done.findings // The update knew the values that its preview could not check.
		}
		if err := s.options.Fold(done.stack, s.options.Now()); err != nil {
			return err
		}
		return s.remember(done, request.Status)
	})
}
