package crossguard

import (
	"iter"
	"math"
)

// Requests are read in place, without a copy. A message is the string of bytes that arrived, and a nested message is a substring
// of it. An object or list is parsed when a rule first looks into it (value.go). If no rule does, it is never parsed. So ten
// thousand resources need little more memory than their bytes.

// These are the protobuf wire types (https://protobuf.dev/programming-guides/encoding/#structure).
const (
	wireVarint = 0
	wireI64    = 1
	wireBytes  = 2
	wireI32    = 5
)

// field is one field of a message: bytes of a length-delimited field, number of any other.
type field struct {
	number int
	wire   int
	bytes  string
	bits   uint64
}

// fields iterates over a message's fields in order. It stops at the first malformed field, because the rest cannot be trusted.
// The engine sends no malformed fields.
func fields(message string) iter.Seq[field] {
	return func(yield func(field) bool) {
		for len(message) > 0 {
			f, rest, ok := nextField(message)
			if !ok || !yield(f) {
				return
			}
			message = rest
		}
	}
}

func nextField(m string) (f field, rest string, ok bool) {
	tag, m, ok := varint(m)
	if !ok {
		return f, "", false
	}
	f.number, f.wire = int(tag>>3), int(tag&7)
	switch f.wire {
	case wireVarint:
		f.bits, m, ok = varint(m)
		return f, m, ok
	case wireI64:
		f.bits, m, ok = fixed(m, 8)
		return f, m, ok
	case wireI32:
		f.bits, m, ok = fixed(m, 4)
		return f, m, ok
	case wireBytes:
		n, m, ok := varint(m)
		if !ok || n > uint64(len(m)) {
			return f, "", false
		}
		f.bytes = m[:n]
		return f, m[n:], true
	}
	return f, "", false
}

// varint reads a number. Nearly all numbers take one byte; the code for that case is small enough to be inlined.
func varint(m string) (value uint64, rest string, ok bool) {
	if len(m) > 0 && m[0] < 0x80 {
		return uint64(m[0]), m[1:], true
	}
	return longVarint(m)
}

func longVarint(m string) (value uint64, rest string, ok bool) {
	for i := 0; i < len(m) && i < 10; i++ {
		b := m[i]
		value |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			return value, m[i+1:], true
		}
	}
	return 0, "", false
}

func fixed(m string, size int) (value uint64, rest string, ok bool) {
	if len(m) < size {
		return 0, "", false
	}
	for i := size - 1; i >= 0; i-- {
		value = value<<8 | uint64(m[i])
	}
	return value, m[size:], true
}

func float(bits uint64) float64 { return math.Float64frombits(bits) }

// bytesField returns the last occurrence of a length-delimited field. Protobuf defines that the last one counts if the field is
// not repeated.
func bytesField(message string, number int) (value string, found bool) {
	for f := range fields(message) {
		if f.number == number && f.wire == wireBytes {
			value, found = f.bytes, true
		}
	}
	return value, found
}
