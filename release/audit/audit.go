// Package audit keeps the journal of releases: a file of JSON lines that is only ever appended to. A line holds who did what to which
// service and why, with the traffic before and after; never a header, body or token.
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

// Origin is the same in every line of one command.
type Origin struct {
	// Command is rollout, rollback or guard.
	Command string `json:"command"`
	// Service is projects/P/locations/L/services/S.
	Service     string `json:"service"`
	Environment string `json:"environment,omitempty"`
	// Who acts: a person, or a workflow with its run.
	Who string `json:"who"`
	// Run tells the lines of two commands apart.
	Run string `json:"run"`
	// Commit is what the candidate was built of, as its provenance says, and Link the page of the run that acts; empty where nobody said.
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
	// torn says that the file ends within a line: that of a crash, or of a write that the disk had no room for.
	torn bool
}

// Open opens a file for appending, and makes it if need be. A file that cannot be opened still gives a journal, all of whose records
// fail: a rollout then refuses to shift, and a rollback goes on.
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

// Record implements rollout.Journal. The line is on the disk when it returns.
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
	// One write: lines of two processes do not mix.
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

// regular says whether syncing means anything: a pipe or terminal refuses it.
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

// maxLine is more than ten seconds of probes take.
const maxLine = 4 << 20

// Read reads all lines. One without its end was cut off, by a crash or a full disk, and is left out.
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
			return nil, fmt.Errorf("line %d is longer than %d bytes: this is no audit file", number, maxLine)
		}
		var line Line
		decoder := json.NewDecoder(bytes.NewReader(bytes.TrimSpace(raw)))
		if err := decoder.Decode(&line); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("line %d is no line of an audit file: %w", number, err)
		}
		lines = append(lines, line)
	}
}
