// Package authority says who can do what in a stack, as facts that can be compared. The facts are: which GitHub jobs can become which
// accounts, by the deployed expressions; the roles of each account, and the rights that it reaches in several steps; the services that
// the internet reaches; the secrets that each service reads; and the protections.
package authority

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/plural"
	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
	"github.com/guiofsaints/procureflow-platform/sandbox/trust"
)

// Of returns the facts about a stack's resources. words are the parts from which test tokens are made. A comparison uses the words of
// both its sides for each side, so that both get the same questions.
func Of(resources []inventory.Resource, words TokenParts) ([]review.Fact, error) {
	deployed, err := trust.Read(resources)
	if err != nil {
		return nil, err
	}
	facts, err := becomes(deployed, words)
	if err != nil {
		return nil, err
	}
	held, accounts := Holdings(resources)
	facts = append(facts, reaches(held, accounts)...)
	facts = append(facts, holds(deployed, resources)...)
	facts = append(facts, internet(deployed, resources)...)
	facts = append(facts, reads(resources)...)
	facts = append(facts, guards(resources)...)
	return facts, nil
}

// accountOf returns the name of an account: of the stack's own the part of its address before the @, and of every other account the whole
// address, because the accounts of two projects may have the same name.
func accountOf(email string, own []string) string {
	name, _, _ := strings.Cut(email, "@")
	if !slices.Contains(own, email) {
		return email
	}
	return name
}

// ofPool matches the jobs that share an attribute, as a grant names them.
var ofPool = regexp.MustCompile(`^principalSet://iam\.googleapis\.com/(projects/[0-9]+/locations/global/workloadIdentityPools/([^/]+))/` +
	`attribute\.([a-z_]+)/(.*)$`)

// holds returns every membership, and the permissions of the custom roles.
func holds(deployed trust.Deployed, resources []inventory.Resource) (facts []review.Fact) {
	for _, m := range deployed.Memberships {
		if strings.HasPrefix(m.Member, "allUsers") || strings.HasPrefix(m.Member, "allAuthenticatedUsers") {
			continue // The function internet lists these.
		}
		who := m.Member
		if email, is := strings.CutPrefix(who, "serviceAccount:"); is {
			who = accountOf(email, deployed.Accounts)
		} else if found := ofPool.FindStringSubmatch(who); found != nil {
			pool := found[1] // Another project may have a pool of the same name.
			if slices.ContainsFunc(deployed.Providers, func(p trust.Provider) bool { return strings.HasPrefix(p.Name, pool+"/providers/") }) {
				pool = found[2]
			}
			who = fmt.Sprintf("a job whose %s in the pool %s is %s", found[3], pool, found[4])
		}
		text := fmt.Sprintf("%s on %s", m.Role, m.Scope)
		if m.Condition != "" {
			text += " if " + m.Condition
		}
		facts = append(facts, review.Fact{Kind: review.Holds, Subject: who, Text: text})
	}
	for _, r := range resources {
		if r.Type != customRole {
			continue
		}
		permissions, _ := r.At("permissions").([]any)
		for _, permission := range permissions {
			facts = append(facts, review.Fact{Kind: review.Holds, Subject: "role " + r.Words("roleId"), Text: fmt.Sprint(permission)})
		}
	}
	return facts
}

