// Package audit keeps the journal of releases: a file of JSON lines that is only ever appended to. A line says who did what to which
// service and why, with the traffic before and after. It never holds a header, a body or a token.
package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// Origin holds the fields that are the same in every line of one command.
type Origin struct {
	// Command is rollout, rollback or guard.
	Command string `json:"command"`
	// Service is projects/P/locations/L/services/S.
	Service string `json:"service"`
	// Environment is the environment of the release policy, such as prod.
	Environment string `json:"environment,omitempty"`
	// Who is the actor: a person, or a workflow with its run.
	Who string `json:"who"`
	// Run is a random name that tells the lines of two commands apart.
	Run string `json:"run"`
	// Commit is the commit that the candidate was built from, by its provenance. Link is the page of the workflow's run. Either may be
	// empty.
	Commit string `json:"commit,omitempty"`
	Link   string `json:"link,omitempty"`
	// ApprovedBy are the people who approved the run, by login.
	ApprovedBy []string `json:"approvedBy,omitempty"`
}

// Line is one line of the file.
type Line struct {
	Origin
	rollout.Event
}

// File appends lines. It implements rollout.Journal.
type File struct {
	origin Origin
	file   *os.File
	err    error
	// torn says that the file ends in the middle of a line, after a crash or on a full disk.
	torn bool
}

// Open opens a file for appending, and creates it if needed. When that fails, the journal is returned anyway, and each
// of its records fails: a rollout then refuses to shift, and a rollback goes on.
func Open(path string, origin Origin) *File {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	return &File{origin: origin, file: file, err: err, torn: err == nil && torn(path)}
}

func torn(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return false
	}
	last := make([]byte, 1)
	_, err = file.ReadAt(last, info.Size()-1)
	return err == nil && last[0] != '\n'
}

// Record implements rollout.Journal. It returns when the line is on the disk.
func (f *File) Record(event rollout.Event) error {
	if f.err != nil {
		return f.err
	}
	line, err := json.Marshal(Line{f.origin, event})
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if f.torn {
		line = append([]byte{'\n'}, line...)
	}
	// The line is written in one call, so that lines of two processes do not mix.
	written, err := f.file.Write(line)
	if err != nil {
		f.torn = f.torn || written > 0
		return err
	}
	f.torn = false
	if err := f.file.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && regular(f.file) {
		return err
	}
	return nil
}

// regular says whether the file can be synced: a pipe or a terminal cannot.
func regular(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode().IsRegular()
}

// Close closes the file.
func (f *File) Close() error {
	if f.file == nil {
		return nil
	}
	return f.file.Close()
}

// maxLine is longer than the line of ten seconds of probes.
const maxLine = 4 << 20

// Read reads all lines. It leaves out a line without an end, which a crash or a full disk cut off.
func Read(r io.Reader) ([]Line, error) {
	var lines []Line
	reader := bufio.NewReader(r)
	for number := 1; ; number++ {
		raw, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return lines, nil
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if len(raw) > maxLine {
			return nil, fmt.Errorf("line %d is longer than %d bytes: this is not an audit file", number, maxLine)
		}
		var line Line
		decoder := json.NewDecoder(bytes.NewReader(bytes.TrimSpace(raw)))
		if err := decoder.Decode(&line); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("line %d is not a line of an audit file: %w", number, err)
		}
		lines = append(lines, line)
	}
}
