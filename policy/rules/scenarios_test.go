package rules

import (
	"fmt"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

const (
	robot = "serviceAccount:ci@procureflow-dev.iam.gserviceaccount.com"
	pool  = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/github/"
)

// grants returns the same grant as a member, a binding and a policy.
func grants(types []string, role, member string) []ct.Resource {
	quoted := fmt.Sprintf(`{"bindings":[{"role":%q,"members":[%q]}]}`, role, member)
	return []ct.Resource{
		{Type: types[0], Properties: ct.Properties{"role": role, "member": member, "service": "web"}},
		{Type: types[1], Properties: ct.Properties{"role": role, "members": []any{"group:first@example.com", member}, "service": "web"}},
		{Type: types[2], Properties: ct.Properties{"policyData": quoted, "service": "web"}},
	}
}

// roleAndMember is a role and the member that has it.
type roleAndMember struct{ role, member string }

// grantCase is a rule about a role and a member, for the three types that grant on a kind of resource. In want, ROLE and MEMBER stand
// for those of bad in the spelling of the grant, because people search for that. loose is as in [scenario].
type grantCase struct {
	policy      crossguard.Policy
	types       []string
	good, bad   roleAndMember
	want, loose string
}

// scenarios tries the case in all three forms of a grant and in every spelling.
func (c grantCase) scenarios() []scenario {
	var all []scenario
	for i, r := range grants(c.types, c.good.role, c.good.member) {
		s := scenario{policy: c.policy, good: r, loose: c.loose}
		for j, spelling := range []func(string) string{func(s string) string { return s }, strings.ToUpper, mixed} {
			role, member := spelling(c.bad.role), spelling(c.bad.member)
			b := grantChange(i, role, member, strings.NewReplacer("ROLE", role, "MEMBER", member).Replace(c.want))
			if i == 1 && j > 0 { // an unknown neighbour must not hide the member
				b.to = []any{ct.Unknown, member}
			}
			s.bad = append(s.bad, b)
		}
		switch i {
		case 0:
			s.reads = []string{"member"}
			if c.bad.role != c.good.role {
				s.reads = nil // the rule reads the role first
			}
		case 2:
			s.reads = []string{"policyData"}
			s.bad = append(s.bad, change{path: "policyData", to: "not JSON", want: "is not an IAM policy in JSON"})
			if c.loose != "" {
				s.bad = s.bad[:3]
			}
		}
		all = append(all, s)
	}
	return all
}

// grantChange returns the change that makes a resource grant a role to a member; i is its place among [grants].
func grantChange(i int, role, member, want string) change {
	switch i {
	case 0:
		return change{path: "member", to: member, want: want, also: []change{{path: "role", to: role}}}
	case 1:
		return change{path: "members", to: []any{member}, want: want, also: []change{{path: "role", to: role}}}
	}
	return change{path: "policyData", to: fmt.Sprintf(`{"bindings":[{"role":%q,"members":[%q]}]}`, role, member), want: want}
}

// mixed writes every second letter in upper case.
func mixed(s string) string {
	letters := []byte(strings.ToLower(s))
	for i := 0; i < len(letters); i += 2 {
		letters[i] = strings.ToUpper(string(letters[i]))[0]
	}
	return string(letters)
}

func iamScenarios() []scenario {
	harmless := roleAndMember{"roles/run.developer", robot}
	role := func(name string) roleAndMember { return roleAndMember{name, robot} }
	member := func(name string) roleAndMember { return roleAndMember{harmless.role, name} }
	var all []scenario
	for _, c := range []grantCase{
		{policy: iamNoBasicRoles, types: projectIAM, bad: role("roles/editor"),
			want: "grants the basic role ROLE to MEMBER: grant what is needed"},
		{policy: iamNoBasicRoles, types: accountIAM, bad: role("roles/owner"), want: "grants the basic role "},
		{policy: iamSANoAdmin, types: projectIAM, bad: role("roles/run.admin"),
			want: "grants ROLE to MEMBER on the project: grant a narrower role", loose: `"administrators": ["ci@*"]`},
		{policy: iamNoProjectImpersonation, types: projectIAM, bad: role("roles/iam.serviceAccountTokenCreator"),
			want: "grants ROLE to MEMBER on the project: grant it on the one account"},
		{policy: iamNoProjectImpersonation, types: folderIAM, bad: role("roles/iam.serviceAccountUser"),
			want: "grants ROLE to MEMBER on the folder"},
		{policy: iamNoDefaultSA, types: projectIAM, bad: member("serviceAccount:1-compute@developer.gserviceaccount.com"),
			want: "grants ROLE to the default account MEMBER"},
		{policy: iamNoDirectUser, types: orgIAM, bad: member("user:someone@example.com"), want: "grants ROLE to MEMBER: grant it to a group"},
		{policy: iamNoDirectUser, types: secretIAM, bad: member("allAuthenticatedUsers"),
			want: "grants ROLE to MEMBER, which is anybody: grant it to a group or an account"},
		{policy: iamNoDirectUser, types: accountIAM, bad: member("allUsers"), want: "grants ROLE to MEMBER, which is anybody"},
		{policy: iamNoDirectUser, types: iam("gcp:iap/webCloudRunServiceIam%s:WebCloudRunServiceIam%[1]s"), bad: member("allUsers"),
			want: "grants ROLE to MEMBER, which is anybody"},
		{policy: iamNoBasicRoles, types: iam("gcp:cloudfunctionsv2/functionIam%s:FunctionIam%[1]s"), bad: role("roles/editor"),
			want: "grants the basic role "},
		{policy: iamNoDirectUser, types: bucketIAM, bad: member("allUsers"), want: "grants ROLE to MEMBER, which is anybody"},
		{policy: iamNoDirectUser, types: runIAM, bad: member("domain:example.com"), want: "grants ROLE to MEMBER: grant it to a group"},
		{policy: secretScopedAccess, types: projectIAM, bad: role("roles/secretmanager.secretAccessor"),
			want: "grants ROLE to MEMBER on the project, and with it every secret"},
		{policy: arNotPublic, types: repositoryIAM, bad: member("allUsers"),
			want: "grants ROLE to MEMBER: grant it to the accounts that pull images"},
		{policy: runNoPublicInvoker, types: runIAM[3:6], bad: roleAndMember{"roles/run.invoker", "allUsers"},
			want: "grants ROLE to MEMBER on web, which is not among the public services", loose: `"publicServices": ["web"]`},
		{policy: runNoPublicInvoker, types: runIAM[6:9], bad: roleAndMember{"roles/run.invoker", "allUsers"},
			want: "grants ROLE to MEMBER on web: name who may run it"},
		{policy: runNoPublicInvoker, types: runIAM[3:6], bad: roleAndMember{"roles/run.invoker", "allAuthenticatedUsers"},
			want: "grants ROLE to MEMBER on web, which is not among the public services"},
		{policy: wifBindingNarrow, types: accountIAM, good: member(pool + "attribute.repo_env/2002:prod"), bad: member(pool + "*"),
			want: "grants ROLE to the whole pool"},
		{policy: wifBindingNarrow, types: projectIAM, bad: member(pool + "attribute.repository/guiofsaints/procureflow"),
			want: "grants ROLE to MEMBER, which is wider than one environment or workflow", loose: `"attributes": ["repository"]`},
		{policy: wifBindingNarrow, types: accountIAM, bad: member(pool + "attribute.repo_env/*"),
			want: "grants ROLE to MEMBER without one value"},
		{policy: wifBindingNarrow, types: accountIAM, bad: member(pool + "group/all"), want: "grants ROLE to MEMBER, which is wider than"},
	} {
		if c.good == (roleAndMember{}) {
			c.good = harmless
		}
		all = append(all, c.scenarios()...)
	}
	for i, r := range grants(runIAM[3:6], "roles/run.admin", robot) {
		s := scenario{policy: runNoPublicInvoker, good: r, config: `"publicServices": ["web"]`}
		s.bad = []change{grantChange(i, "roles/run.admin", "allUsers",
			"grants roles/run.admin to allUsers on web: anybody may call a public service and do nothing else with it")}
		all = append(all, s)
	}
	const good = "assertion.repository_owner_id == '1001' && (assertion.repository_id == '2002' && assertion.ref == 'refs/heads/main')"
	provider := ct.Resource{Type: poolProvider, Properties: ct.Properties{
		"attributeCondition": good, "oidc": object{"issuerUri": "https://token.actions.githubusercontent.com"},
		"attributeMapping": object{"google.subject": "assertion.repository_id + ':' + assertion.run_id"},
	}}
	condition := func(to any, want string) change { return change{path: "attributeCondition", to: to, want: want} }
	const unpinned = "attributeCondition does not always require assertion.repository_id == a number"
	return append(all,
		onlyBad(saNoKeys, accountKey, "makes a key that does not expire"),
		onlyBad(saNoKeys, hmacKey, "makes a key that does not expire"),
		scenario{policy: wifCondition, good: provider, reads: []string{"attributeCondition"}, bad: []change{
			condition(gone{}, "attributeCondition is absent"), condition("", "attributeCondition is absent"), condition("true",
				"does not ask who presents the token"),
			condition("true || assertion.sub == 'x'",
				"does not ask who presents the token"), condition("assertion.sub == 'x' || (1 == 1)", "does not ask"),
			condition("'assertion.sub' == 'assertion.sub'", "does not ask"), condition("true // assertion.sub == 'x'", "does not ask"),
			condition("assertion.sub != ''", "does not ask"), condition("assertion.sub == assertion.sub", "does not ask"),
			condition("assertion.sub.startsWith('')", "does not ask"),
		}},
		scenario{policy: wifCondition, good: scenario{good: provider}.with(condition("assertion.sub == 'a' || assertion.sub in ['b', "+
			"'c'] || google.subject.startsWith('team:')", ""))},
		scenario{policy: wifGitHubPinned, good: scenario{good: provider}.with(
			condition("attribute.repository_owner_id == '1' && '2' == assertion.repository_id && assertion.subset == 'x'", ""),
			change{path: `attributeMapping["attribute.repository_owner_id"]`, to: "assertion.repository_owner_id"})},
		scenario{policy: wifGitHubPinned, good: provider, reads: []string{"attributeCondition", "oidc.issuerUri"}, bad: []change{
			condition(gone{}, unpinned), condition("assertion.repository == 'guiofsaints/procureflow'",
				unpinned), condition(good+" || true", unpinned),
			condition("true ? true : ("+good+")", unpinned), condition("("+good+") == false", unpinned), condition("!("+good+")", unpinned),
			condition(`assertion.ref == "x' && assertion.repository_owner_id == '1' && assertion.repository_id == '2"`, unpinned),
			condition("assertion.repository_owner_id == '1' && assertion.repository_id != '2'", unpinned),
			condition("assertion.repository_owner_id == '1' && assertion.repository_id == 'procureflow'", unpinned),
			condition("true // && assertion.repository_owner_id == '1' && assertion.repository_id == '2'", unpinned),
			condition(`assertion.ref != r'\' || '' != ' && assertion.repository_owner_id == "1" && assertion.repository_id == "2" && ' + "'\""`,
				unpinned),
			condition(`assertion.ref != ''' ' && assertion.repository_owner_id == '1' && assertion.repository_id == '2' && ' '''`, unpinned),
			condition("attribute.repository_owner_id == '1' && attribute.repository_id == '2'", unpinned), // no mapping defines these attributes
			{path: "attributeCondition", to: "assertion.repository_owner_id == '1' && attribute.repository_id == '2'", want: unpinned,
				also: []change{{path: `attributeMapping["attribute.repository_id"]`, to: "'2'"}}},
			condition(good+" && assertion.sub == 'x'", "sub decides"), condition(good+` && assertion["sub"] == 'x'`, "sub decides"),
			{path: `attributeMapping["google.subject"]`, to: "assertion.sub.extract('{x}')", want: "sub decides"},
			{path: `attributeMapping["google.subject"]`, to: "assertion.sub", want: "sub decides"},
		}},
	)
}

// onlyBad returns the scenario of a rule that no resource of a type passes.
func onlyBad(policy crossguard.Policy, resourceType, want string) scenario {
	return scenario{policy: policy, good: ct.Resource{Type: resourceType}, bad: []change{{want: want}}, hopeless: true}
}

func dataScenarios() []scenario {
	replicated := ct.Resource{Type: secret, Properties: ct.Properties{"labels": labels(), "replication": object{"auto": object{}}}}
	all := []scenario{
		{policy: secretAutoReplication, good: replicated, bad: []change{
			{path: "replication.auto", to: gone{}, want: "replication.auto is absent: set it to {}"}, {path: "replication", to: gone{},
				want: "absent"},
			{path: "replication.auto", to: nil, want: "absent"}, {path: "replication.auto", to: false,
				want: "replication.auto is true or false, must be an object", marked: true},
			{path: "replication", to: object{"userManaged": object{"replicas": []any{object{"location": "us-central1"}}}},
				want: "names the regions by hand"},
		}},
		{policy: binauthzDefaultDeny, good: ct.Resource{Type: admission, Properties: ct.Properties{
			"defaultAdmissionRule": object{"evaluationMode": "REQUIRE_ATTESTATION", "enforcementMode": enforced,
				"requireAttestationsBies": []any{"projects/p/attestors/a"}},
			"admissionWhitelistPatterns": []any{object{"namePattern": "gcr.io/google_containers/*"}},
		}}, reads: []string{"defaultAdmissionRule.evaluationMode", "defaultAdmissionRule.enforcementMode", "admissionWhitelistPatterns"},
			bad: []change{
				{path: "defaultAdmissionRule.evaluationMode", to: "ALWAYS_ALLOW", want: "evaluationMode is ALWAYS_ALLOW"},
				{path: "defaultAdmissionRule.enforcementMode", to: "DRYRUN_AUDIT_LOG_ONLY", want: "enforcementMode is DRYRUN"},
				{path: "defaultAdmissionRule.enforcementMode", to: gone{}, want: "enforcementMode is absent"},
				{path: "defaultAdmissionRule", to: gone{}, want: "defaultAdmissionRule is absent", unfixable: true},
				{path: "clusterAdmissionRules[0]", to: object{"evaluationMode": "ALWAYS_ALLOW", "enforcementMode": enforced},
					want: "clusterAdmissionRules[0].evaluationMode", unfixable: true},
				{path: "admissionWhitelistPatterns[0].namePattern", to: "*/*", want: "name the registry", unfixable: true},
			}},
		{policy: arImmutableCleanup, good: ct.Resource{Type: repository, Properties: ct.Properties{
			"format": "DOCKER", "dockerConfig": object{"immutableTags": true}, "cleanupPolicies": []any{
				object{"id": "old", "action": "DELETE", "condition": object{"olderThan": "30d", "tagState": "UNTAGGED"}},
				object{"id": "keep", "action": "KEEP", "mostRecentVersions": object{"keepCount": 20}}},
		}}, reads: []string{"dockerConfig.immutableTags", "cleanupPolicies", "format"}, bad: []change{
			{path: "dockerConfig.immutableTags", to: false, want: "dockerConfig.immutableTags is not true"}, {path: "dockerConfig",
				to: gone{}, want: "is not true"},
			{path: "cleanupPolicyDryRun", to: true, want: "cleanupPolicyDryRun is true"},
			{path: "vulnerabilityScanningConfig.enablementConfig", to: "DISABLED", want: "is DISABLED"},
			{path: "cleanupPolicies", to: gone{}, want: "has no KEEP", unfixable: true}, {path: "cleanupPolicies[1].action", to: "DELETE",
				want: "has no KEEP", unfixable: true},
			{path: "cleanupPolicies[0].action", to: "KEEP", want: "has no DELETE", unfixable: true},
			{path: "cleanupPolicies[0].condition", to: object{"tagState": "ANY"},
				want: "cleanupPolicies[0].condition has no age or prefix", unfixable: true},
			{path: "cleanupPolicies[0].condition", to: object{"olderThan": "0s"},
				want: "cleanupPolicies[0].condition has no age or prefix", unfixable: true},
			{path: "cleanupPolicies[0].action", to: gone{}, want: "is absent: use DELETE or KEEP", unfixable: true},
		}},
		{policy: bucketHardening, good: ct.Resource{Type: bucket, Properties: ct.Properties{"labels": labels(), "location": "US-CENTRAL1",
			"publicAccessPrevention": "enforced", "uniformBucketLevelAccess": true, "versioning": object{"enabled": true}}},
			reads: []string{"publicAccessPrevention", "uniformBucketLevelAccess", "versioning.enabled", "forceDestroy"}, bad: []change{
				{path: "publicAccessPrevention", to: "inherited",
					want: "publicAccessPrevention is inherited"}, {path: "publicAccessPrevention", to: gone{}, want: "is absent"},
				{path: "uniformBucketLevelAccess", to: false, want: "uniformBucketLevelAccess is not true"}, {path: "versioning",
					to: gone{}, want: "versioning.enabled is not true"},
				{path: "forceDestroy", to: true, want: "forceDestroy is true"},
			}},
		{policy: sqlHardening, good: ct.Resource{Type: database, Properties: ct.Properties{"region": "us-central1", "settings": object{
			"ipConfiguration": object{"ipv4Enabled": false, "sslMode": "ENCRYPTED_ONLY"}, "backupConfiguration": object{"enabled": true}}}},
			reads: []string{"settings.ipConfiguration.ipv4Enabled", "settings.ipConfiguration.sslMode", "deletionProtection"}, bad: []change{
				{path: "settings.ipConfiguration.ipv4Enabled", to: true, want: "ipv4Enabled is not false", unfixable: true},
				{path: "settings.ipConfiguration.ipv4Enabled", to: gone{}, want: "ipv4Enabled is not false", unfixable: true},
				{path: "settings.ipConfiguration.authorizedNetworks[0].value", to: "0.0.0.0/0", want: "is everybody", unfixable: true},
				{path: "settings.ipConfiguration.sslMode", to: "ALLOW_UNENCRYPTED_AND_ENCRYPTED", want: "sslMode is ALLOW"},
				{path: "settings.backupConfiguration", to: gone{},
					want: "backupConfiguration.enabled is not true"}, {path: "deletionProtection", to: false, want: "deletionProtection is false"},
			}},
		// Google takes no backups of a replica, because the primary has them.
		{policy: sqlHardening, good: ct.Resource{Type: database, Properties: ct.Properties{"region": "us-central1",
			"masterInstanceName": "primary",
			"settings":           object{"ipConfiguration": object{"ipv4Enabled": false, "sslMode": "ENCRYPTED_ONLY"}}}}},
		{policy: allowedRegions, good: ct.Resource{Type: database, Properties: ct.Properties{"region": "us-central1"}},
			reads: []string{"region"}, loose: `"regions": ["europe-west1"]`,
			bad: []change{{path: "region", to: "europe-west1", want: `region is "europe-west1": use us-central1`},
				{path: "region", to: gone{}, want: `region is ""`}}},
		// newrule lists the next one here
	}
	all = append(all, onlyBad(secretAutoReplication, regionalSecret, "is a regional secret"))
	for _, good := range []ct.Resource{v1(), v2(), task(), worker(), replicated} {
		path := "labels"
		if good.Type == serviceV1 {
			path = "metadata.labels"
		}
		all = append(all, scenario{policy: requiredLabels, good: good, reads: []string{path + `["app"]`}, loose: `"labels": []`, bad: []change{
			{path: path + ".app", to: gone{}, want: path + " has no app: set it", unfixable: true}, {path: path + ".app", to: "",
				want: "has no app", unfixable: true},
			{path: path + `["managed-by"]`, to: gone{}, want: "has no managed-by"}, {path: path, to: gone{}, want: "has no environment",
				unfixable: true},
		}})
		if good.Type != secret {
			all = append(all, scenario{policy: allowedRegions, good: good, reads: []string{"location"},
				loose: `"regions": ["europe-west1"]`, bad: []change{
					{path: "location", to: "europe-west1", want: `location is "europe-west1": use us-central1`}, {path: "location",
						to: gone{}, want: `location is ""`},
				}})
		}
	}
	return all
}

func githubScenarios() []scenario {
	environment := ct.Resource{Type: ghEnvironment, Properties: ct.Properties{
		"environment": "staging", "preventSelfReview": true, "canAdminsBypass": false, "reviewers": []any{object{"users": []any{1, 2}}},
		"deploymentBranchPolicy": object{"protectedBranches": false, "customBranchPolicies": true},
	}}
	dev := environment
	dev.Properties = ct.Properties{"environment": "dev", "deploymentBranchPolicy": object{"protectedBranches": true,
		"customBranchPolicies": false}}
	variable := ct.Resource{Type: ghEnvVariable, Properties: ct.Properties{"variableName": "REGION", "value": "us-central1"}}
	ruleset := ct.Resource{Type: ghRuleset, Properties: ct.Properties{"target": "branch", "enforcement": "active",
		"conditions": object{"refName": object{"includes": []any{"~DEFAULT_BRANCH"}, "excludes": []any{}}}, "rules": object{
			"nonFastForward": true, "deletion": true, "pullRequest": object{"requiredApprovingReviewCount": 1, "requireLastPushApproval": true},
			"requiredStatusChecks": object{"requiredChecks": []any{object{"context": "ci"}}}}}}
	protection := ct.Resource{Type: ghBranchProtection, Properties: ct.Properties{"pattern": "main", "enforceAdmins": true,
		"requiredStatusChecks":       []any{object{"contexts": []any{"ci"}}},
		"requiredPullRequestReviews": []any{object{"requiredApprovingReviewCount": 1, "dismissStaleReviews": true}}}}
	protectionV3 := ct.Resource{Type: ghBranchProtectionV3, Properties: ct.Properties{"branch": "main", "enforceAdmins": true,
		"requiredStatusChecks":       object{"checks": []any{"ci"}},
		"requiredPullRequestReviews": object{"requiredApprovingReviewCount": 1, "requireLastPushApproval": true}}}
	return []scenario{
		{policy: ghEnvProtected, good: environment, loose: `"unreviewed": ["staging"]`,
			reads: []string{"preventSelfReview", "canAdminsBypass", "reviewers", "environment"}, bad: []change{
				{path: "preventSelfReview", to: false, want: "preventSelfReview is not true"}, {path: "preventSelfReview", to: gone{},
					want: "preventSelfReview is not true"},
				{path: "canAdminsBypass", to: true, want: "canAdminsBypass is not false"}, {path: "canAdminsBypass", to: gone{},
					want: "canAdminsBypass is not false"},
				{path: "reviewers", to: gone{}, want: "reviewers is empty", unfixable: true}, {path: "reviewers",
					to: []any{object{"users": []any{}}}, want: "reviewers is empty", unfixable: true},
				{path: "environment", to: "Production", want: "preventSelfReview is not true", also: []change{{path: "preventSelfReview", to: false}}},
				{path: "deploymentBranchPolicy", to: gone{}, want: "every branch deploys", unfixable: true},
			}},
		{policy: ghEnvProtected, good: dev, bad: []change{{path: "deploymentBranchPolicy", to: gone{}, want: "every branch deploys",
			unfixable: true}}},
		{policy: ghBranchPolicy, good: ct.Resource{Type: ghDeploymentPolicy, Properties: ct.Properties{"branchPattern": "main"}},
			loose: `"branches": ["release/*"]`,
			reads: []string{"branchPattern", "tagPattern"}, bad: []change{{path: "branchPattern", to: "release/*",
				want: "branchPattern is release/*: set it to one of main"},
				{path: "branchPattern", to: gone{}, want: "branchPattern is absent"}, {path: "tagPattern", to: "v*", want: "tagPattern is v*"}}},
		{policy: ghBranchPolicy, good: ct.Resource{Type: ghOldDeploymentPolicy, Properties: ct.Properties{"name": "main"}},
			reads: []string{"name"}, loose: `"branches": ["*"]`,
			bad: []change{{path: "name", to: "*", want: "name is *: set it to one of main"}, {path: "name", to: gone{}, want: "name is absent"}}},
		{policy: ghWorkflowToken, good: ct.Resource{Type: ghOrgWorkflowToken, Properties: ct.Properties{"defaultWorkflowPermissions": "read"}},
			bad: []change{{path: "defaultWorkflowPermissions", to: "write", want: "is write: set it to read"}}},
		{policy: ghActionsPinned, good: ct.Resource{Type: ghOrgActions,
			Properties: ct.Properties{"enabledRepositories": "all", "allowedActions": "selected", "shaPinningRequired": true}},
			bad: []change{{path: "shaPinningRequired", to: gone{}, want: "shaPinningRequired is not true"},
				{path: "allowedActions", to: "all", want: "allowedActions is all", unfixable: true}}},
		{policy: ghNoSecretInVariable, good: variable, loose: `"harmless": ["DEPLOY_TOKEN"]`, reads: []string{"variableName"}, bad: []change{
			{path: "variableName", to: "DEPLOY_TOKEN", want: "variableName DEPLOY_TOKEN promises a secret"},
			{path: "value", to: "ghp_0123456789abcdefghijABCDEFGHIJ012345", want: "has the form of a key"}, {path: "value",
				to: ct.Secret{Value: "x"}, want: "is marked as a secret", marked: true},
		}},
		{policy: ghSecretNotPlaintext, good: ct.Resource{Type: ghSecret,
			Properties: ct.Properties{"plaintextValue": ct.Secret{Value: "x"}}}, bad: []change{
			{path: "plaintextValue", to: "x", want: "plaintextValue is in clear text", marked: true}, {path: "value", to: "x",
				want: "value is in clear text", marked: true}}},
		{policy: ghSecretNotPlaintext, good: ct.Resource{Type: "github:index/codespacesSecret:CodespacesSecret"},
			bad: []change{{path: "plaintextValue", to: "x", want: "is in clear text", marked: true}}},
		{policy: ghSecretNotPlaintext, good: ct.Resource{Type: "github:index/dependabotOrganizationSecret:DependabotOrganizationSecret"},
			bad: []change{{path: "plaintextValue", to: "x", want: "is in clear text", marked: true}}},
		{policy: ghActionsPinned, good: ct.Resource{Type: ghActions, Properties: ct.Properties{"allowedActions": "selected",
			"shaPinningRequired": true}},
			reads: []string{"allowedActions", "shaPinningRequired", "enabled"}, bad: []change{
				{path: "shaPinningRequired", to: gone{}, want: "shaPinningRequired is not true"}, {path: "shaPinningRequired", to: false,
					want: "is not true"},
				{path: "allowedActions", to: "all", want: "allowedActions is all", unfixable: true}, {path: "allowedActions", to: gone{},
					want: "allowedActions is all", unfixable: true},
				{path: "allowedActionsConfig.patternsAlloweds", to: []any{"actions/*", "*"}, want: "has *, which allows every action", unfixable: true},
				{path: "allowedActionsConfig.patternsAlloweds", to: []any{"*/*@*"}, want: "has */*@*, which allows every action", unfixable: true}}},
		{policy: ghWorkflowToken, good: ct.Resource{Type: ghWorkflowTokenType, Properties: ct.Properties{"defaultWorkflowPermissions": "read"}},
			reads: []string{"defaultWorkflowPermissions",
				"canApprovePullRequestReviews"}, bad: []change{{path: "defaultWorkflowPermissions", to: "write", want: "is write: set it to read"},
				{path: "defaultWorkflowPermissions", to: gone{}, want: "is absent"}, {path: "canApprovePullRequestReviews", to: true,
					want: "canApprovePullRequestReviews is true"}}},
		{policy: ghMainProtected, good: ruleset, reads: []string{"enforcement", "rules.nonFastForward",
			"rules.requiredStatusChecks.requiredChecks"}, bad: []change{
			{path: "rules.pullRequest.requiredApprovingReviewCount", to: 0, want: "is 0: set it to 1 or more"}, {path: "rules",
				to: gone{}, want: "rules.deletion is not true"},
			{path: "enforcement", to: "evaluate", want: "enforcement is evaluate"}, {path: "rules.requiredStatusChecks", to: gone{},
				want: "name the checks"},
			{path: "bypassActors[0]", to: object{"actorId": 5}, want: "bypassActors[0].bypassMode is always"},
			{path: "bypassActors[0]", to: object{"actorId": 5, "bypassMode": "exempt"}, want: "bypassActors[0].bypassMode is exempt"}}},
		{policy: ghMainProtected, good: protection, loose: `"approvals": 0`, bad: []change{
			{path: "requiredPullRequestReviews[0].requiredApprovingReviewCount", to: 0,
				want: "is 0: set it to 1"}, {path: "allowsForcePushes", to: true, want: "allowsForcePushes is true"},
			{path: "requiredStatusChecks[0].contexts", to: []any{}, want: "requiredStatusChecks[0].contexts is empty: name the checks"},
			{path: "requiredPullRequestReviews[0].pullRequestBypassers", to: []any{"/robot"},
				want: "requiredPullRequestReviews[0].pullRequestBypassers is not empty"},
			{path: "forcePushBypassers", to: []any{"/robot"}, want: "forcePushBypassers is not empty"},
			{path: "enforceAdmins", to: gone{}, want: "enforceAdmins is not true"}, {path: "requiredStatusChecks", to: gone{},
				want: "name the checks"},
			{path: "requiredPullRequestReviews", to: gone{}, want: "requiredPullRequestReviews is empty"}}},
		{policy: ghMainProtected, good: scenario{good: ruleset}.with(change{path: "rules.pullRequest.requireCodeOwnerReview", to: true}),
			config: `"codeOwners": true`, bad: []change{
				{path: "rules.pullRequest.requireCodeOwnerReview", to: gone{}, want: "rules.pullRequest.requireCodeOwnerReview is not true: set it"},
				{path: "rules.pullRequest.requireCodeOwnerReview", to: false, want: "requireCodeOwnerReview is not true"}}},
		{policy: ghMainProtected,
			good: scenario{good: protection}.with(change{path: "requiredPullRequestReviews[0].requireCodeOwnerReviews",
				to: true}), config: `"codeOwners": true`, bad: []change{
				{path: "requiredPullRequestReviews[0].requireCodeOwnerReviews", to: gone{},
					want: "requiredPullRequestReviews[0].requireCodeOwnerReviews is not true: set it"}}},
		{policy: ghMainProtected, good: protectionV3, loose: `"approvals": 0`, bad: []change{
			{path: "requiredPullRequestReviews.requiredApprovingReviewCount", to: 0, want: "is 0: set it to 1"}, {path: "enforceAdmins",
				to: false, want: "enforceAdmins is not true"},
			{path: "requiredStatusChecks", to: object{"strict": true}, want: "is empty: name the checks"},
			{path: "requiredPullRequestReviews.bypassPullRequestAllowances", to: object{"users": []any{"robot"}},
				want: "bypassPullRequestAllowances.users is not empty"}}},
		{policy: ghDeployKey, good: ct.Resource{Type: ghDeployKeyType, Properties: ct.Properties{"readOnly": true}}, reads: []string{"readOnly"},
			bad: []change{{path: "readOnly", to: false, want: "readOnly is false"}}},
		{policy: ghRepoHardening, good: ct.Resource{Type: ghRepositoryType, Properties: ct.Properties{"vulnerabilityAlerts": true,
			"securityAndAnalysis": object{"secretScanningPushProtection": object{"status": "enabled"}}}},
			reads: []string{"vulnerabilityAlerts"}, bad: []change{
				{path: "vulnerabilityAlerts", to: gone{}, want: "vulnerabilityAlerts is not true"}, {path: "securityAndAnalysis", to: gone{},
					want: "is not enabled"}}},
		{policy: ghRepoHardening, good: ct.Resource{Type: ghAlerts, Properties: ct.Properties{"enabled": true}}, reads: []string{"enabled"},
			bad: []change{{path: "enabled", to: false, want: "enabled is not true"}}},
	}
}
