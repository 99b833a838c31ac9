// Package dryrun runs a stack's program as its first up would, without an engine or a cloud, and returns the resources that it registers.
package dryrun

import (
	"errors"
	"fmt"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// Register runs program for a stack. folder holds the application's Pulumi.yaml. document is the settings as JSON, without stand-ins.
func Register(program pulumi.RunFunc, folder, stack string, document []byte) ([]inventory.Resource, error) {
	project, err := stacks.ProjectName(folder)
	if err != nil {
		return nil, err
	}
	settings, err := stacks.Parse(document, stack)
	if err != nil {
		return nil, err
	}
	mocks := &recorder{project: project, stack: stack, projectNumber: settings.Project.Number}
	err = pulumi.RunErr(program, func(info *pulumi.RunInfo) {
		*info = pulumi.RunInfo{
			Project: project, RootDirectory: folder, Stack: stack, Organization: "organization",
			Config: map[string]string{stacks.ConfigKey(project): string(document)}, ConfigSecretKeys: []string{stacks.ConfigKey(project)},
			Mocks: mocks,
		}
	})
	if err != nil {
		return nil, fmt.Errorf("run the program of stack %s: %w", stack, err)
	}
	inventory.Sort(mocks.registered)
	return mocks.registered, nil
}

// recorder implements the SDK's mocks. It remembers every registration, and returns the few computed names that other resources depend
// on. The SDK calls it concurrently.
type recorder struct {
	project, stack, projectNumber string

	mu         sync.Mutex
	registered []inventory.Resource
}

// NewResource remembers a registration.
func (r *recorder) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	made := inventory.Resource{Type: args.TypeToken, Name: args.Name, Inputs: args.Inputs.MapRepl(nil, marked)}
	if args.RegisterRPC != nil {
		made.Parent = args.RegisterRPC.GetParent()
	}
	// The URN has the form of the SDK's mocks, so that children find their parents.
	made.URN = string(urn.New(tokens.QName(r.stack), tokens.PackageName(r.project), parentType(made.Parent), tokens.Type(made.Type),
		made.Name))
	outputs := args.Inputs.Copy()
	set := func(key, value string) { outputs[resource.PropertyKey(key)] = resource.NewProperty(value) }
	made.CloudName = made.Named(r.projectNumber)
	switch made.Type {
	case "gcp:secretmanager/secretVersion:SecretVersion": // The stack's own value is the first.
		set("version", "1")
	case "gcp:binaryauthorization/attestor:Attestor": // Binary Authorization reads attestations as this account.
		const email = resource.PropertyKey("delegationServiceAccountEmail")
		if note := outputs["attestationAuthorityNote"]; note.IsObject() {
			with := note.ObjectValue().Copy()
			with[email] = resource.NewProperty("service-" + r.projectNumber + "@gcp-sa-binaryauthorization.iam.gserviceaccount.com")
			outputs["attestationAuthorityNote"] = resource.NewProperty(with)
		}
	case "gcp:serviceaccount/account:Account":
		address := naming.AccountEmail(made.Text("accountId"), made.Text("project"))
		set("email", address)
		set("member", naming.AccountMember(address))
	}
	if made.CloudName != "" {
		set("name", made.CloudName)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.registered = append(r.registered, made)
	if !args.Custom {
		return "", outputs, nil
	}
	return idOf(made), outputs, nil
}

// idOf returns a resource's id: the real one where others name the resource by it.
func idOf(made inventory.Resource) string {
	place := "projects/" + made.Text("project") + "/locations/" + made.Text("location")
	switch made.Type {
	case "gcp:cloudrunv2/job:Job":
		return place + "/jobs/" + made.Text("name")
	case "gcp:kms/keyRing:KeyRing":
		return place + "/keyRings/" + made.Text("name")
	case "gcp:kms/cryptoKey:CryptoKey":
		return made.Text("keyRing") + "/cryptoKeys/" + made.Text("name")
	}
	return made.Name + "-id"
}

// marked replaces a secret with its mark. Nothing is unknown in a dry run.
func marked(value resource.PropertyValue) (any, bool) { return inventory.Secret, value.IsSecret() }

// Call answers like a cloud in which nothing exists yet.
func (r *recorder) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	if args.Token == "gcp:kms/getKMSCryptoKeyVersion:getKMSCryptoKeyVersion" {
		// The program needs a key. Its value does not matter, because signatures do not decide who can become whom.
		return resource.NewPropertyMapFromMap(map[string]any{"publicKeys": []any{map[string]any{"pem": "of no key"}}}), nil
	}
	if args.Token != "gcp:cloudrunv2/getService:getService" {
		return nil, fmt.Errorf("the program asks %s, which a dry run has no answer to", args.Token)
	}
	in := args.Args.Mappable()
	return nil, errors.New(fmt.Sprint("projects/", in["project"], "/locations/", in["location"], "/services/", in["name"], " not found"))
}

func parentType(parent string) tokens.Type {
	parsed := urn.URN(parent)
	if parent == "" || parsed.QualifiedType() == resource.RootStackType {
		return ""
	}
	return parsed.QualifiedType()
}
