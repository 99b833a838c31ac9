package federation

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/iam"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/serviceaccount"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/internal/pulumiopt"
)

// TypeToken identifies the component in state. It never changes.
const TypeToken = "procureflow:federation:Federation"

const bindingRole = "roles/iam.workloadIdentityUser"

// FederationArgs describes a pool.
type FederationArgs struct {
	// Project is the id of the project that holds the pool. Required. Changing it replaces the pool.
	Project pulumi.StringInput
	// PoolID is the pool's id: 4-32 lower-case letters, digits and hyphens, not beginning with gcp-. Required. Changing it
	// replaces the pool, and with it every binding.
	PoolID string
	// Description is shown in the console, up to 256 characters. Default: none.
	Description pulumi.StringPtrInput
	// Providers say which tokens enter the pool, by provider id, spelled like PoolID. Required, at least one.
	Providers map[string]Trust
	// Bindings say which tokens of the pool may become which account, by a short key that names the binding. Default: none.
	Bindings map[string]Binding
}

// Binding lets tokens with one value of one attribute become one service account.
type Binding struct {
	// ServiceAccount is the account's resource name, projects/P/serviceAccounts/EMAIL. Required.
	ServiceAccount pulumi.StringInput
	// Attribute is one of the Attribute constants. Required.
	Attribute string
	// Value is the attribute's exact value, as [EnvironmentValue], [EnvironmentWorkflowValue] or [WorkflowRef] spell it, or
	// the repository id. Required.
	Value string
}

// Federation is a workload identity pool with its providers and bindings.
type Federation struct {
	pulumi.ResourceState

	// PoolName is the pool's resource name, projects/NUMBER/locations/global/workloadIdentityPools/POOL.
	PoolName pulumi.StringOutput
	// ProviderNames are the providers' resource names by id. A workflow authenticates with such a name.
	ProviderNames map[string]pulumi.StringOutput
}

// NewFederation makes the pool, its providers and its bindings. It fails before registering anything when an argument is
// missing, impossible or trusts too much, and then names every such argument.
func NewFederation(ctx *pulumi.Context, name string, args *FederationArgs, opts ...pulumi.ResourceOption) (*Federation, error) {
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("federation %q: %w", name, err)
	}
	federation := &Federation{ProviderNames: map[string]pulumi.StringOutput{}}
	if err := ctx.RegisterComponentResourceV2(TypeToken, name, args.inputs(), federation, opts...); err != nil {
		return nil, fmt.Errorf("register federation %q: %w", name, err)
	}
	pool, err := iam.NewWorkloadIdentityPool(ctx, name+"-pool", &iam.WorkloadIdentityPoolArgs{
		Project:                args.Project,
		WorkloadIdentityPoolId: pulumi.String(args.PoolID),
		DisplayName:            pulumi.String(args.PoolID),
		Description:            args.Description,
	}, pulumiopt.Child(federation)...)
	if err != nil {
		return nil, fmt.Errorf("federation %q: pool: %w", name, err)
	}
	federation.PoolName = pool.Name
	providerNames := pulumi.StringMap{}
	for _, id := range slices.Sorted(maps.Keys(args.Providers)) {
		provider, err := args.newProvider(ctx, name+"-provider-"+id, id, pool, federation)
		if err != nil {
			return nil, fmt.Errorf("federation %q: provider %q: %w", name, id, err)
		}
		federation.ProviderNames[id] = provider.Name
		providerNames[id] = provider.Name
	}
	for _, key := range slices.Sorted(maps.Keys(args.Bindings)) {
		if err := newBinding(ctx, name+"-binding-"+key, args.Bindings[key], federation); err != nil {
			return nil, fmt.Errorf("federation %q: binding %q: %w", name, key, err)
		}
	}
	outputs := pulumi.Map{"poolName": federation.PoolName, "providerNames": providerNames}
	if err := ctx.RegisterResourceOutputs(federation, outputs); err != nil {
		return nil, fmt.Errorf("federation %q: register outputs: %w", name, err)
	}
	return federation, nil
}

func (args *FederationArgs) newProvider(ctx *pulumi.Context, name, id string, pool *iam.WorkloadIdentityPool, parent *Federation) (
	*iam.WorkloadIdentityPoolProvider, error) {
	trust := args.Providers[id]
	provider := &iam.WorkloadIdentityPoolProviderArgs{
		Project:                        args.Project,
		WorkloadIdentityPoolId:         pool.WorkloadIdentityPoolId,
		WorkloadIdentityPoolProviderId: pulumi.String(id),
		DisplayName:                    pulumi.String(id),
		AttributeMapping:               pulumi.ToStringMap(args.mapping()),
		AttributeCondition:             pulumi.String(Condition(trust)),
		// Without audiences Google accepts only the provider's own name, which is the audience that
		// google-github-actions/auth requests.
		Oidc: &iam.WorkloadIdentityPoolProviderOidcArgs{IssuerUri: pulumi.String(Issuer)},
	}
	if trust.Description != "" {
		provider.Description = pulumi.String(trust.Description)
	}
	return iam.NewWorkloadIdentityPoolProvider(ctx, name, provider, pulumiopt.Child(parent)...)
}

func (args *FederationArgs) mapping() map[string]string {
	mapping := Mapping()
	for _, binding := range args.Bindings {
		if binding.Attribute == AttributeEventWorkflow {
			mapping["attribute."+AttributeEventWorkflow] = eventMapping
		}
	}
	return mapping
}

func newBinding(ctx *pulumi.Context, name string, binding Binding, parent *Federation) error {
	_, err := serviceaccount.NewIAMMember(ctx, name, &serviceaccount.IAMMemberArgs{
		ServiceAccountId: binding.ServiceAccount,
		Role:             pulumi.String(bindingRole),
		Member: parent.PoolName.ApplyT(func(poolName string) string {
			return naming.PrincipalSet(poolName, binding.Attribute, binding.Value)
		}).(pulumi.StringOutput),
	}, pulumiopt.Child(parent)...)
	return err
}

// inputs returns the component's inputs, which state keeps and policies read.
func (args *FederationArgs) inputs() pulumi.Map {
	conditions := pulumi.StringMap{}
	for id, trust := range args.Providers {
		conditions[id] = pulumi.String(Condition(trust))
	}
	bindings := pulumi.Map{}
	for key, binding := range args.Bindings {
		bindings[key] = pulumi.Map{
			"serviceAccount": binding.ServiceAccount,
			"attribute":      pulumi.String(binding.Attribute), "value": pulumi.String(binding.Value),
		}
	}
	return pulumi.Map{"project": args.Project, "poolId": pulumi.String(args.PoolID), "conditions": conditions, "bindings": bindings}
}
