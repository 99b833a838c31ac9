package main

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/policyx"
)

const (
	secret       = "gcp:secretmanager/secret:Secret"
	poolProvider = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
	repository   = "gcp:artifactregistry/repository:Repository"
	github       = "github:index/"
)

var (
	services = []string{"gcp:cloudrun/service:Service", "gcp:cloudrunv2/service:Service"}
	run      = append(slices.Clone(services), "gcp:cloudrunv2/job:Job", "gcp:cloudrunv2/workerPool:WorkerPool")
	iam      = []string{"gcp:projects/iAMMember:IAMMember", "gcp:serviceaccount/iAMMember:IAMMember",
		"gcp:secretmanager/secretIamMember:SecretIamMember", "gcp:cloudrunv2/serviceIamMember:ServiceIamMember",
		"gcp:artifactregistry/repositoryIamMember:RepositoryIamMember"}
	wide = iam[:1]

	secretName  = regexp.MustCompile(`(?i)(secret|token|passw|api_?key|credential|mongodb_uri)`)
	secretValue = regexp.MustCompile(`-----BEGIN|AKIA|ghp_|sk-[A-Za-z0-9]{20}|://[^/\s:@]*:[^/\s:@]+@`)
	pinned      = regexp.MustCompile(`@sha256:[0-9a-f]{64}$`)
)

func not(path, pattern string) check {
	compiled := regexp.MustCompile(pattern)
	return must(func(p property.Map) bool { return !compiled.MatchString(text(p, path, "")) }, path)
}

func atMost(path string, otherwise, limit float64) check {
	return must(func(p property.Map) bool { return number(p, path, otherwise) <= limit }, path)
}

func has(path string) check {
	return must(func(p property.Map) bool { return !get(p, path).IsNull() }, path)
}

func is(path string, otherwise, want bool) check {
	return must(func(p property.Map) bool { return truth(p, path, otherwise) == want }, path)
}

func says(path, want string) check {
	return must(func(p property.Map) bool { return strings.Contains(text(p, path, ""), want) }, path)
}

func mebibytes(p property.Map, path string) float64 {
	amount := text(p, path, "32Gi")
	n := number(p, path, 32)
	if strings.HasSuffix(amount, "Gi") {
		n *= 1024
	}
	return n
}

func environment(bad func(name string, variable property.Map) bool) check {
	return each(func(container property.Map, report func(string)) {
		variables := get(container, "envs")
		if !variables.IsArray() {
			return
		}
		for _, v := range variables.AsArray().All {
			if v.IsMap() && bad(text(v.AsMap(), "name", ""), v.AsMap()) {
				report("a secret in the clear")
			}
		}
	})
}

