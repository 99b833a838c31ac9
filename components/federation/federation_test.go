package federation_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/components/federation"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

const (
	poolType     = "gcp:iam/workloadIdentityPool:WorkloadIdentityPool"
	providerType = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
	bindingType  = "gcp:serviceaccount/iAMMember:IAMMember"

	deployWorkflow = "guiofsaints/procureflow/.github/workflows/deploy.yml@refs/heads/main"
	infraWorkflow  = "guiofsaints/procureflow/.github/workflows/infrastructure.yml@refs/heads/main"
	deployName     = "projects/procureflow-prod/serviceAccounts/deploy@procureflow-prod.iam.gserviceaccount.com"
)

// args returns prod's arguments after change has edited them: deployments, infrastructure and previews have a provider each.
func args(change func(*federation.FederationArgs)) *federation.FederationArgs {
	main := federation.Trust{
		OwnerID: 1001, RepositoryID: 2002, Ref: "refs/heads/main", Environment: "production", Events: []string{"workflow_dispatch"},
	}
	deploy, infra := main, main
	deploy.Workflows, infra.Workflows = []string{deployWorkflow}, []string{infraWorkflow}
	deploy.Description = "Releases"
	args := &federation.FederationArgs{
		Project: pulumi.String("procureflow-prod"), PoolID: "github",
		Providers: map[string]federation.Trust{
			"github-oidc": deploy, "github-infra": infra,
			"github-preview": {OwnerID: 1001, RepositoryID: 2002, Environment: federation.NoEnvironment, Events: []string{"pull_request"}},
		},
		Bindings: map[string]federation.Binding{
			"deploy": {
				ServiceAccount: pulumi.String(deployName), Attribute: federation.AttributeEnvironmentWorkflow,
				Value: federation.EnvironmentWorkflowValue(2002, "production", "main", deployWorkflow),
			},
			"preview": {
				ServiceAccount: pulumi.String("projects/procureflow-prod/serviceAccounts/preview"), Attribute: federation.AttributeEnvironment,
				Value: federation.EnvironmentValue(2002, federation.NoEnvironment),
			},
		},
	}
	if change != nil {
		change(args)
	}
	return args
}

func TestPoolProvidersAndBindings(t *testing.T) {
	t.Parallel()
	var made *federation.Federation
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) (err error) {
		made, err = federation.NewFederation(ctx, "federation", args(nil))
		return err
	})
	pulumitest.CheckParents(t, inventory)

	assert.Equal(t, map[string]any{"project": "procureflow-prod", "workloadIdentityPoolId": "github", "displayName": "github"},
		inventory.One(t, poolType, "federation-pool").Inputs)

	assert.Equal(t, []string{"federation-provider-github-infra", "federation-provider-github-oidc", "federation-provider-github-preview"},
		inventory.Names(providerType))
	mapping := map[string]any{
		"google.subject":             "assertion.repository_id + ':' + assertion.run_id",
		"attribute.repository_id":    "assertion.repository_id",
		"attribute.ref":              "assertion.ref",
		"attribute.repo_env":         "assertion.repository_id + ':' + (has(assertion.environment) ? assertion.environment : 'none')",
		"attribute.job_workflow_ref": "has(assertion.job_workflow_ref) ? assertion.job_workflow_ref : 'none'",
		"attribute.env_workflow": "assertion.repository_id + ':' + (has(assertion.environment) ? assertion.environment : 'none')" +
			" + ':' + assertion.ref + ':' + (has(assertion.job_workflow_ref) ? assertion.job_workflow_ref : 'none')",
	}
	assert.Equal(t, map[string]any{
		"project": "procureflow-prod", "workloadIdentityPoolId": "github", "workloadIdentityPoolProviderId": "github-oidc",
		"displayName": "github-oidc", "description": "Releases",
		"oidc":             map[string]any{"issuerUri": "https://token.actions.githubusercontent.com"},
		"attributeMapping": mapping,
		"attributeCondition": "assertion.repository_owner_id == '1001' && assertion.repository_id == '2002'" +
			" && assertion.event_name in ['workflow_dispatch'] && assertion.runner_environment == 'github-hosted'" +
			" && assertion.ref == 'refs/heads/main'" +
			" && has(assertion.job_workflow_ref) && assertion.job_workflow_ref in ['" + deployWorkflow + "']" +
			" && has(assertion.environment) && assertion.environment == 'production'",
	}, inventory.One(t, providerType, "federation-provider-github-oidc").Inputs)

	pool := "principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/github/"
	assert.Equal(t, map[string]any{
		"serviceAccountId": deployName, "role": "roles/iam.workloadIdentityUser",
		"member": pool + "attribute.env_workflow/2002:production:refs/heads/main:" + deployWorkflow,
	}, inventory.One(t, bindingType, "federation-binding-deploy").Inputs)
	assert.Equal(t, pool+"attribute.repo_env/2002:none", inventory.One(t, bindingType, "federation-binding-preview").Inputs["member"])

	assert.Equal(t, "projects/123456789012/locations/global/workloadIdentityPools/github", pulumitest.Value[string](t, made.PoolName))
	assert.Equal(t, []string{"github-infra", "github-oidc", "github-preview"}, slices.Sorted(maps.Keys(made.ProviderNames)))
	assert.Equal(t, "projects/123456789012/locations/global/workloadIdentityPools/github/providers/github-oidc",
		pulumitest.Value[string](t, made.ProviderNames["github-oidc"]))
}

