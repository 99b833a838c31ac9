package crossguard

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// Logged is what a policy says about its work. It is no finding: it decides nothing.
type Logged struct {
	// Policy is the policy's name, URN the resource that it looked at ("" for the stack).
	Policy, URN string
	// Text has no secrets.
	Text string
	// Debug tells what the engine shows with --debug only from what it always shows.
	Debug bool
}

// Log shows a line to whoever runs the operation, at the resource. What was read as a secret is kept out of it.
func (o Object) Log(format string, args ...any) { o.run.note(false, format, args...) }

// Debug is Log for those who ask the engine for --debug.
func (o Object) Debug(format string, args ...any) { o.run.note(true, format, args...) }

// Log shows a line to whoever runs the operation. What was read as a secret is kept out of it.
func (s *Stack) Log(format string, args ...any) { s.run.note(false, format, args...) }

// Debug is Log for those who ask the engine for --debug.
func (s *Stack) Debug(format string, args ...any) { s.run.note(true, format, args...) }

func (r *run) note(debug bool, format string, args ...any) {
	r.logged = append(r.logged, Logged{URN: r.urn, Text: fmt.Sprintf(format, args...), Debug: debug})
}

// LogTo says where what policies log goes; calls may overlap. [Serve] gives it to the engine.
func (s *Server) LogTo(sink func(Logged)) { s.log = sink }

// tell hands on what a policy has logged, once it is known what was secret.
func (s *Server) tell(p *Policy, o *outcome) {
	for _, line := range o.logged {
		line.Policy, line.Text = p.Name, o.clean(line.Text)
		s.log(line)
	}
}

// engineLog sends what is logged to the engine at an address, or writes it where there is none or it does not answer.
func engineLog(address string, otherwise io.Writer) func(Logged) {
	engine := sync.OnceValues(func() (pulumirpc.EngineClient, error) {
		if address == "" {
			return nil, fmt.Errorf("there is no engine")
		}
		connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
		return pulumirpc.NewEngineClient(connection), err // it is closed when the process ends
	})
	return func(line Logged) {
		client, err := engine()
		if err == nil {
			severity := pulumirpc.LogSeverity_INFO
			if line.Debug {
				severity = pulumirpc.LogSeverity_DEBUG
			}
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			_, err = client.Log(ctx, &pulumirpc.LogRequest{Severity: severity, Urn: line.URN, Message: line.Policy + ": " + line.Text})
		}
		if err != nil {
			_, _ = fmt.Fprintf(otherwise, "%s: %s\n", line.Policy, line.Text) // there is nobody to tell that it cannot be written
		}
	}
}
