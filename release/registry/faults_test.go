package registry_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
)

// secret is in everything that a faulty server sends and that must not be repeated.
const secret = "SECRET-5f1a"

// answer fails a request with a status, and with a body and headers that must not be repeated.
func answer(w http.ResponseWriter, status int, headers ...string) {
	w.Header().Set("X-Request-Id", secret)
	for i := 0; i+1 < len(headers); i += 2 {
		w.Header().Set(headers[i], headers[i+1])
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"errors":[{"code":"UNAVAILABLE","message":"`+secret+`","detail":"`+secret+`"}]}`)
}

// hangUp ends the connection in the middle of the exchange.
func hangUp(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

type fault = func(w http.ResponseWriter, r *http.Request, count int) bool

// first applies a fault to the first n requests of a method whose path contains a text.
func first(n int32, method, path string, f func(http.ResponseWriter, *http.Request) bool) fault {
	var left atomic.Int32
	left.Store(n)
	return func(w http.ResponseWriter, r *http.Request, _ int) bool {
		return r.Method == method && strings.Contains(r.URL.Path, path) && left.Add(-1) >= 0 && f(w, r)
	}
}

func status(code int, headers ...string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		answer(w, code, headers...)
		return true
	}
}

func disconnect(w http.ResponseWriter, _ *http.Request) bool {
	hangUp(w)
	return true
}

// after lets the registry carry out the request, and loses the answer.
func after(s *server) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if repo, kind, reference := split(r.URL.Path); kind == "manifests" {
			s.putManifest(httptest.NewRecorder(), r, repo, reference)
		} else {
			s.inner.ServeHTTP(httptest.NewRecorder(), r)
		}
		hangUp(w)
		return true
	}
}

// half reads half of an upload and hangs up.
func half(w http.ResponseWriter, r *http.Request) bool {
	_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength/2)
	hangUp(w)
	return true
}

// changed answers with wrong bytes of the right number, or with another number than announced. It leaves out some headers.
func changed(s *server, change func([]byte) []byte, without ...string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		recorder := httptest.NewRecorder()
		s.inner.ServeHTTP(recorder, r)
		for key, values := range recorder.Header() {
			w.Header()[key] = values
		}
		for _, header := range without {
			w.Header().Del(header)
		}
		w.WriteHeader(recorder.Code)
		_, _ = w.Write(change(recorder.Body.Bytes()))
		return true
	}
}

func flip(b []byte) []byte  { return append([]byte{b[0] ^ 1}, b[1:]...) }
func short(b []byte) []byte { return b[:len(b)/2] }
func long(b []byte) []byte  { return append(b, b...) }