// internet returns what anybody can reach without an account.
func internet(deployed trust.Deployed, resources []inventory.Resource) (facts []review.Fact) {
	fact := func(subject, format string, arguments ...any) {
		facts = append(facts, review.Fact{Kind: review.Internet, Subject: subject, Text: fmt.Sprintf(format, arguments...)})
	}
	for _, m := range deployed.Memberships {
		switch m.Member {
		case "allUsers":
			fact(m.Scope, "anybody holds %s", m.Role)
		case "allAuthenticatedUsers":
			fact(m.Scope, "anybody with an account at Google holds %s", m.Role)
		}
	}
	for _, r := range resources {
		if r.Type == instanceType && r.At("settings", "ipConfiguration", "ipv4Enabled") != false {
			fact("database server "+r.Words("name"), "it has an address on the internet")
			for _, network := range r.Items("settings", "ipConfiguration", "authorizedNetworks") {
				fact("database server "+r.Words("name"), "%s connects without a grant of IAM", network.Words("value"))
			}
		}
		if r.Type != serviceType {
			continue
		}
		if r.At("invokerIamDisabled") == true {
			fact("service "+r.Words("name"), "callers need no identity")
		}
		switch ingress := r.Text("ingress"); ingress {
		case "INGRESS_TRAFFIC_INTERNAL_ONLY":
		case "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER":
			fact("service "+r.Words("name"), "its address answers through a load balancer")
		default:
			fact("service "+r.Words("name"), "its address answers from everywhere")
		}
	}
	return facts
}

const (
	serviceType  = "gcp:cloudrunv2/service:Service"
	jobType      = "gcp:cloudrunv2/job:Job"
	instanceType = "gcp:sql/databaseInstance:DatabaseInstance"
	customRole   = "gcp:projects/iAMCustomRole:IAMCustomRole"
)

// reads returns the secrets that services and jobs get.
func reads(resources []inventory.Resource) (facts []review.Fact) {
	for _, r := range resources {
		template := []string{"template"}
		if r.Type == jobType {
			template = []string{"template", "template"}
		} else if r.Type != serviceType {
			continue
		}
		read := func(secret, as string) {
			if secret != "" {
				facts = append(facts, review.Fact{Kind: review.Reads, Subject: r.Words("name"),
					Text: fmt.Sprintf("the secret %s as %s", secret[strings.LastIndexByte(secret, '/')+1:], as)})
			}
		}
		for _, container := range r.Items(append(template, "containers")...) {
			for _, variable := range container.Items("envs") {
				read(variable.Words("valueSource", "secretKeyRef", "secret"), variable.Words("name"))
			}
		}
		for _, volume := range r.Items(append(template, "volumes")...) {
			read(volume.Words("secret", "secret"), "the volume "+volume.Words("name"))
		}
	}
	return facts
}

// guards returns what stands in the way: approvals, rules of branches and tags, signatures, protection from deletion.
func guards(resources []inventory.Resource) (facts []review.Fact) {
	guard := func(subject, text string, level float64) {
		facts = append(facts, review.Fact{Kind: review.Guard, Subject: subject, Text: text, Level: level})
	}
	for _, r := range resources {
		switch r.Type {
		case "github:index/repositoryEnvironment:RepositoryEnvironment":
			environmentGuards(r, guard)
		case "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy":
			guard("environment "+r.Words("environment")+", branches "+r.Words("branchPattern"),
				"deployments come from "+r.Words("branchPattern")+" only", 0)
		case "github:index/repositoryRuleset:RepositoryRuleset":
			rulesetGuards(r, guard)
		case "github:index/actionsRepositoryPermissions:ActionsRepositoryPermissions":
			if r.At("shaPinningRequired") == true {
				guard("actions", "are pinned to commits", 0)
			}
			if r.Text("allowedActions") != "all" && r.Text("allowedActions") != "" {
				guard("actions", "only those that are listed run", 0)
			}
			patterns, _ := r.At("allowedActionsConfig", "patternsAlloweds").([]any)
			for _, pattern := range patterns {
				facts = append(facts, review.Fact{Kind: review.Holds, Subject: "workflows", Text: "the use of the action " + fmt.Sprint(pattern)})
			}
		case serviceType, jobType:
			of := map[string]string{serviceType: "service ", jobType: "job "}[r.Type] + r.Words("name")
			if r.At("deletionProtection") == true {
				guard(of+", deletion", "it is not deleted or replaced", 0)
			}
			if r.At("binaryAuthorization", "useDefault") == true {
				guard(of+", images", "only images that the project's policy admits start", 0)
			}
		case instanceType:
			if r.At("deletionProtection") == true {
				guard("database server "+r.Words("name")+", deletion", "it is not deleted or replaced", 0)
			}
		case "gcp:binaryauthorization/policy:Policy":
			mode := r.Words("defaultAdmissionRule", "evaluationMode")
			guard("images of the project", "an image has to pass "+mode, map[string]float64{"ALWAYS_ALLOW": 0, "REQUIRE_ATTESTATION": 1,
				"ALWAYS_DENY": 2}[mode])
			for _, pattern := range r.Items("admissionWhitelistPatterns") {
				facts = append(facts, review.Fact{Kind: review.Holds, Subject: "images",
					Text: "exempt from signatures: " + fmt.Sprint(pattern.At("namePattern"))})
			}
		}
	}
	return facts
}