func resourceRules() []policyx.Policy {
	labels := must(func(p property.Map) bool {
		return text(p, "labels.environment", "") != "" && text(p, "labels.app", "") != "" && text(p, "labels.managed-by", "") != ""
	}, "labels")
	return []policyx.Policy{
		rule("cloud-run-max-instances", services, atMost("template.scaling.maxInstanceCount", 1000, 5)),
		rule("secret-manager-auto-replication", []string{secret}, has("replication.auto")),
		rule("cloud-run-non-root-user", run, each(says("image", "procureflow"))),
		rule("min-instances", services, atMost("template.scaling.minInstanceCount", 0, 1)),
		rule("cpu-idle", services, each(is("resources.cpuIdle", false, true))),
		rule("limits-cpu", run, each(atMost("resources.limits.cpu", 8, 2))),
		rule("limits-memory", run, each(must(func(p property.Map) bool { return mebibytes(p, "resources.limits.memory") <= 2048 }, "memory"))),
		rule("timeout", services, atMost("template.timeout", 300, 900)),
		rule("concurrency", services, atMost("template.maxInstanceRequestConcurrency", 80, 250)),
		rule("job-tasks", run[2:3], atMost("template.taskCount", 1, 10)),
		rule("job-retries", run[2:3], atMost("template.template.maxRetries", 3, 3)),
		rule("ingress", services, says("ingress", "INTERNAL")),
		rule("no-public-invoker", services, is("invokerIamDisabled", false, false)),
		rule("no-public-member", iam, not("member", `(?i)^all(Authenticated)?Users$`)),
		rule("dedicated-account", run, must(func(p property.Map) bool {
			return !strings.Contains(text(p, "template.serviceAccount", "-compute@"), "-compute@")
		}, "account")),
		rule("no-plaintext-secrets", run, environment(func(name string, v property.Map) bool {
			return secretName.MatchString(name) && get(v, "valueSource").IsNull()
		})),
		rule("no-keys-in-values", run, environment(func(_ string, v property.Map) bool { return secretValue.MatchString(text(v, "value", "")) })),
		rule("startup-probe", services, each(has("startupProbe"))),
		rule("liveness-probe", services, each(has("livenessProbe"))),
		rule("deletion-protection", run, is("deletionProtection", true, true)),
		rule("image-pinned", run, each(must(func(p property.Map) bool { return pinned.MatchString(text(p, "image", "")) }, "pin"))),
		rule("image-registry", run, each(says("image", "us-central1-docker.pkg.dev/procureflow-"))),
		rule("binauthz", run, has("binaryAuthorization")),
		rule("binauthz-default-deny", []string{"gcp:binaryauthorization/policy:Policy"},
			not("defaultAdmissionRule.evaluationMode", "^ALWAYS_ALLOW$")),
		rule("labels", append(slices.Clone(run), secret), labels),
		rule("regions", append(slices.Clone(run), repository), says("location", "us-central1")),
		rule("no-keys", []string{"gcp:serviceaccount/key:Key"}, func(_ property.Map, report func(string)) { report("key") }),
		rule("no-basic-roles", iam, not("role", `(?i)^roles/(owner|editor|viewer)$`)),
		rule("no-admin", wide, not("role", `(?i)admin`)),
		rule("no-project-impersonation", wide, not("role", `(?i)serviceAccount(User|TokenCreator)`)),
		rule("no-default-account", iam, not("member", `-compute@|@appspot`)),
		rule("no-direct-user", iam, not("member", `(?i)^user:`)),
		rule("secret-scoped-access", wide, not("role", `(?i)secretAccessor`)),
		rule("wif-condition", []string{poolProvider}, has("attributeCondition")),
		rule("wif-pinned", []string{poolProvider}, says("attributeCondition", "repository_id ==")),
		rule("wif-narrow", iam, not("member", `workloadIdentityPools/[^/]+/\*`)),
		rule("ar-immutable", []string{repository}, is("dockerConfig.immutableTags", false, true)),
		rule("ar-cleanup", []string{repository}, must(func(p property.Map) bool {
			policies := get(p, "cleanupPolicies")
			return policies.IsArray() && policies.AsArray().Len() > 1
		}, "clean-up")),
		rule("bucket", []string{"gcp:storage/bucket:Bucket"}, says("publicAccessPrevention", "enforced")),
		rule("sql", []string{"gcp:sql/databaseInstance:DatabaseInstance"}, is("settings.ipConfiguration.ipv4Enabled", true, false)),
		rule("gh-env", []string{github + "repositoryEnvironment:RepositoryEnvironment"}, is("preventSelfReview", false, true)),
		rule("gh-branch", []string{github + "repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy"},
			says("branchPattern", "main")),
		rule("gh-variable", []string{github + "actionsEnvironmentVariable:ActionsEnvironmentVariable"},
			not("variableName", `(?i)(secret|token|passw)`)),
		rule("gh-actions", []string{github + "actionsRepositoryPermissions:ActionsRepositoryPermissions"}, says("allowedActions", "selected")),
	}
}

func stackRule(name string, do func(all []policyx.AnalyzerResource, report func(message, urn string))) policyx.Policy {
	return policyx.NewStackValidationPolicy(name, policyx.StackValidationPolicyArgs{
		Description: name, EnforcementLevel: policyx.EnforcementLevelMandatory,
		ValidateStack: func(_ context.Context, args policyx.StackValidationArgs) error {
			do(args.Resources, args.Manager.ReportViolation)
			return nil
		},
	})
}

func needs(name string, types []string, needed string) policyx.Policy {
	return stackRule(name, func(all []policyx.AnalyzerResource, report func(message, urn string)) {
		of := func(types []string) bool {
			return slices.ContainsFunc(all, func(r policyx.AnalyzerResource) bool { return slices.Contains(types, r.Type) })
		}
		if of(types) && !of([]string{needed}) {
			report(name+" needs "+needed, "")
		}
	})
}

func stackRules() []policyx.Policy {
	environments := github + "repositoryEnvironment:RepositoryEnvironment"
	return []policyx.Policy{
		needs("budget-exists", run, "gcp:billing/budget:Budget"),
		needs("uptime-exists", services, "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig"),
		needs("two-person", []string{environments}, environments),
		stackRule("traffic-owner", func(all []policyx.AnalyzerResource, report func(message, urn string)) {
			for _, r := range all {
				if slices.Contains(services, r.Type) && !slices.Contains(r.Options.IgnoreChanges, "traffics") {
					report("traffic", r.URN)
				}
			}
		}),
		stackRule("worst-case-cost", func(all []policyx.AnalyzerResource, report func(message, urn string)) {
			sum := 0.0
			for _, r := range all {
				if slices.Contains(services, r.Type) {
					sum += number(r.Properties, "template.scaling.maxInstanceCount", 1000) * 66
				}
			}
			if sum > 150 {
				report(fmt.Sprintf("USD %v", sum), "")
			}
		}),
		stackRule("separation-of-duties", func(all []policyx.AnalyzerResource, report func(message, urn string)) {
			admins := map[string]bool{}
			for _, r := range all {
				if text(r.Properties, "role", "") == "roles/iam.serviceAccountAdmin" {
					admins[text(r.Properties, "member", "")] = true
				}
			}
			for _, r := range all {
				if text(r.Properties, "role", "") == "roles/iam.serviceAccountUser" && admins[text(r.Properties, "member", "")] {
					report("duties", r.URN)
				}
			}
		}),
	}
}
