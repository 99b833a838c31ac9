package engine

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optimport"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// API returns the address of the emulated cloud's APIs, without a slash at its end.
func (s *Stack) API() string { return strings.TrimSuffix(s.engine.client.API(), "/") }

// HTTP returns a client whose requests the emulated APIs accept.
func (s *Stack) HTTP() *http.Client { return s.engine.client.HTTP() }

// Planned returns the steps that Up would take, as the engine describes them. It changes nothing.
func (s *Stack) Planned(ctx context.Context) ([]apitype.StepEventMetadata, error) {
	stream, heard := listen()
	var messages strings.Builder
	_, err := s.auto.Preview(ctx, optpreview.EventStreams(stream), optpreview.ErrorProgressStreams(&messages),
		optpreview.ProgressStreams(&messages), optpreview.Color("never"))
	if err != nil {
		fmt.Fprint(s.engine.options.Out, messages.String())
		return nil, s.failed(ctx, "adopt", err)
	}
	return stepsOf(heard()), nil
}

// Import takes the resources of an import file into the state, and changes nothing in the cloud. It first adds the providers, named by
// URN, to the state, which the engine's import cannot do.
func (s *Stack) Import(ctx context.Context, file string, providers []string) error {
	out := s.engine.options.Out
	if _, err := s.auto.Up(ctx, optup.Target(providers), optup.ProgressStreams(out), optup.ErrorProgressStreams(out),
		optup.Color(s.color()), optup.SuppressProgress(), optup.ShowSecrets(false)); err != nil {
		return s.failed(ctx, "adopt", err)
	}
	if _, err := s.auto.ImportResources(ctx, optimport.ImportFile(file), optimport.Protect(false), optimport.GenerateCode(false),
		optimport.ProgressStreams(out), optimport.ErrorProgressStreams(out)); err != nil {
		return s.failed(ctx, "adopt", err)
	}
	return nil
}
