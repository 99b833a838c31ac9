package stacks

// Settings holds everything that distinguishes one environment from another. It is the value of the configuration key
// APPLICATION:platform in Pulumi.<stack>.yaml, read strictly by [Load]: a key that is not a field here is an error.
//
// A field is required unless its comment names a default. A default is for an absent key only: a key that is present and
// empty, null or zero is judged as written. Fields with a default carry it in the tag "default", which is what [Parse]
// reads, or default to Go's zero value.
type Settings struct {
	// Environment names the stack the settings are for: dev, staging or prod. It must equal the stack's name, so that
	// one stack's file can never be applied to another stack.
	Environment string `json:"environment"`
	// Project is the Google Cloud project that holds everything of this environment.
	Project Project `json:"project"`
	// GitHub is the repository that may deploy here and the environments that guard it.
	GitHub GitHub `json:"github"`
	// Labels are put on every resource that has labels. Required among them: environment, equal to Environment; app; and
	// managed-by, which is pulumi.
	Labels map[string]string `json:"labels"`
	// Registry is the Docker repository images are promoted into.
	Registry Registry `json:"registry"`
	// Secrets are the Secret Manager secrets of this environment, by secret id. Default: none.
	Secrets map[string]Secret `json:"secrets,omitempty"`
	// Databases are databases of services, by a short key. Default: none.
	Databases map[string]Database `json:"databases,omitempty"`
	// Buckets are buckets for files of services, by a short key. Default: none.
	Buckets map[string]Bucket `json:"buckets,omitempty"`
	// BinaryAuthorization makes Cloud Run refuse images that were not signed at their promotion. Default: none; every image
	// of the registry may start.
	BinaryAuthorization *BinaryAuthorization `json:"binaryAuthorization,omitempty"`
	// Services are the Cloud Run services, by a short key that appears in output names: a second service is a second entry.
	Services map[string]Service `json:"services"`
	// Jobs are the Cloud Run jobs, by a short key that appears in output names. Default: none.
	Jobs map[string]Job `json:"jobs,omitempty"`
	// Previews are places where a pull request's image runs for a while, if the pull request has the label. Allowed in
	// dev only. Default: none.
	Previews *Previews `json:"previews,omitempty"`
	// Monitoring says who is alerted and which runbook they get.
	Monitoring Monitoring `json:"monitoring"`
	// Budget is the monthly spending limit that is alerted on. It does not stop spending.
	Budget Budget `json:"budget"`
}

// Project identifies the Google Cloud project. A value that only its owner knows may be a stand-in (see
// [StandInPrefix]).
type Project struct {
	// ID is the project id, 6-30 characters.
	ID string `json:"id"`
	// Number is the project number, which Google assigns. It is part of every deterministic Cloud Run URL, and of the names of
	// callers from outside.
	Number string `json:"number"`
	// Region is where the registry and the services are, for example us-central1.
	Region string `json:"region"`
	// BillingAccount is the billing account's id, XXXXXX-XXXXXX-XXXXXX.
	BillingAccount string `json:"billingAccount"`
}

// GitHub identifies the repository by name and by number. Trust goes by the number, because somebody else can register a name again.
type GitHub struct {
	// Owner is the account's login.
	Owner string `json:"owner"`
	// OwnerID is the account's number: gh api users/OWNER --jq .id
	OwnerID int64 `json:"ownerId"`
	// Repository is the repository's name without its owner.
	Repository string `json:"repository"`
	// RepositoryID is the repository's number: gh api repos/OWNER/REPOSITORY --jq .id
	RepositoryID int64 `json:"repositoryId"`
	// Branch is the only branch that deploys. Default: main.
	Branch string `json:"branch,omitempty" default:"main"`
	// Workflows say which repository's workflow files may act as the pipeline's accounts, and at which refs. Default: the
	// repository's own files on Branch.
	Workflows *GitHubWorkflows `json:"workflows,omitempty"`
	// Environments are the GitHub environments a deployment to this stack passes, in order; it runs in the last one.
	// GitHub lets any one listed reviewer approve, so two approvals take two environments with disjoint reviewers.
	Environments []GitHubEnvironment `json:"environments"`
	// Protection is the protection of the whole repository. All stacks share the repository, so only one stack may have it,
	// and that is prod (docs/adr/0012). Default: none; the repository keeps its present protection.
	Protection *GitHubProtection `json:"protection,omitempty"`
}

// GitHubWorkflows are reusable workflows that the repository's own call.
type GitHubWorkflows struct {
	// Repository is the repository that has the files, OWNER/NAME, in GitHub's own upper and lower case, which trust
	// compares.
	Repository string `json:"repository"`
	// Refs are the refs at which the files may be called: a full commit, or refs/tags/TAG of a tag that only the other
	// repository's administrators can move. All of them are trusted, so a version can be raised while deployments go on. At
	// most 5.
	Refs []string `json:"refs"`
}

// GitHubProtection lists the checks and approvals that a change needs before it reaches a branch that deploys, and the
// actions that workflows may use.
type GitHubProtection struct {
	// Branches are the protected branches' short names, or patterns such as release/*. GitHub.Branch is among them.
	Branches []string `json:"branches"`
	// Checks are the jobs that have to pass, by name; each runs for every pull request.
	Checks []string `json:"checks"`
	// Approvals is how many approvals a pull request needs, 1-10. One of them is always a code owner's. Default: 1.
	Approvals int `json:"approvals,omitempty" default:"1"`
	// WideningLabel is the label that a pull request needs if it lets somebody do more than before, for example widens-authority.
	// People who may label pull requests decide with it, for the present commit only. The check "preview / verdict" asks for the
	// label, so Checks has to list that check. Default: none; only the code owners approve such a change.
	WideningLabel string `json:"wideningLabel,omitempty"`
	// Tags are patterns, policy/v* for example, of the tags that only the repository's administrators may make, move or delete.
	// A tag starts the workflows of the commit that it names, whether it was reviewed or not. So every tag that starts a
	// workflow with rights belongs here. Default: none.
	Tags []string `json:"tags,omitempty"`
	// Actions are patterns of the actions that workflows may use besides the repository's own: OWNER/NAME@*, or a commit in
	// the place of *. Actions that a listed action uses have to be listed too.
	Actions []string `json:"actions"`
}

