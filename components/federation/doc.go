// Package federation lets GitHub Actions act as service accounts without keys. It makes a workload identity pool, its providers, and
// the bindings that say which job may become which account.
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
// A provider decides which tokens enter the pool ([Condition]). A binding decides which of those tokens may become an account, by
// the exact value of one attribute ([Mapping]). A binding knows no providers: tokens of every provider of the pool can match it. So
// each of several providers has to name its environment (or [NoEnvironment]). [AttributeEnvironmentWorkflow] tells identities apart
// that share an environment.
//
// Trust goes by GitHub's numeric ids, because somebody else can register a name again. Only the workflow's path contains the
// repository's name. So after a rename Google refuses the tokens until the settings have the new name. The subject claim is not
// used, because it can be longer than Google's 127 bytes, and its format depends on the date at which the repository was made.
//
// # Reusable workflows of another repository
//
// For a job inside of a reusable workflow, the claim job_workflow_ref names that workflow's file and ref. The claims for repository,
// environment and ref stay those of the run. So trust names the repository that deploys by its numbers, and the platform's workflow
// file at a commit, or at a tag that only the platform's administrators can move:
//
//	federation.WorkflowAt("guiofsaints/procureflow-platform", "deploy.yml", "refs/tags/v1.4.0")
//
// To raise the version, trust both versions, change the callers, and then remove the older version. Jobs can deploy all the time.
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
