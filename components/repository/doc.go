// Package repository manages the settings of a GitHub repository: the environments that gate deployments, the variables that
// workflows read, and the protection of branches and workflows. It does not make the repository.
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
// In every environment administrators cannot pass the protection, only the named branch deploys, and people cannot approve a run
// that they started. GitHub lets any one of the listed reviewers approve, so two approvals take two environments with different
// reviewers. The wait begins when the run is triggered, and not when somebody approves it. On private repositories reviewers need
// GitHub Enterprise.
//
// If a workflow names an environment that does not exist, GitHub makes it without protection. So Environments has to have every name
// that workflows use.
//
// Everybody who can read the logs of the repository's workflows can read variables. Use them for names, and never for secrets.
//
// Several stacks may manage one repository as long as each has environments and repository variables with different names. GitHub
// records no owner for them, so the last stack to run would win.
//
// # Protection
//
// [Protection] concerns the repository as a whole, so only one stack has it:
//
//	Protection: &repository.Protection{
//		Branches: []string{"main"}, Tags: []string{"policy/v*"}, Checks: []string{"ci-ok"},
//		Actions: []string{"actions/checkout@*", "docker/login-action@*"},
//	}
//
// Required reviewers by path are those of the repository's .github/CODEOWNERS: GitHub's rulesets can name teams for paths, and a
// repository that a user owns has no teams. Nobody approves their own pull request, so every path needs an owner besides its usual
// author. If the protection is removed, the switches go back to GitHub's defaults, and the requirement of full commits stays.
//
// The provider has the owner and the token. Pass pulumi.Provider if it is not the stack's default provider.
//
// # Renames
//
// The type token and the children's logical names are a permanent interface: stacks remember them. A rename keeps a
// pulumi.Alias with the old name on the renamed resource until no stack has the old one.
package repository
