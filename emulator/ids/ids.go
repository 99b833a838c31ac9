// Package ids makes the identifiers that the emulated APIs assign: numbers, UUIDs and etags.
package ids

import (
	"encoding/base64"
	"encoding/hex"
	"io"
	"sync"
)

// Source makes ids from random bytes. Its methods may be called from several goroutines.
type Source struct {
	mu     sync.Mutex
	reader io.Reader
}

// New returns a source that reads from reader. A seeded reader makes the ids repeatable.
func New(reader io.Reader) *Source { return &Source{reader: reader} }

func (s *Source) bytes(n int) []byte {
	raw := make([]byte, n)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := io.ReadFull(s.reader, raw); err != nil {
		panic("ids: the source of random ids is exhausted: " + err.Error())
	}
	return raw
}

// Pick returns n random characters of the alphabet.
func (s *Source) Pick(alphabet string, n int) string {
	raw := s.bytes(n)
	for i, b := range raw {
		raw[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(raw)
}

// Digits returns a number of n digits that does not begin with 0.
func (s *Source) Digits(n int) string { return s.Pick("123456789", 1) + s.Pick("0123456789", n-1) }

// Letters returns n lower-case letters.
func (s *Source) Letters(n int) string { return s.Pick("abcdefghijklmnopqrstuvwxyz", n) }

// UUID returns a random UUID (version 4).
func (s *Source) UUID() string {
	raw := s.bytes(16)
	raw[6], raw[8] = raw[6]&0x0f|0x40, raw[8]&0x3f|0x80
	h := hex.EncodeToString(raw)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// Etag returns a new etag.
func (s *Source) Etag() string { return base64.StdEncoding.EncodeToString(s.bytes(12)) }
