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

// Logged is a message that a policy writes about its work. It is not a finding and decides nothing.
type Logged struct {
	// Policy is the policy's name. URN is the resource that the policy was checking, "" for the stack.
	Policy, URN string
	// Text is the message, with secrets redacted.
	Text string
	// Debug marks a message that the engine shows only with --debug.
	Debug bool
}

// Log shows a line to the person who runs the operation, at the resource. Secrets that the rule has read are redacted.
func (o Object) Log(format string, args ...any) { o.run.note(false, format, args...) }

// Debug is like Log, but the engine shows the line only with --debug.
func (o Object) Debug(format string, args ...any) { o.run.note(true, format, args...) }

// Log shows a line to the person who runs the operation. Secrets that the rule has read are redacted.
func (s *Stack) Log(format string, args ...any) { s.run.note(false, format, args...) }

// Debug is like Log, but the engine shows the line only with --debug.
func (s *Stack) Debug(format string, args ...any) { s.run.note(true, format, args...) }

func (r *run) note(debug bool, format string, args ...any) {
	r.logged = append(r.logged, Logged{URN: r.urn, Text: fmt.Sprintf(format, args...), Debug: debug})
}

// LogTo sets the function that receives the lines that policies log. Calls of sink may overlap. [Serve] passes the lines to the
// engine.
func (s *Server) LogTo(sink func(Logged)) { s.log = sink }

// tell passes on the lines that a policy has logged. It does so after the policy has ended, when all secrets that it read are
// known.
func (s *Server) tell(p *Policy, o *outcome) {
	for _, line := range o.logged {
		line.Policy, line.Text = p.Name, o.clean(line.Text)
		s.log(line)
	}
}

// engineLog returns a function that sends logged lines to the engine at an address. Without an address, or when the engine does
// not answer, the function writes the line to otherwise.
func engineLog(address string, otherwise io.Writer) func(Logged) {
	engine := sync.OnceValues(func() (pulumirpc.EngineClient, error) {
		if address == "" {
			return nil, fmt.Errorf("there is no engine")
		}
		connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
		return pulumirpc.NewEngineClient(connection), err // closed when the process ends
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
			_, _ = fmt.Fprintf(otherwise, "%s: %s\n", line.Policy, line.Text) // there is nowhere to report that this failed
		}
	}
}
