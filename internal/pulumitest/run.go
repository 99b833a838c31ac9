package pulumitest

import (
	"maps"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// These are the defaults of a run, which options override.
const (
	// DefaultProject is the Pulumi project's name, and therefore the namespace of its configuration.
	DefaultProject = "procureflow"
	// DefaultStack is the stack's name.
	DefaultStack = "test"
	// DefaultProjectNumber is the Google Cloud project number that computed names contain.
	DefaultProjectNumber = "123456789012"
)

// Call answers one invoke. Arguments and results are plain values.
type Call func(args map[string]any) (map[string]any, error)

// Outputs adds to the outputs that the mocks compute for a resource, or replaces them.
type Outputs func(resource Resource) map[string]any

type options struct {
	stack         string
	projectNumber string
	preview       bool
	config        map[string]string
	secretConfig  []string
	calls         map[string]Call
	outputs       map[string]Outputs
}

// Option changes how a program is run.
type Option func(*options)

// WithStack names the stack. Default: [DefaultStack].
func WithStack(name string) Option { return func(o *options) { o.stack = name } }

// WithProjectNumber sets the Google Cloud project number in computed names. Default: [DefaultProjectNumber].
func WithProjectNumber(number string) Option { return func(o *options) { o.projectNumber = number } }

// WithPreview runs the program like a first preview: every value that the cloud would compute is unknown.
func WithPreview() Option { return func(o *options) { o.preview = true } }

// WithConfig sets configuration by full key, for example procureflow:platform. Structured values are JSON.
func WithConfig(config map[string]string) Option {
	return func(o *options) { maps.Copy(o.config, config) }
}

// WithSecretConfig sets configuration like [WithConfig], encrypted as by pulumi config set --secret.
func WithSecretConfig(config map[string]string) Option {
	return func(o *options) {
		maps.Copy(o.config, config)
		o.secretConfig = append(o.secretConfig, slices.Sorted(maps.Keys(config))...)
	}
}

// WithCall answers the invoke with this token, for example gcp:cloudrunv2/getService:getService. The program fails if it makes an
// invoke that has no answer.
func WithCall(token string, call Call) Option {
	return func(o *options) { o.calls[token] = call }
}

// WithKey answers every request for a version of a key in Cloud KMS with the same public key. The text of the key says that it is
// not a real one.
func WithKey() Option {
	return WithCall("gcp:kms/getKMSCryptoKeyVersion:getKMSCryptoKeyVersion", func(map[string]any) (map[string]any, error) {
		return map[string]any{"publicKeys": []any{map[string]any{"algorithm": "EC_SIGN_P256_SHA256", "pem": "PUBLIC KEY"}}}, nil
	})
}

// WithOutputs adds outputs to every resource of a type, or replaces those that the mocks compute.
func WithOutputs(typ string, outputs Outputs) Option {
	return func(o *options) { o.outputs[typ] = outputs }
}

// Run runs program and returns what it registered. An error of the program fails the test.
func Run(t testing.TB, program pulumi.RunFunc, opts ...Option) *Inventory {
	t.Helper()
	inventory, err := RunErr(program, opts...)
	if err != nil {
		t.Fatalf("the program failed: %v", err)
	}
	return inventory
}

// RunErr runs program and returns the resources that it registered before it ended, and the program's error.
func RunErr(program pulumi.RunFunc, opts ...Option) (*Inventory, error) {
	o := &options{
		stack: DefaultStack, projectNumber: DefaultProjectNumber,
		config: map[string]string{}, calls: map[string]Call{}, outputs: map[string]Outputs{},
	}
	for _, option := range opts {
		option(o)
	}
	mocks := &recorder{options: o}
	err := pulumi.RunErr(program, func(info *pulumi.RunInfo) {
		// The context is set completely, so that the PULUMI_ variables of the person who runs the tests have no effect.
		*info = pulumi.RunInfo{
			Project: DefaultProject, Stack: o.stack, Organization: "organization", DryRun: o.preview,
			Config: o.config, ConfigSecretKeys: o.secretConfig, Mocks: mocks,
		}
	})
	return mocks.inventory(), err
}
