// Command adopt finds which planned resources exist already and writes the file that imports them:
//
//	pulumi preview --json | go run ./cmd/adopt --out import.json
//	pulumi up --target '**pulumi:providers:**' && pulumi import --file import.json --protect=false --generate-code=false
//
// It asks Google Cloud as `gcloud auth application-default login` left you and GitHub with the token in GITHUB_TOKEN, which
// only a plan with GitHub's resources needs, and changes nothing. Exit codes: 0 written; 1 the plan could not be read or the
// cloud not be asked, and nothing is written; 2 the call is wrong.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"github.com/guiofsaints/procureflow-platform/firstrun/adopt"
)

func main() {
	out := flag.String("out", "import.json", "the import file to write")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "usage: pulumi preview --json | go run ./cmd/adopt [--out FILE]")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *out); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out string) error {
	planned, err := adopt.ReadPlan(os.Stdin)
	if err != nil {
		return err
	}
	client, err := google.DefaultClient(ctx, "https://www.googleapis.com/auth/cloud-platform")
	if err != nil {
		return fmt.Errorf("log in with `gcloud auth application-default login` first: %w", err)
	}
	client.Timeout = time.Minute
	clients := adopt.Clients{Google: client}
	if token := os.Getenv("GITHUB_TOKEN"); token != "" {
		clients.GitHub = oauth2.NewClient(ctx, oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token}))
		clients.GitHub.Timeout = time.Minute
	}
	adoptions, later, err := adopt.Find(ctx, clients, adopt.Public, planned)
	if err != nil {
		return err
	}
	return adopt.Write(out, planned, adoptions, later, os.Stdout)
}
