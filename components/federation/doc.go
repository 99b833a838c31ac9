// Package federation lets GitHub Actions act as service accounts without keys: a workload identity pool, its providers,
// and which accounts which jobs may become.
//
//	deploy := federation.WorkflowRef("guiofsaints", "procureflow", "deploy.yml", "main")
//	trust, err := federation.NewFederation(ctx, "federation", &federation.FederationArgs{
//		Project: pulumi.String("procureflow-prod"),
//		PoolID:  "github",
//		Providers: map[string]federation.Trust{"github-oidc": {
//			OwnerID: 1001, RepositoryID: 2002, Ref: "refs/heads/main", Workflows: []string{deploy}, Environment: "production",
//			Events: []string{"workflow_dispatch"},
//		}},
//		Bindings: map[string]federation.Binding{"deploy": {
//			ServiceAccount: account.Name,
//			Attribute:      federation.AttributeEnvironmentWorkflow,
//			Value:          federation.EnvironmentWorkflowValue(2002, "production", "main", deploy),
//		}},
//	})
//
// # Two locks
//
// A provider decides which tokens enter the pool at all ([Condition]); a binding decides which of those may become one
// account, by the exact value of one attribute ([Mapping]). A binding does not know providers: every token that any
// provider of the pool lets in can match it. So with several providers, each has to say which environment it is for (or
// [NoEnvironment]), and identities that share an environment are told apart by [AttributeEnvironmentWorkflow].
//
// Trust is by GitHub's numeric ids: a name can be registered again by somebody else. Only the workflow's path holds the
// repository's name, so after a rename tokens are refused until the settings follow: it fails closed. The subject claim
// is not used: it can be longer than Google's 127 bytes, and its format depends on when the repository was made.
//
// # Reusable workflows of another repository
//
// A job inside of a reusable workflow has that workflow's file and ref in job_workflow_ref, while repository, environment
// and ref stay those of the run. So the repository that deploys is trusted by its numbers, and what it runs by the platform's
// file at a commit, or at a tag that only its administrators move:
//
//	federation.WorkflowAt("guiofsaints/procureflow-platform", "deploy.yml", "refs/tags/v1.4.0")
//
// To raise the version, trust both, switch the callers, and take the older one away: nobody waits in between.
//
// # Deleting
//
// Google keeps a deleted pool or provider for 30 days, and its id cannot be used again in that time: undelete and import
// it, or choose another id.
//
// # Renames
//
// The type token and the children's logical names are a permanent interface: stacks remember them. A rename keeps a
// pulumi.Alias with the old name on the renamed resource until no stack has the old one.
package federation
