package command

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/dataplane"
	"github.com/guiofsaints/procureflow-platform/emulator/guard"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
	"github.com/guiofsaints/procureflow-platform/internal/cli"
	"github.com/guiofsaints/procureflow-platform/internal/loopback"
)

func serve(ctx context.Context, o options, streams Streams, conditions rest.Conditions) error {
	seeded, err := readSeeds(o.seeds)
	if err != nil {
		return err
	}
	open := store.Memory
	if o.data != "" {
		open = func() (*store.Store, error) { return store.Open(o.data) }
	}
	documents, err := open()
	if err != nil {
		return err
	}
	defer documents.Close()
	apis, err := cloud.New(documents, cloud.Options{Log: slog.New(slog.NewTextHandler(streams.Err, nil)), Conditions: conditions})
	if err != nil {
		return err
	}
	if err := seeded.apply(apis); err != nil {
		return err
	}
	if o.token == "" {
		o.token = rand.Text()
	}
	base, stopAPIs, err := listen("listen", o.listen, guard.Require(o.token, apis))
	if err != nil {
		return err
	}
	defer stopAPIs()
	services, stopServices, err := listen("data-plane", o.dataPlane, dataplane.New(apis, dataplane.Options{}))
	if err != nil {
		return err
	}
	defer stopServices()
	if o.env != "" {
		if err := writePrivate(o.env, environment(base, o.token)); err != nil {
			return cli.Blame(fmt.Errorf("--env: write the clients' environment: %w", err))
		}
	}
	fmt.Fprintf(streams.Out, "APIs      %s\nServices  %s  by the Host header, SERVICE-NUMBER.REGION.run.app\nToken     %s\n", base,
		services, o.token)
	<-ctx.Done()
	return nil
}

// listen serves the handler on the loopback address of a flag until stop is called. stop waits for running requests to end.
func listen(flag, address string, handler http.Handler) (base string, stop func(), err error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil || !loopback.Host(host) {
		return "", nil, cli.Blame(fmt.Errorf("--%s: %q is not a loopback address: write 127.0.0.1:PORT, or 127.0.0.1:0 for any free port",
			flag, address))
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", nil, fmt.Errorf("--%s: %w: name another address, or 127.0.0.1:0 for any free port", flag, err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener) // returns when stop is called
	}()
	return "http://" + listener.Addr().String(), func() {
		limited, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		if err := server.Shutdown(limited); errors.Is(err, context.DeadlineExceeded) {
			_ = server.Close()
		}
		<-served
	}, nil
}
