package provider

// These structs replace those of GitHub's SDK, because the SDK's package takes longer to compile than any other of the platform; see
// [inputsOf]. A struct without "State" in its name holds the properties that a program gives. One with "State" adds the properties that
// the API computes.

type environment struct {
	CanAdminsBypass        *bool                  `pulumi:"canAdminsBypass"`
	DeploymentBranchPolicy *deploymentBranches    `pulumi:"deploymentBranchPolicy"`
	Environment            string                 `pulumi:"environment"`
	PreventSelfReview      *bool                  `pulumi:"preventSelfReview"`
	Repository             string                 `pulumi:"repository"`
	Reviewers              []environmentReviewers `pulumi:"reviewers"`
	WaitTimer              *int                   `pulumi:"waitTimer"`
}

type deploymentBranches struct {
	CustomBranchPolicies bool `pulumi:"customBranchPolicies"`
	ProtectedBranches    bool `pulumi:"protectedBranches"`
}

type environmentReviewers struct {
	Teams []int `pulumi:"teams"`
	Users []int `pulumi:"users"`
}

type environmentState struct {
	environment
	RepositoryID *int `pulumi:"repositoryId"`
}

type deploymentPolicy struct {
	BranchPattern *string `pulumi:"branchPattern"`
	Environment   string  `pulumi:"environment"`
	Repository    string  `pulumi:"repository"`
	TagPattern    *string `pulumi:"tagPattern"`
}

type deploymentPolicyState struct {
	deploymentPolicy
	PolicyID     *int `pulumi:"policyId"`
	RepositoryID *int `pulumi:"repositoryId"`
}

type environmentVariable struct {
	Environment  string `pulumi:"environment"`
	Repository   string `pulumi:"repository"`
	Value        string `pulumi:"value"`
	VariableName string `pulumi:"variableName"`
}

type environmentVariableState struct {
	environmentVariable
	CreatedAt    *string `pulumi:"createdAt"`
	RepositoryID *int    `pulumi:"repositoryId"`
	UpdatedAt    *string `pulumi:"updatedAt"`
}

type actionsVariable struct {
	Repository   string `pulumi:"repository"`
	Value        string `pulumi:"value"`
	VariableName string `pulumi:"variableName"`
}

type actionsVariableState struct {
	actionsVariable
	CreatedAt    *string `pulumi:"createdAt"`
	RepositoryID *int    `pulumi:"repositoryId"`
	UpdatedAt    *string `pulumi:"updatedAt"`
}

type allowedActions struct {
	AllowedActions       *string          `pulumi:"allowedActions"`
	AllowedActionsConfig *selectedActions `pulumi:"allowedActionsConfig"`
	Enabled              *bool            `pulumi:"enabled"`
	Repository           string           `pulumi:"repository"`
	ShaPinningRequired   *bool            `pulumi:"shaPinningRequired"`
}

type selectedActions struct {
	GithubOwnedAllowed bool     `pulumi:"githubOwnedAllowed"`
	PatternsAlloweds   []string `pulumi:"patternsAlloweds"`
	VerifiedAllowed    *bool    `pulumi:"verifiedAllowed"`
}

type allowedActionsState struct {
	allowedActions
}

type workflowToken struct {
	CanApprovePullRequestReviews *bool   `pulumi:"canApprovePullRequestReviews"`
	DefaultWorkflowPermissions   *string `pulumi:"defaultWorkflowPermissions"`
	Repository                   string  `pulumi:"repository"`
}

type workflowTokenState struct {
	workflowToken
}

type vulnerabilityAlert struct {
	Enabled    *bool  `pulumi:"enabled"`
	Repository string `pulumi:"repository"`
}

type vulnerabilityAlertState struct {
	vulnerabilityAlert
	RepositoryID *int `pulumi:"repositoryId"`
}

type repositoryRuleset struct {
	BypassActors []bypassActor      `pulumi:"bypassActors"`
	Conditions   *rulesetConditions `pulumi:"conditions"`
	Enforcement  string             `pulumi:"enforcement"`
	Name         *string            `pulumi:"name"`
	Repository   string             `pulumi:"repository"`
	Rules        rulesetRules       `pulumi:"rules"`
	Target       string             `pulumi:"target"`
}

type bypassActor struct {
	ActorID    *int   `pulumi:"actorId"`
	ActorType  string `pulumi:"actorType"`
	BypassMode string `pulumi:"bypassMode"`
}

type rulesetConditions struct {
	RefName refNames `pulumi:"refName"`
}

type refNames struct {
	Excludes []string `pulumi:"excludes"`
	Includes []string `pulumi:"includes"`
}