// GitHubEnvironment is one gate of a deployment.
type GitHubEnvironment struct {
	// Name is the environment's name on GitHub: at most 63 lower-case letters, digits, underscores and hyphens. Upper case is
	// refused, because GitHub ignores case in such names and trust does not.
	Name string `json:"name"`
	// Reviewers are numeric GitHub user ids, at most six; one of them has to approve. dev must have none. In staging at
	// least one environment has reviewers. prod has at least two environments, each with reviewers, and nobody reviews in
	// two of them. Default: none.
	Reviewers []int64 `json:"reviewers,omitempty"`
	// WaitMinutes delays the job after it was triggered, 0-43200 (30 days); in prod's last environment at least 5. Default: 0.
	WaitMinutes int `json:"waitMinutes,omitempty"`
}

// Registry is the Artifact Registry repository.
type Registry struct {
	// ID is the repository id.
	ID string `json:"id"`
	// UntaggedRetentionDays is the age at which an untagged image may be deleted. Default: 30.
	UntaggedRetentionDays int `json:"untaggedRetentionDays,omitempty" default:"30"`
	// KeepMostRecent is how many of the newest versions of each image are always kept, which limits how far back a rollback can go.
	// Default: 20.
	KeepMostRecent int `json:"keepMostRecent,omitempty" default:"20"`
	// Readers are IAM members from outside this environment that may pull, for example the next environment's promotion account. Default:
	// none.
	Readers []string `json:"readers,omitempty"`
}

// Secret is one secret. Its value is never in the file in plain text.
type Secret struct {
	// Version is the number of the pinned version, as a string, so that a rollback restores the value too. "latest" is
	// refused. Default: none, allowed only with Value, which makes its own version. Both together are refused.
	Version string `json:"version,omitempty"`
	// Value is a Pulumi secret (pulumi config set --secret --path) from which a new version is made. Default: none; a person adds
	// versions.
	Value string `json:"value,omitempty"`
}

// BinaryAuthorization is the key that promoted images are signed with, and what needs no signature. dev cannot have it: its
// images are built there, and only a promotion signs.
type BinaryAuthorization struct {
	// KeyRing is the key ring's id, 1-63 letters, digits, hyphens and underscores. Cloud KMS never frees a used id: after a
	// destroy the next up needs another. Default: attestation.
	KeyRing string `json:"keyRing,omitempty" default:"attestation"`
	// ProtectionLevel is SOFTWARE or HSM. Changing it makes a new key, and signatures by the old key no longer count. Default:
	// SOFTWARE.
	ProtectionLevel string `json:"protectionLevel,omitempty" default:"SOFTWARE"`
	// KeyVersions are the key's versions whose signatures count; the last one signs. Default: the first version alone.
	KeyVersions []int `json:"keyVersions,omitempty"`
	// Exemptions are images that need no signature: REGISTRY/PATH, with * or ** only at the end. In the environment's
	// own registry * and ** are refused. The bootstrapImage of every service is exempt without being listed. Default: none.
	Exemptions []string `json:"exemptions,omitempty"`
}

// Monitoring says who is alerted.
type Monitoring struct {
	// AlertEmails receive alerts and budget mails. One to five: a budget notifies at most five addresses.
	AlertEmails []string `json:"alertEmails"`
	// Channels are further receivers of alerts, but not of budget mails, by a short key of at most 30 characters. Default: none.
	Channels map[string]Channel `json:"channels,omitempty"`
	// RunbookURL is the page that every alert links to: an https:// address without a section. Each alert adds its own
	// section.
	RunbookURL string `json:"runbookUrl"`
}

// Channel is a receiver of alerts other than a mail address.
type Channel struct {
	// Kind is slack, pagerduty, webhook, pubsub or sms.
	Kind string `json:"kind"`
	// Target is the receiver: a slack channel such as #alerts, a webhook's https:// address, a topic projects/P/topics/T for pubsub, or
	// a telephone number such as +4930123456 for sms. Default: none, for pagerduty only, whose secret names the receiver.
	Target string `json:"target,omitempty"`
	// User is the user name for a webhook, with Secret as the password. Default: none; the secret then goes into the address as
	// auth_token.
	User string `json:"user,omitempty"`
	// Secret is a Pulumi secret (pulumi config set --secret --path): slack's token, pagerduty's integration key, a webhook's password
	// or token. Default: none, for pubsub and sms only, which take no secret.
	Secret string `json:"secret,omitempty"`
}

// Budget is a monthly budget of the project.
type Budget struct {
	// Amount is whole units of Currency per calendar month.
	Amount int `json:"amount"`
	// Currency is the billing account's currency, an ISO 4217 code.
	Currency string `json:"currency"`
	// CurrentPercent are alert thresholds on the amount spent, ascending. The first is at most 100, so that it warns
	// before the money is gone.
	CurrentPercent []int `json:"currentPercent"`
	// ForecastPercent are alert thresholds on the forecast for the month, ascending. Default: none.
	ForecastPercent []int `json:"forecastPercent,omitempty"`
}
