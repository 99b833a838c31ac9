package identity

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/serviceaccount"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/pulumiopt"
)

// TypeToken identifies the component in state. It never changes.
const TypeToken = "procureflow:identity:Identity"

// IdentityArgs describes a service account.
type IdentityArgs struct {
	// Project is the id of the project that holds the account. Required. Changing it replaces the account.
	Project pulumi.StringInput
	// AccountID is the part of the address before the @: 6-30 lower-case letters, digits and hyphens, beginning with a
	// letter. Required. Changing it replaces the account.
	AccountID string
	// DisplayName is shown in the console, up to 100 characters. Default: none.
	DisplayName pulumi.StringPtrInput
	// Description says why there is an account, up to 256 bytes. Default: none.
	Description pulumi.StringPtrInput
	// Grants are all that the account may do. Default: nothing.
	Grants []Grant
}

// Identity is a service account with its grants.
type Identity struct {
	pulumi.ResourceState

	// Email is the account's address, ACCOUNT@PROJECT.iam.gserviceaccount.com.
	Email pulumi.StringOutput
	// Member is the account as the member of a grant, serviceAccount:EMAIL.
	Member pulumi.StringOutput
	// Name is the account's resource name, projects/P/serviceAccounts/EMAIL.
	Name pulumi.StringOutput

	records []Record
}

// NewIdentity makes the account and its grants. It fails before registering anything when an argument is missing,
// impossible or grants too much, and then names every such argument.
func NewIdentity(ctx *pulumi.Context, name string, args *IdentityArgs, opts ...pulumi.ResourceOption) (*Identity, error) {
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("identity %q: %w", name, err)
	}
	identity := &Identity{records: Describe(args.Grants)}
	if err := ctx.RegisterComponentResourceV2(TypeToken, name, args.inputs(), identity, opts...); err != nil {
		return nil, fmt.Errorf("register identity %q: %w", name, err)
	}
	account, err := serviceaccount.NewAccount(ctx, name+"-account", &serviceaccount.AccountArgs{
		Project:     args.Project,
		AccountId:   pulumi.String(args.AccountID),
		DisplayName: args.DisplayName,
		Description: args.Description,
	}, pulumiopt.Child(identity)...)
	if err != nil {
		return nil, fmt.Errorf("identity %q: account: %w", name, err)
	}
	for _, grant := range args.Grants {
		err := grant.register(ctx, name+"-grant-"+grant.key(), identity, account.Member, args.Project)
		if err != nil {
			return nil, fmt.Errorf("identity %q: %s on %s: %w", name, grant.Role, describe(grant.Scope), err)
		}
	}
	identity.Email, identity.Member, identity.Name = account.Email, account.Member, account.Name
	outputs := pulumi.Map{"email": identity.Email, "member": identity.Member, "name": identity.Name}
	if err := ctx.RegisterResourceOutputs(identity, outputs); err != nil {
		return nil, fmt.Errorf("identity %q: register outputs: %w", name, err)
	}
	return identity, nil
}

// Grants returns the identity's grants with their reasons, in the order of its arguments.
func (identity *Identity) Grants() []Record { return slices.Clone(identity.records) }

// inputs returns the component's inputs, reasons included, which state keeps and policies read.
func (args *IdentityArgs) inputs() pulumi.Map {
	grants := make(pulumi.Array, 0, len(args.Grants))
	for _, grant := range args.Grants {
		input := pulumi.Map{
			"role": grant.role(), "scope": pulumi.String(describe(grant.Scope)), "reason": pulumi.String(grant.Reason),
		}
		if grant.Condition != nil {
			input["condition"] = pulumi.String(grant.Condition.Expression)
		}
		grants = append(grants, input)
	}
	return pulumi.Map{"project": args.Project, "accountId": pulumi.String(args.AccountID), "grants": grants}
}
