// Package program is the platform: it makes everything that an environment consists of, from the settings of its stack.
// program.go is the table of contents; each chapter is a file.
//
// The program has one mode. The sandbox runs the same function against an emulated cloud, and the program cannot tell
// the difference.
package program

import (
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/attestation"
	"github.com/guiofsaints/procureflow-platform/components/bucket"
	"github.com/guiofsaints/procureflow-platform/components/cloudrun"
	"github.com/guiofsaints/procureflow-platform/components/database"
	"github.com/guiofsaints/procureflow-platform/components/federation"
	"github.com/guiofsaints/procureflow-platform/components/identity"
	"github.com/guiofsaints/procureflow-platform/components/job"
	"github.com/guiofsaints/procureflow-platform/components/monitoring"
	"github.com/guiofsaints/procureflow-platform/components/project"
	"github.com/guiofsaints/procureflow-platform/components/registry"
	"github.com/guiofsaints/procureflow-platform/components/secrets"
	"github.com/guiofsaints/procureflow-platform/stacks"
	"github.com/guiofsaints/procureflow-platform/stacks/adopter"
)

// platform holds the results of chapters for the chapters after them.
type platform struct {
	adopter  adopter.Adopter
	settings stacks.Settings

	gcp    *gcp.Provider
	github pulumi.ProviderResource

	project     *project.Project
	runtimes    map[string]*identity.Identity // by service key
	registry    *registry.Registry
	secrets     *secrets.Secrets
	attestation *attestation.Attestation // nil where the settings do not ask for it
	databases   map[string]*database.Database
	buckets     map[string]*bucket.Bucket
	services    map[string]*cloudrun.Service   // by service key
	users       map[string]pulumi.StringOutput // who the service's image runs as, by service key
	jobAccounts map[string]jobAccounts         // by job key
	previews    previews
	jobs        map[string]*job.Job // by job key
	channels    *monitoring.Channels
	dashboard   *monitoring.Dashboard
	accounts    map[string]*identity.Identity // by the constants ci, preview, deploy, infra, slots
	federation  *federation.Federation
}

// Run registers an environment and exports its outputs. It stops at the first chapter that fails, and names it in the
// error. It expects platform.yaml next to Pulumi.yaml.
func Run(ctx *pulumi.Context) error { return In(ctx.RootDirectory())(ctx) }

// In returns [Run] for a platform.yaml in the folder. An engine that runs a function instead of a folder does not say
// where its project is.
func In(folder string) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		p, err := write(ctx, folder)
		if err != nil {
			return err
		}
		for name, output := range p.outputs() {
			ctx.Export(name, output)
		}
		return nil
	}
}

// load reads platform.yaml and the settings, and checks that they agree.
func load(ctx *pulumi.Context, folder string) (*platform, error) {
	of, err := adopter.Load(folder)
	if err != nil {
		return nil, err
	}
	settings, err := stacks.Load(ctx, folder)
	if err != nil {
		return nil, err
	}
	return &platform{adopter: of, settings: settings}, of.Holds(ctx.Project(), settings.GitHub.Owner, settings.GitHub.Repository)
}

// write registers the chapters in order: it is the table of contents.
func write(ctx *pulumi.Context, folder string) (*platform, error) {
	p, err := load(ctx, folder)
	if err != nil {
		return nil, err
	}
	for _, chapter := range []struct {
		name  string
		write func(*platform, *pulumi.Context) error
	}{
		{"providers", (*platform).writeProviders},     // the providers of Google's and GitHub's resources
		{"project", (*platform).writeProject},         // APIs, and custom roles
		{"runtimes", (*platform).writeRuntimes},       // the accounts that services run as
		{"registry", (*platform).writeRegistry},       // the repository of images
		{"secrets", (*platform).writeSecrets},         // secrets, and who reads them
		{"attestation", (*platform).writeAttestation}, // the signature that an image needs to start
		{"data", (*platform).writeData},               // databases and buckets, and who reaches them
		{"services", (*platform).writeServices},       // services
		{"jobs", (*platform).writeJobs},               // jobs, and what starts them
		{"previews", (*platform).writePreviews},       // slots for pull requests' images
		{"monitoring", (*platform).writeMonitoring},   // uptime checks, objectives, alerts, the dashboard
		{"budget", (*platform).writeBudget},           // the budget
		{"accounts", (*platform).writeAccounts},       // the pipeline's accounts, with their grants
		{"federation", (*platform).writeFederation},   // which workflow may act as which account
		{"github", (*platform).writeGitHub},           // environments, and the repository's protection
	} {
		if err := chapter.write(p, ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", chapter.name, err)
		}
	}
	return p, nil
}
