// Package command runs the emulator as a command. It serves the APIs and the services that run in the emulated cloud, on
// loopback, for any client: Terraform, Pulumi, gcloud or a program. It does not depend on the platform in this repository.
//
// The exit codes are: 0, the command was interrupted; 2, the arguments or the seeds are wrong and nothing was served; 3, it could
// not serve.
package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

// The exit codes; the package comment explains them.
const (
	ExitDone   = 0 // The command was interrupted, or printed its help.
	ExitUsage  = 2 // The flags or the seeds are wrong, and nothing was served.
	ExitFailed = 3 // The APIs could not be served.
)

// Streams are the outputs of the command. Out receives the addresses. Err receives the log and the errors.
type Streams = cli.Streams

var page = cli.Page{
	Usage:   "emulator",
	Purpose: "Serve emulated APIs of Google Cloud and GitHub on loopback until interrupted",
	Details: `The state lives in memory, or in the folder that --data names. --seeds names a YAML file that says
what exists before the first request:

  projects:
    - id: my-project
      number: "123456789012"
      billingAccount: 000000-AAAAAA-111111
      apis: [run.googleapis.com, iam.googleapis.com]   # default: every API of the emulator
  repositories:
    - {owner: acme, ownerId: 1, name: shop, id: 2, userIds: [3]}
  behaviours:                                          # how containers of an image behave, by digest
    "sha256:9f...": {errorRate: 0.1, latency: 200ms, startup: 5s, neverReady: false}

Without --seeds, the project demo-project and the repository demo/demo exist.

--env writes the variables by which clients find the emulator: Terraform's and Pulumi's Google providers, gcloud, the
GitHub provider. The file also has the token that the APIs want. docs/fidelity.md lists the methods and fields.`,
	Examples: `  go run ./cmd/emulator --env emulator.env                    then, in another terminal: . ./emulator.env
  go run ./cmd/emulator --data state --seeds seeds.yaml       keep what clients make for the next run`,
	Codes: "Exit codes: 0 interrupted; 2 the flags or the seeds are wrong, and nothing was served; 3 could not serve.",
}

// Run serves until ctx ends and returns the process's exit code. The APIs evaluate the conditions of grants with conditions.
func Run(ctx context.Context, args []string, streams Streams, conditions rest.Conditions) int {
	options, err := parse(args, streams.Out)
	if errors.Is(err, flag.ErrHelp) {
		return ExitDone
	}
	if err == nil {
		err = serve(ctx, options, streams, conditions)
	}
	if err == nil {
		return ExitDone
	}
	fmt.Fprintln(streams.Err, "emulator:", err)
	if cli.Blamed(err) {
		return ExitUsage
	}
	return ExitFailed
}

// options are the values of the flags.
type options struct {
	data, seeds, env, listen, dataPlane, token string
}

func parse(args []string, out io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("emulator", flag.ContinueOnError)
	flags.StringVar(&o.data, "data", "", "`folder` that keeps the state between runs (default: memory)")
	flags.StringVar(&o.seeds, "seeds", "", "`file` with the projects and repositories that exist from the start")
	flags.StringVar(&o.env, "env", "", "`file` to write the clients' environment to, for `. FILE`")
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8420", "loopback `address` of the APIs")
	flags.StringVar(&o.dataPlane, "data-plane", "127.0.0.1:8421", "loopback `address` of the services, by the Host header")
	flags.StringVar(&o.token, "token", "", "the `text` that clients have to send as their access token (default: a random one)")
	if err := page.Parse(flags, args, out); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, cli.Blame(err)
	}
	if flags.NArg() > 0 {
		return o, cli.Blame(fmt.Errorf("unexpected argument %q: the emulator takes flags only, see --help", flags.Arg(0)))
	}
	return o, nil
}