type rulesetRules struct {
	BranchNamePattern         *namePattern          `pulumi:"branchNamePattern"`
	CommitAuthorEmailPattern  *namePattern          `pulumi:"commitAuthorEmailPattern"`
	CommitMessagePattern      *namePattern          `pulumi:"commitMessagePattern"`
	CommitterEmailPattern     *namePattern          `pulumi:"committerEmailPattern"`
	CopilotCodeReview         *copilotReview        `pulumi:"copilotCodeReview"`
	Creation                  *bool                 `pulumi:"creation"`
	Deletion                  *bool                 `pulumi:"deletion"`
	FileExtensionRestriction  *restrictedExtensions `pulumi:"fileExtensionRestriction"`
	FilePathRestriction       *restrictedPaths      `pulumi:"filePathRestriction"`
	MaxFilePathLength         *longestPath          `pulumi:"maxFilePathLength"`
	MaxFileSize               *largestFile          `pulumi:"maxFileSize"`
	MergeQueue                *mergeQueue           `pulumi:"mergeQueue"`
	NonFastForward            *bool                 `pulumi:"nonFastForward"`
	PullRequest               *pullRequestRule      `pulumi:"pullRequest"`
	RequiredCodeScanning      *codeScanning         `pulumi:"requiredCodeScanning"`
	RequiredDeployments       *requiredDeployments  `pulumi:"requiredDeployments"`
	RequiredLinearHistory     *bool                 `pulumi:"requiredLinearHistory"`
	RequiredSignatures        *bool                 `pulumi:"requiredSignatures"`
	RequiredStatusChecks      *statusChecks         `pulumi:"requiredStatusChecks"`
	TagNamePattern            *namePattern          `pulumi:"tagNamePattern"`
	Update                    *bool                 `pulumi:"update"`
	UpdateAllowsFetchAndMerge *bool                 `pulumi:"updateAllowsFetchAndMerge"`
}

type namePattern struct {
	Name     *string `pulumi:"name"`
	Negate   *bool   `pulumi:"negate"`
	Operator string  `pulumi:"operator"`
	Pattern  string  `pulumi:"pattern"`
}

type copilotReview struct {
	ReviewDraftPullRequests *bool `pulumi:"reviewDraftPullRequests"`
	ReviewOnPush            *bool `pulumi:"reviewOnPush"`
}

type restrictedExtensions struct {
	RestrictedFileExtensions []string `pulumi:"restrictedFileExtensions"`
}

type restrictedPaths struct {
	RestrictedFilePaths []string `pulumi:"restrictedFilePaths"`
}

type longestPath struct {
	MaxFilePathLength int `pulumi:"maxFilePathLength"`
}

type largestFile struct {
	MaxFileSize int `pulumi:"maxFileSize"`
}

type mergeQueue struct {
	CheckResponseTimeoutMinutes  *int    `pulumi:"checkResponseTimeoutMinutes"`
	GroupingStrategy             *string `pulumi:"groupingStrategy"`
	MaxEntriesToBuild            *int    `pulumi:"maxEntriesToBuild"`
	MaxEntriesToMerge            *int    `pulumi:"maxEntriesToMerge"`
	MergeMethod                  *string `pulumi:"mergeMethod"`
	MinEntriesToMerge            *int    `pulumi:"minEntriesToMerge"`
	MinEntriesToMergeWaitMinutes *int    `pulumi:"minEntriesToMergeWaitMinutes"`
}

type pullRequestRule struct {
	AllowedMergeMethods            []string           `pulumi:"allowedMergeMethods"`
	DismissStaleReviewsOnPush      *bool              `pulumi:"dismissStaleReviewsOnPush"`
	RequireCodeOwnerReview         *bool              `pulumi:"requireCodeOwnerReview"`
	RequireLastPushApproval        *bool              `pulumi:"requireLastPushApproval"`
	RequiredApprovingReviewCount   *int               `pulumi:"requiredApprovingReviewCount"`
	RequiredReviewThreadResolution *bool              `pulumi:"requiredReviewThreadResolution"`
	RequiredReviewers              []requiredReviewer `pulumi:"requiredReviewers"`
}

type requiredReviewer struct {
	FilePatterns     []string   `pulumi:"filePatterns"`
	MinimumApprovals int        `pulumi:"minimumApprovals"`
	Reviewer         reviewerID `pulumi:"reviewer"`
}

type reviewerID struct {
	ID   int    `pulumi:"id"`
	Type string `pulumi:"type"`
}

type codeScanning struct {
	RequiredCodeScanningTools []codeScanningTool `pulumi:"requiredCodeScanningTools"`
}

type codeScanningTool struct {
	AlertsThreshold         string `pulumi:"alertsThreshold"`
	SecurityAlertsThreshold string `pulumi:"securityAlertsThreshold"`
	Tool                    string `pulumi:"tool"`
}

type requiredDeployments struct {
	RequiredDeploymentEnvironments []string `pulumi:"requiredDeploymentEnvironments"`
}

type statusChecks struct {
	DoNotEnforceOnCreate             *bool         `pulumi:"doNotEnforceOnCreate"`
	RequiredChecks                   []statusCheck `pulumi:"requiredChecks"`
	StrictRequiredStatusChecksPolicy *bool         `pulumi:"strictRequiredStatusChecksPolicy"`
}

type statusCheck struct {
	Context       string `pulumi:"context"`
	IntegrationID *int   `pulumi:"integrationId"`
}

type rulesetState struct {
	repositoryRuleset
	Etag      *string `pulumi:"etag"`
	NodeID    *string `pulumi:"nodeId"`
	RulesetID *int    `pulumi:"rulesetId"`
}
