package gcloud_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// gclouds is one process for all calls of gcloud, see testdata/gclouds.py, which saves three quarters of a call's processor time.
// The first call starts it.
var gclouds struct {
	start   sync.Once
	failed  error
	process *exec.Cmd
	in      io.Closer
	folder  string // the socket's folder
}

func TestMain(m *testing.M) {
	code := m.Run()
	if gclouds.in != nil {
		_ = gclouds.in.Close() // ends the process
		_ = gclouds.process.Wait()
	}
	_ = os.RemoveAll(gclouds.folder)
	os.Exit(code)
}

func startGclouds() error {
	folder, err := os.MkdirTemp("", "gcloud")
	if err != nil {
		return err
	}
	script, err := filepath.Abs(filepath.Join("testdata", "gclouds.py"))
	if err != nil {
		return err
	}
	gclouds.folder = folder
	// gcloud's launcher finds the installation and its Python. It starts Python with these arguments before its own script.
	process := exec.Command("gcloud", filepath.Join(folder, "socket"))
	process.Env = append(os.Environ(), "CLOUDSDK_PYTHON_ARGS="+script, "TERM=dumb") // Colours are chosen when the modules are loaded.
	process.Stderr = os.Stderr
	in, err := process.StdinPipe()
	if err != nil {
		return err
	}
	out, err := process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := process.Start(); err != nil {
		return err
	}
	gclouds.process, gclouds.in = process, in
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return fmt.Errorf("gcloud's modules were not loaded: %w", err)
	}
	return nil
}

// answer is what a call of gcloud printed and returned.
type answer struct {
	Exit     int
	Out, Err string
}

// gcloud runs one command and returns what it printed.
func (w *world) gcloud(args ...string) (stdout, stderr string, err error) {
	gclouds.start.Do(func() { gclouds.failed = startGclouds() })
	if gclouds.failed != nil {
		return "", "", gclouds.failed
	}
	connection, err := net.Dial("unix", filepath.Join(gclouds.folder, "socket"))
	if err != nil {
		return "", "", err
	}
	defer connection.Close()
	environ := map[string]string{}
	for _, variable := range w.environ {
		name, value, _ := strings.Cut(variable, "=")
		environ[name] = value
	}
	var said answer
	err = errors.Join(json.NewEncoder(connection).Encode(map[string]any{"args": args, "environ": environ}),
		json.NewDecoder(connection).Decode(&said))
	if err == nil && said.Exit != 0 {
		err = fmt.Errorf("gcloud ended with %d", said.Exit)
	}
	return said.Out, said.Err, err
}
