package registry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// server is a real registry with what the tests need around it: a store for each repository, mounting, tags that do not move, a
// record of the requests, and faults.
type server struct {
	*httptest.Server
	host  string
	inner http.Handler

	apiOff    bool // without the referrers API
	immutable bool // a tag never moves, as in the platform's repositories
	mounts    bool
	// fault may answer a request itself and return true, or only look at it. count says how often this method and path came.
	fault func(w http.ResponseWriter, r *http.Request, count int) bool
	// onTag is called when a tag is about to be written.
	onTag func(repo, tag string)

	mu        sync.Mutex
	running   int               // requests being served
	idle      *sync.Cond        // signals that no request is being served
	asked     []string          // METHOD path
	counts    map[string]int    // by METHOD path
	manifests map[string][]byte // REPO/REFERENCE
	blobs     map[string][]byte // REPO/DIGEST
	broken    []string          // writes of manifests that name missing content
	types     map[string]string // media type by REPO/REFERENCE
}

func newServer(t testing.TB, options ...func(*server)) *server {
	t.Helper()
	s := &server{
		counts: map[string]int{}, manifests: map[string][]byte{}, blobs: map[string][]byte{},
		types: map[string]string{},
	}
	s.idle = sync.NewCond(&s.mu)
	for _, option := range options {
		option(s)
	}
	s.inner = registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(!s.apiOff), registry.WithBlobHandler(s))
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	s.host = strings.TrimPrefix(s.URL, "http://")
	return s
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.running++
	defer s.ended()
	line := r.Method + " " + strings.TrimPrefix(r.URL.Path, "/v2/")
	s.asked = append(s.asked, line)
	s.counts[line]++
	count, fault := s.counts[line], s.fault
	s.mu.Unlock()
	if fault != nil && fault(w, r, count) {
		return
	}
	repo, kind, reference := split(r.URL.Path)
	switch {
	case r.Method == http.MethodPost && s.mounts && r.URL.Query().Get("mount") != "":
		digest := r.URL.Query().Get("mount")
		if s.link(r.URL.Query().Get("from")+"/"+digest, strings.TrimSuffix(repo, "/blobs")+"/"+digest) {
			w.Header().Set("Docker-Content-Digest", digest)
			w.WriteHeader(http.StatusCreated)
			return
		}
	case r.Method == http.MethodPut && kind == "manifests":
		s.putManifest(w, r, repo, reference)
		return
	}
	s.inner.ServeHTTP(w, r)
}

// split splits /v2/REPO/KIND/REFERENCE.
func split(path string) (repo, kind, reference string) {
	parts := strings.Split(strings.TrimPrefix(path, "/v2/"), "/")
	if len(parts) < 3 {
		return "", "", ""
	}
	return strings.Join(parts[:len(parts)-2], "/"), parts[len(parts)-2], parts[len(parts)-1]
}

func (s *server) link(from, to string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	content, ok := s.blobs[from]
	if ok {
		s.blobs[to] = content
	}
	return ok
}

func (s *server) putManifest(w http.ResponseWriter, r *http.Request, repo, reference string) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	isTag := !strings.HasPrefix(reference, "sha256:")
	if isTag && s.onTag != nil {
		s.onTag(repo, reference)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if existing, ok := s.manifests[repo+"/"+reference]; ok && isTag && s.immutable && !bytes.Equal(existing, raw) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"errors":[{"code":"TAG_INVALID","message":"tags do not move: SECRET"}]}`)
		return
	}
	for _, missing := range s.missing(repo, raw) {
		s.broken = append(s.broken, reference+" names "+missing)
	}
	s.store(repo, reference, raw, r.Header.Get("Content-Type"))
	w.Header().Set("Docker-Content-Digest", digestOf(raw))
	w.WriteHeader(http.StatusCreated)
}

// store keeps a manifest here and in the registry. The caller holds the lock.
func (s *server) store(repo, reference string, raw []byte, mediaType string) {
	for _, ref := range []string{reference, digestOf(raw)} {
		s.manifests[repo+"/"+ref], s.types[repo+"/"+ref] = raw, mediaType
	}
	req := httptest.NewRequest(http.MethodPut, "/v2/"+repo+"/manifests/"+reference, bytes.NewReader(raw))
	req.Header.Set("Content-Type", mediaType)
	s.inner.ServeHTTP(httptest.NewRecorder(), req)
}

// missing returns what a manifest names and the repository lacks. The caller holds the lock.
func (s *server) missing(repo string, raw []byte) (missing []string) {
	var m struct {
		Manifests []v1.Descriptor `json:"manifests"`
		Config    *v1.Descriptor  `json:"config"`
		Layers    []v1.Descriptor `json:"layers"`
		Subject   *v1.Descriptor  `json:"subject"`
	}
	if json.Unmarshal(raw, &m) != nil {
		return []string{"nothing readable"}
	}
	if m.Subject != nil {
		m.Manifests = append(m.Manifests, *m.Subject)
	}
	if m.Config != nil {
		m.Layers = append(m.Layers, *m.Config)
	}
	for _, d := range m.Manifests {
		if _, ok := s.manifests[repo+"/"+d.Digest.String()]; !ok {
			missing = append(missing, d.Digest.String())
		}
	}
	for _, d := range m.Layers {
		if _, ok := s.blobs[repo+"/"+d.Digest.String()]; !ok {
			missing = append(missing, d.Digest.String())
		}
	}
	return missing
}

// Get, Stat and Put are the registry's blob store.
func (s *server) Get(_ context.Context, repo string, h v1.Hash) (io.ReadCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	content, ok := s.blobs[repo+"/"+h.String()]
	if !ok {
		return nil, registry.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

func (s *server) Stat(_ context.Context, repo string, h v1.Hash) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	content, ok := s.blobs[repo+"/"+h.String()]
	if !ok {
		return 0, registry.ErrNotFound
	}
	return int64(len(content)), nil
}

func (s *server) Put(_ context.Context, repo string, h v1.Hash, rc io.ReadCloser) error {
	content, err := io.ReadAll(rc)
	if err != nil {
		return err
	}
	repo = strings.TrimSuffix(repo, "/blobs") // the registry counts its path's parts one too short here
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blobs[repo+"/"+h.String()] = content
	return nil
}

// state returns everything in a repository: manifests by digest and tag, and blobs by digest.
func (s *server) state(repo string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := map[string]string{}
	for _, kind := range []map[string][]byte{s.manifests, s.blobs} {
		for name, content := range kind {
			if rest, ok := strings.CutPrefix(name, repo+"/"); ok {
				found[rest] = digestOf(content)
			}
		}
	}
	return found
}

// writes returns the requests that could have changed something.
func (s *server) uploads() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.asked {
		if strings.HasPrefix(line, "PUT ") && strings.Contains(line, "/blobs/uploads/") {
			n++
		}
	}
	return n
}

func (s *server) writes() (found []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.asked {
		if !strings.HasPrefix(line, "GET ") && !strings.HasPrefix(line, "HEAD ") {
			found = append(found, line)
		}
	}
	return found
}

// settle ends the faults once every request that was cut off has been served.
func (s *server) settle() {
	s.CloseClientConnections()
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.running > 0 {
		s.idle.Wait()
	}
	s.fault = nil
}

// ended counts a request that was served.
func (s *server) ended() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running--; s.running == 0 {
		s.idle.Broadcast()
	}
}

// forget clears the record and the counts.
func (s *server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked, s.counts = nil, map[string]int{}
}