// TestComponentOutputs checks the conditions and bindings in the component's outputs. State and policies read them there.
func TestComponentOutputs(t *testing.T) {
	t.Parallel()
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := federation.NewFederation(ctx, "federation", args(nil))
		return err
	})
	prod := args(nil)
	conditions := map[string]any{}
	for id, trust := range prod.Providers {
		conditions[id] = federation.Condition(trust)
	}
	assert.Equal(t, map[string]any{
		"project": "procureflow-prod", "poolId": "github", "conditions": conditions,
		"bindings": map[string]any{
			"deploy": map[string]any{"serviceAccount": deployName, "attribute": "env_workflow",
				"value": "2002:production:refs/heads/main:" + deployWorkflow},
			"preview": map[string]any{"serviceAccount": "projects/procureflow-prod/serviceAccounts/preview", "attribute": "repo_env",
				"value": "2002:none"},
		},
	}, inventory.One(t, federation.TypeToken, "federation").Inputs)
}

// TestBindingByEvent binds runs whose ref changes each time. Such a binding asks for their event, and only its pool maps that
// attribute.
func TestBindingByEvent(t *testing.T) {
	t.Parallel()
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := federation.NewFederation(ctx, "federation", args(func(a *federation.FederationArgs) {
			a.Bindings["review"] = federation.Binding{ServiceAccount: pulumi.String("review"), Attribute: federation.AttributeEventWorkflow,
				Value: federation.EventWorkflowValue(2002, federation.NoEnvironment, "pull_request", deployWorkflow)}
			a.Bindings["all"] = federation.Binding{ServiceAccount: pulumi.String("all"), Attribute: federation.AttributeRepository, Value: "2002"}
		}))
		return err
	})
	const pool = "principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/github/"
	assert.Equal(t, pool+"attribute.event_workflow/2002:none:pull_request:"+deployWorkflow,
		inventory.One(t, bindingType, "federation-binding-review").Inputs["member"])
	assert.Equal(t, pool+"attribute.repository_id/2002", inventory.One(t, bindingType, "federation-binding-all").Inputs["member"])
	for _, provider := range inventory.OfType(providerType) {
		mapping := provider.Inputs["attributeMapping"].(map[string]any)
		assert.Equal(t, "assertion.repository_id + ':' + (has(assertion.environment) ? assertion.environment : 'none')"+
			" + ':' + assertion.event_name + ':' + (has(assertion.job_workflow_ref) ? assertion.job_workflow_ref : 'none')",
			mapping["attribute.event_workflow"], provider.Name)
	}
}

func TestMappingIsACopy(t *testing.T) {
	t.Parallel()
	federation.Mapping()["google.subject"] = "assertion.sub"
	assert.Equal(t, "assertion.repository_id + ':' + assertion.run_id", federation.Mapping()["google.subject"])
}