func environmentGuards(r inventory.Resource, guard func(subject, text string, level float64)) {
	of := "environment " + r.Words("environment")
	var people []string
	for _, entry := range r.Items("reviewers") {
		for _, kind := range []string{"users", "teams"} {
			ids, _ := entry.At(kind).([]any)
			for _, id := range ids {
				people = append(people, fmt.Sprintf("%s %v", strings.TrimSuffix(kind, "s"), number(id)))
			}
		}
	}
	slices.Sort(people)
	if len(people) > 0 {
		guard(of+", approval", "one of these approves: "+strings.Join(people, ", "), 0)
	}
	if wait := r.Number("waitTimer"); wait > 0 {
		guard(of+", waiting", plural.Of(int(wait), "minute passes", "minutes pass"), wait)
	}
	if r.At("preventSelfReview") == true {
		guard(of+", self-approval", "nobody approves what they started", 0)
	}
	if r.At("canAdminsBypass") == false {
		guard(of+", administrators", "they wait like everybody else", 0)
	}
	if r.At("deploymentBranchPolicy") != nil {
		guard(of+", branches", "not every branch deploys", 0)
	}
}

// number writes an id without an exponent, whether it was read as a number or as text.
func number(value any) string {
	if float, ok := value.(float64); ok {
		return fmt.Sprintf("%.0f", float)
	}
	return fmt.Sprint(value)
}

func rulesetGuards(r inventory.Resource, guard func(subject, text string, level float64)) {
	if enforcement := r.Words("enforcement"); enforcement != "" && enforcement != "active" {
		return // The guard requires nothing.
	}
	includes, _ := r.At("conditions", "refName", "includes").([]any)
	for _, include := range includes {
		of := fmt.Sprint(include)
		rules := inventory.Resource{}
		rules.Inputs, _ = r.At("rules").(map[string]any)
		for _, rule := range []struct{ key, text string }{
			{"creation", "only administrators create it"}, {"update", "only administrators move it"}, {"deletion", "nobody deletes it"},
			{"nonFastForward", "nobody rewrites it"}, {"requiredSignatures", "commits are signed"}, {"requiredLinearHistory",
				"its history is linear"},
		} {
			if rules.At(rule.key) == true {
				guard(of+", "+rule.key, rule.text, 0)
			}
		}
		if approvals := rules.Number("pullRequest", "requiredApprovingReviewCount"); rules.At("pullRequest") != nil {
			text := "a change needs a pull request with " + plural.Of(int(approvals), "approval", "approvals")
			guard(of+", pull request", text, approvals)
		}
		for _, rule := range []struct{ key, text string }{
			{"requireCodeOwnerReview", "a code owner approves"}, {"requireLastPushApproval", "the last push is approved by somebody else"},
			{"dismissStaleReviewsOnPush", "a push takes approvals away"}, {"requiredReviewThreadResolution", "threads are resolved"},
		} {
			if rules.At("pullRequest", rule.key) == true {
				guard(of+", "+rule.key, rule.text, 0)
			}
		}
		for _, check := range rules.Items("requiredStatusChecks", "requiredChecks") {
			name := fmt.Sprint(check.At("context"))
			guard(of+", check "+name, "the check "+name+" passes", 0)
		}
	}
	bypass, _ := r.At("bypassActors").([]any)
	if len(bypass) == 0 {
		guard("ruleset "+r.Words("name"), "nobody can bypass it", 0)
	}
}
