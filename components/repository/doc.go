// Package repository is a GitHub repository's settings as code: the environments that gate deployments, the variables
// that workflows read, and the protection of branches and workflows. It does not make the repository.
//
//	_, err := repository.NewRepository(ctx, "repository", &repository.RepositoryArgs{
//		Repository: pulumi.String("procureflow"),
//		Environments: map[string]repository.Environment{"production": {
//			Reviewers: []int64{1001, 1002}, WaitMinutes: 5,
//			Variables: map[string]pulumi.StringInput{"WORKLOAD_IDENTITY_PROVIDER": provider},
//		}},
//		Actions: repository.Actions{Variables: map[string]pulumi.StringInput{"REGISTRY": images.ImagePrefix}},
//	})
//
// # Gates
//
// In every environment administrators cannot pass the protection, only the named branch deploys, and whoever started a
// run cannot approve it. GitHub lets any one of the listed reviewers approve, so two approvals take two environments with
// disjoint reviewers. The wait begins when the run is triggered, not when it was approved. On private repositories
// reviewers need GitHub Enterprise.
//
// A workflow that names an environment that does not exist makes it, unprotected: every name that workflows use has to be
// in Environments.
//
// Variables are plain text to everybody who can read the repository's workflows' logs: they are for names, never for
// secrets.
//
// Several stacks may manage one repository as long as each has environments and repository variables with different names:
// GitHub has no owner for either, so the last stack to run would win.
//
// # Protection
//
// [Protection] is of the repository as a whole, so one stack alone has it:
//
//	Protection: &repository.Protection{
//		Branches: []string{"main"}, Tags: []string{"policy/v*"}, Checks: []string{"ci-ok"},
//		Actions: []string{"actions/checkout@*", "docker/login-action@*"},
//	}
//
// Required reviewers by path are those of the repository's .github/CODEOWNERS: GitHub's rulesets can name teams for paths,
// and a repository that a user owns has no teams. Nobody approves their own pull request, so every path needs an owner
// besides its usual author. Taking the protection away sets the switches back to GitHub's defaults, and leaves the
// requirement of full commits as it is.
//
// The owner and the token are the provider's: pass pulumi.Provider when it is not the stack's default.
//
// # Renames
//
// The type token and the children's logical names are a permanent interface: stacks remember them. A rename keeps a
// pulumi.Alias with the old name on the renamed resource until no stack has the old one.
package repository