func TestCondition(t *testing.T) {
	t.Parallel()
	const (
		numbers = "assertion.repository_owner_id == '1' && assertion.repository_id == '2' && assertion.event_name in "
		runner  = " && assertion.runner_environment == 'github-hosted'"
		none    = " && (!has(assertion.environment) || assertion.environment != 'none')"
		base    = numbers + "['push']" + runner
	)
	for name, test := range map[string]struct {
		trust federation.Trust
		want  string
	}{
		"repository only": {federation.Trust{}, base + none},
		"a ref":           {federation.Trust{Ref: "refs/heads/main"}, base + " && assertion.ref == 'refs/heads/main'" + none},
		"a workflow": {
			federation.Trust{Workflows: []string{"o/r/.github/workflows/ci.yml@refs/heads/main"}},
			base + " && has(assertion.job_workflow_ref) && assertion.job_workflow_ref in ['o/r/.github/workflows/ci.yml@refs/heads/main']" + none,
		},
		"a workflow at two versions": {
			federation.Trust{Workflows: []string{"o/r/.github/workflows/ci.yml@refs/tags/v1", "o/r/.github/workflows/ci.yml@refs/tags/v2"}},
			base + " && has(assertion.job_workflow_ref)" +
				" && assertion.job_workflow_ref in ['o/r/.github/workflows/ci.yml@refs/tags/v1', 'o/r/.github/workflows/ci.yml@refs/tags/v2']" + none,
		},
		"an environment": {federation.Trust{Environment: "dev"}, base + " && has(assertion.environment) && assertion.environment == 'dev'"},
		"no environment": {federation.Trust{Environment: federation.NoEnvironment}, base + " && !has(assertion.environment)"},
		"events": {federation.Trust{Events: []string{"push", "workflow_dispatch"}},
			numbers + "['push', 'workflow_dispatch']" + runner + none},
		"a quote in a value": {
			federation.Trust{Ref: "refs/heads/x' || true || '"}, base + ` && assertion.ref == 'refs/heads/x\' || true || \''` + none,
		},
		"a quote in a list's value": {
			federation.Trust{Workflows: []string{"x'] || true || '' in ['"}},
			base + ` && has(assertion.job_workflow_ref) && assertion.job_workflow_ref in ['x\'] || true || \'\' in [\'']` + none,
		},
		"a backslash before the quote": {federation.Trust{Ref: `refs/heads/x\`}, base + ` && assertion.ref == 'refs/heads/x\\'` + none},
		"a line break":                 {federation.Trust{Ref: "a\nb\x7f"}, base + ` && assertion.ref == 'a\u000ab\u007f'` + none},
		"letters beyond ASCII": {federation.Trust{Ref: "refs/heads/ação"},
			base + ` && assertion.ref == 'refs/heads/ação'` + none},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.trust.OwnerID, test.trust.RepositoryID = 1, 2
			if test.trust.Events == nil {
				test.trust.Events = []string{"push"}
			}
			assert.Equal(t, test.want, federation.Condition(test.trust))
		})
	}
}

func TestBadArgumentsRegisterNothing(t *testing.T) {
	t.Parallel()
	provider := func(change func(*federation.Trust)) *federation.FederationArgs {
		return args(func(a *federation.FederationArgs) {
			trust := a.Providers["github-oidc"]
			change(&trust)
			a.Providers["github-oidc"] = trust
		})
	}
	binding := func(change func(*federation.Binding)) *federation.FederationArgs {
		return args(func(a *federation.FederationArgs) {
			b := a.Bindings["deploy"]
			change(&b)
			a.Bindings["deploy"] = b
		})
	}
	event := func(value string) *federation.FederationArgs {
		return binding(func(b *federation.Binding) { b.Attribute, b.Value = federation.AttributeEventWorkflow, value })
	}
	for name, test := range map[string]struct {
		args *federation.FederationArgs
		want []string
	}{
		"nil": {nil, []string{`federation "federation": args is nil`}},
		"everything missing": {&federation.FederationArgs{}, []string{"args.Project is missing", `args.PoolID "" is not an id`,
			"args.Providers is empty"}},
		"a short pool": {args(func(a *federation.FederationArgs) { a.PoolID = "gh" }), []string{`args.PoolID "gh" is not an id: use 4-32`}},
		"a long pool": {args(func(a *federation.FederationArgs) { a.PoolID = strings.Repeat("a", 33) }),
			[]string{"is not an id: use 4-32"}},
		"a reserved pool": {args(func(a *federation.FederationArgs) { a.PoolID = "gcp-github" }),
			[]string{`args.PoolID "gcp-github" begins with gcp-`}},
		"a bad provider id": {args(func(a *federation.FederationArgs) { a.Providers["GH"] = a.Providers["github-oidc"] }),
			[]string{`args.Providers["GH"] id "GH" is not an id`}},
		"no ids": {provider(func(trust *federation.Trust) { trust.OwnerID, trust.RepositoryID = 0, -1 }), []string{
			`args.Providers["github-oidc"].OwnerID is 0: set the owner's numeric id`, `args.Providers["github-oidc"].RepositoryID is -1`,
		}},
		"no repository": {provider(func(trust *federation.Trust) { trust.RepositoryID = 0 }),
			[]string{".RepositoryID is 0: set the repository's numeric id"}},
		"a short ref": {provider(func(trust *federation.Trust) { trust.Ref = "main" }),
			[]string{`.Ref "main" can match no token: write it in full`}},
		"a bare workflow": {provider(func(trust *federation.Trust) { trust.Workflows[0] = "deploy.yml" }),
			[]string{`.Workflows has "deploy.yml", which can match no token`}},
		"a workflow at a short commit": {provider(func(trust *federation.Trust) {
			trust.Workflows[0] = federation.WorkflowAt("o/r",
				"a.yml", "0123abc")
		}), []string{
			`.Workflows has "o/r/.github/workflows/a.yml@0123abc", which can match no token`,
		}},
		"an odd environment": {provider(func(trust *federation.Trust) { trust.Environment = "a b" }),
			[]string{`.Environment "a b" can match no token`}},
		"an odd event": {provider(func(trust *federation.Trust) { trust.Events = []string{"Push!"} }),
			[]string{`.Events has "Push!", which is not an event`}},
		"no event": {provider(func(trust *federation.Trust) { trust.Events = nil }),
			[]string{`.Events is empty: name the events that start its runs`}},
		"an event that a fork can cause": {provider(func(trust *federation.Trust) { trust.Events = []string{"push", "pull_request_target"} }),
			[]string{`.Events has "pull_request_target"`}},
		"an event that anybody can cause": {provider(func(trust *federation.Trust) { trust.Events = []string{"issue_comment"} }),
			[]string{`.Events has "issue_comment"`}},
		"an event that follows another run": {provider(func(trust *federation.Trust) { trust.Events = []string{"workflow_run"} }),
			[]string{`.Events has "workflow_run"`}},
		"a long description": {provider(func(trust *federation.Trust) { trust.Description = strings.Repeat("a", 257) }),
			[]string{"Description has 257 characters: shorten it to 256"}},
		"a long condition": {provider(func(trust *federation.Trust) { trust.Ref = "refs/heads/" + strings.Repeat("a", 4096) }),
			[]string{"characters: Google takes 4096"}},
		"an open environment": {provider(func(trust *federation.Trust) { trust.Environment = "" }),
			[]string{`args.Providers["github-oidc"].Environment is missing: a binding accepts the tokens of every provider`}},
		"no account": {binding(func(b *federation.Binding) { b.ServiceAccount = nil }),
			[]string{`args.Bindings["deploy"].ServiceAccount is missing`}},
		"the ref alone": {binding(func(b *federation.Binding) { b.Attribute, b.Value = "ref", "refs/heads/main" }),
			[]string{`.Attribute "ref" is not narrow enough or not mapped`}},
		"the subject": {binding(func(b *federation.Binding) { b.Attribute = "google.subject" }),
			[]string{`.Attribute "google.subject" is not narrow enough`}},
		"another repository": {binding(func(b *federation.Binding) { b.Value = "9:production:x" }),
			[]string{`.Value "9:production:x" does not begin with the id of a repository`}},
		"the repository's id alone under the attribute environment": {binding(func(b *federation.Binding) {
			b.Attribute, b.Value = federation.AttributeEnvironment,
				"2002"
		}), []string{
			`.Value "2002" is not a value of repo_env`,
		}},
		"a composite without a workflow": {binding(func(b *federation.Binding) { b.Value = "2002:production" }), []string{
			`.Value "2002:production" is not a value of env_workflow`,
		}},
		"a malformed environment in the composite": {binding(func(b *federation.Binding) {
			b.Value = "2002:-dev:refs/heads/main:" +
				deployWorkflow
		}), []string{
			"is not a value of env_workflow",
		}},
		"a malformed ref in the composite": {binding(func(b *federation.Binding) {
			b.Value = "2002:production:main:" +
				deployWorkflow
		}), []string{
			"is not a value of env_workflow",
		}},
		"a malformed workflow in the composite": {binding(func(b *federation.Binding) {
			b.Value = "2002:production:refs/heads/main:deploy.yml"
		}), []string{
			"is not a value of env_workflow",
		}},
		"an empty environment in the composite": {binding(func(b *federation.Binding) {
			b.Value = "2002::refs/heads/main:" +
				deployWorkflow
		}), []string{
			"is not a value of env_workflow",
		}},
		"a fifth part of the composite": {binding(func(b *federation.Binding) {
			b.Value = "2002:production:refs/heads/main:" +
				deployWorkflow + ":x"
		}), []string{
			"is not a value of env_workflow",
		}},
		"an odd environment for a binding": {binding(func(b *federation.Binding) {
			b.Attribute, b.Value = federation.AttributeEnvironment,
				"2002:a/b"
		}), []string{
			`.Value "2002:a/b" is not a value of repo_env`,
		}},
		"an environment with a colon": {binding(func(b *federation.Binding) { b.Attribute, b.Value = federation.AttributeRepository, "2002:" }),
			[]string{
				`.Value "2002:" is not a value of repository_id`,
			}},
		"no ref in the composite": {binding(func(b *federation.Binding) { b.Value = "2002:production:" + deployWorkflow }), []string{
			"is not a value of env_workflow",
		}},
		"a colon within a part": {binding(func(b *federation.Binding) {
			b.Value = "2002:production:refs/heads/a:b:" +
				deployWorkflow
		}), []string{
			"is not a value of env_workflow",
		}},
		"an environment in place of the id": {binding(func(b *federation.Binding) {
			b.Attribute, b.Value = federation.AttributeRepository,
				"2002:dev"
		}), []string{`.Value "2002:dev" is not a value of repository_id`}},
		"one part too few for an event":        {event("2002:none:" + deployWorkflow), []string{"is not a value of event_workflow"}},
		"one part too many for an event":       {event("2002:none:push:" + deployWorkflow + ":x"), []string{"is not a value of event_workflow"}},
		"a malformed environment for an event": {event("2002:-dev:push:" + deployWorkflow), []string{"is not a value of event_workflow"}},
		"an event that anybody can cause, in a binding's value": {event("2002:none:issue_comment:" + deployWorkflow),
			[]string{"is not a value of event_workflow"}},
		"a malformed workflow for an event": {event("2002:none:push:deploy.yml"), []string{"is not a value of event_workflow"}},
		"no workflow": {binding(func(b *federation.Binding) {
			b.Attribute, b.Value = federation.AttributeWorkflow,
				"deploy.yml"
		}), []string{`.Value "deploy.yml" is not a workflow`}},
		"a space": {binding(func(b *federation.Binding) { b.Value = "2002:a b:c" }),
			[]string{`.Value "2002:a b:c" has a space in it`}},
		"a key that is not a resource name": {args(func(a *federation.FederationArgs) { a.Bindings["Deploy It"] = a.Bindings["deploy"] }),
			[]string{`args.Bindings["Deploy It"] key names a resource`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inventory, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
				_, err := federation.NewFederation(ctx, "federation", test.args)
				return err
			})
			require.Error(t, err)
			for _, want := range test.want {
				assert.ErrorContains(t, err, want)
			}
			assert.Empty(t, inventory.Resources)
		})
	}
}

