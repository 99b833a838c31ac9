package trust

import (
	"errors"
	"fmt"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// Deploy runs program for a stack as its first up would, asking no engine and no cloud, and returns what of it decides about
// trust. folder has the application's Pulumi.yaml; document are the settings as JSON, without stand-ins.
func Deploy(program pulumi.RunFunc, folder, stack string, document []byte) (Deployed, error) {
	project, err := stacks.ProjectName(folder)
	if err != nil {
		return Deployed{}, err
	}
	settings, err := stacks.Parse(document, stack)
	if err != nil {
		return Deployed{}, err
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
		return Deployed{}, fmt.Errorf("run the program of stack %s: %w", stack, err)
	}
	return read(mocks.registered)
}

// registration is a resource as the program registered it.
type registration struct {
	urn, parent, typ, name string
	inputs                 map[string]any
	// outputName is the name the cloud would give it.
	outputName string
}

func (r registration) text(key string) string {
	text, _ := r.inputs[key].(string)
	return text
}

// recorder is the SDK's mocks: it remembers what is registered and answers with the few names that the cloud computes and
// trust depends on. The SDK calls it concurrently.
type recorder struct {
	project, stack, projectNumber string

	mu         sync.Mutex
	registered []registration
}

// NewResource remembers a registration.
func (r *recorder) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	made := registration{typ: args.TypeToken, name: args.Name, inputs: args.Inputs.Mappable()}
	if args.RegisterRPC != nil {
		made.parent = args.RegisterRPC.GetParent()
	}
	// As the SDK's mocks name it, so that children's parents can be found.
	made.urn = string(urn.New(tokens.QName(r.stack), tokens.PackageName(r.project), parentType(made.parent), tokens.Type(made.typ), made.name))
	outputs := args.Inputs.Copy()
	set := func(key, value string) { outputs[resource.PropertyKey(key)] = resource.NewProperty(value) }
	switch made.typ {
	case accountType:
		address := naming.AccountEmail(made.text("accountId"), made.text("project"))
		made.outputName = naming.AccountName(made.text("accountId"), made.text("project"))
		set("email", address)
		set("member", naming.AccountMember(address))
	case "gcp:iam/workloadIdentityPool:WorkloadIdentityPool":
		made.outputName = naming.PoolName(r.projectNumber, made.text("workloadIdentityPoolId"))
	case providerType:
		made.outputName = naming.PoolName(r.projectNumber, made.text("workloadIdentityPoolId")) + "/providers/" +
			made.text("workloadIdentityPoolProviderId")
	case "gcp:artifactregistry/repository:Repository":
		made.outputName = made.text("repositoryId")
	case "gcp:projects/iAMCustomRole:IAMCustomRole":
		made.outputName = "projects/" + made.text("project") + "/roles/" + made.text("roleId")
	default:
		made.outputName = made.text("name")
	}
	if made.outputName != "" {
		set("name", made.outputName)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.registered = append(r.registered, made)
	if !args.Custom {
		return "", outputs, nil
	}
	return made.name + "-id", outputs, nil
}

// Call answers as a cloud in which nothing was made yet.
func (r *recorder) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	if args.Token == "gcp:kms/getKMSCryptoKeyVersion:getKMSCryptoKeyVersion" {
		// Whose signatures count says nothing about who may become whom; the program wants a key all the same.
		return resource.NewPropertyMapFromMap(map[string]any{"publicKeys": []any{map[string]any{"pem": "of no key"}}}), nil
	}
	if args.Token != "gcp:cloudrunv2/getService:getService" {
		return nil, fmt.Errorf("the program asks %s, which the trust simulator has no answer to", args.Token)
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