// TestTextsAtTheirLimits uses the longest description and the longest condition that Google accepts, and one character more.
func TestTextsAtTheirLimits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		more int // characters
		want string
	}{
		"at the limit": {0, ""},
		"one character too many": {1, `args.Providers["github-oidc"] makes a condition of 4097 characters: Google takes 4096, ` +
			"so name fewer workflows"},
	} {
		_, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
			_, err := federation.NewFederation(ctx, "federation", args(func(a *federation.FederationArgs) {
				trust := a.Providers["github-oidc"]
				trust.Description = strings.Repeat("ü", 256)
				trust.Ref += strings.Repeat("a", 4096-len(federation.Condition(trust))+test.more)
				a.Providers["github-oidc"] = trust
			}))
			return err
		})
		if test.want == "" {
			assert.NoError(t, err, name)
			continue
		}
		assert.ErrorContains(t, err, test.want, name)
	}
}

func TestOneProviderIsEnough(t *testing.T) {
	t.Parallel()
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := federation.NewFederation(ctx, "federation", &federation.FederationArgs{
			Project: pulumi.String("procureflow-dev"), PoolID: "github",
			Providers: map[string]federation.Trust{"github-oidc": {OwnerID: 1, RepositoryID: 2, Events: []string{"push"}}},
			Bindings: map[string]federation.Binding{"ci": {
				ServiceAccount: pulumi.String("projects/procureflow-dev/serviceAccounts/ci"),
				Attribute:      federation.AttributeWorkflow, Value: federation.WorkflowRef("o", "r", "ci.yml", "main"),
			}},
		})
		return err
	})
	member := inventory.One(t, bindingType, "federation-binding-ci").Inputs["member"]
	assert.Equal(t, "principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/github/"+
		"attribute.job_workflow_ref/o/r/.github/workflows/ci.yml@refs/heads/main", member)
}
