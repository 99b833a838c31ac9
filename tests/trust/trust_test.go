// Package trust_test shows tokens of GitHub Actions to every stack's providers, as the program deploys them, and compares who
// each could become with what is written here by hand.
package trust_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/infra/program"
	"github.com/guiofsaints/procureflow-platform/sandbox/trust"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

var root = filepath.Join("..", "..")

// application is the folder of the tests' own application.
var application = filepath.Join(root, "tests", "application")

// settings returns a stack's committed settings with values instead of stand-ins.
func settings(t *testing.T, stack string) []byte {
	t.Helper()
	document, err := stacks.Filled(application, stack)
	require.NoError(t, err)
	return document
}

// deployed returns what a stack's program deploys with these settings.
func deployed(t *testing.T, stack string) trust.Deployed {
	t.Helper()
	deployed, err := trust.Deploy(program.In(application), application, stack, settings(t, stack))
	require.NoError(t, err)
	return deployed
}

// claims are a token's claims.
type claims map[string]any

// with returns a copy with other values of claims; nil removes a claim.
func (c claims) with(changes claims) claims {
	changed := maps.Clone(c)
	for name, value := range changes {
		if value == nil {
			delete(changed, name)
		} else {
			changed[name] = value
		}
	}
	return changed
}

const (
	mainRef   = "refs/heads/main"
	workflows = "guiofsaints/procureflow/.github/workflows/"
)

// run returns the claims of a job of a workflow file of the repository on main, without an environment.
func run(file string) claims {
	return claims{
		"iss": "https://token.actions.githubusercontent.com", "sub": "repo:guiofsaints/procureflow:ref:refs/heads/main",
		"repository": "guiofsaints/procureflow", "repository_id": "100000001",
		"repository_owner": "guiofsaints", "repository_owner_id": "10000001", "repository_visibility": "private",
		"ref": mainRef, "ref_type": "branch", "ref_protected": "true", "base_ref": "", "head_ref": "",
		"event_name": "push", "actor": "guiofsaints", "actor_id": "10000001", "sha": strings.Repeat("1", 40),
		"run_id": "12345678901", "run_number": "42", "run_attempt": "1", "runner_environment": "github-hosted",
		"workflow": file, "workflow_ref": workflows + file + "@" + mainRef, "job_workflow_ref": workflows + file + "@" + mainRef,
	}
}

// in returns the claims of a job in an environment, in a run that somebody started by hand.
func in(environment, file string) claims {
	return run(file).with(claims{"event_name": "workflow_dispatch", "environment": environment,
		"sub": "repo:guiofsaints/procureflow:environment:" + environment})
}

// on returns the same job in a run of another ref, with that ref's workflow file.
func (c claims) on(ref string) claims {
	file := strings.TrimPrefix(strings.TrimSuffix(c["workflow_ref"].(string), "@"+mainRef), workflows)
	return c.with(claims{"ref": ref, "workflow_ref": workflows + file + "@" + ref, "job_workflow_ref": workflows + file + "@" + ref})
}

// calls returns a job in a reusable workflow that the run's file calls.
func (c claims) calls(workflowRef string) claims {
	return c.with(claims{"job_workflow_ref": workflowRef})
}

// promote returns the promotion's job in a run of deploy.yml.
func promote(environment string) claims {
	return in(environment, "deploy.yml").calls(workflows + "promote.yml@" + mainRef)
}

// pull returns a job of a pull request.
func pull(file string) claims {
	return run(file).on("refs/pull/7/merge").with(claims{"event_name": "pull_request", "base_ref": "main", "head_ref": "topic",
		"ref_protected": "false"})
}

// token is a case of the battery. Each token is tried at every provider of its stack, with that provider's audience unless the
// claims name one.
type token struct {
	name, stack string
	claims      claims
	// want lists the providers that accept the token, each with the accounts that it can become through it, or "nobody".
	want []string
	// because is a part of the reason for a refusal, for tokens that no provider accepts.
	because string
}

func TestTokensAndTheirAccounts(t *testing.T) {
	t.Parallel()
	all := map[string]doors{}
	for _, stack := range []string{"dev", "staging", "prod"} {
		all[stack] = open(t, deployed(t, stack))
	}
	seen := map[string]bool{}
	for _, test := range battery {
		name := test.stack + ": " + test.name
		require.False(t, seen[name], "two cases are called %s", name)
		seen[name] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, reasons := all[test.stack].try(t, test)
			assert.Equal(t, test.want, got, reasons)
			if test.because != "" {
				assert.Empty(t, test.want)
				assert.Contains(t, reasons, test.because)
			}
		})
	}
	assert.GreaterOrEqual(t, len(seen), 60)
}

// doors are the deployed providers, ready to be tried.
type doors struct {
	*trust.Simulator
	// providers are their names.
	providers []string
}

func open(t *testing.T, deployed trust.Deployed) doors {
	t.Helper()
	simulator, err := trust.New(deployed)
	require.NoError(t, err)
	opened := doors{Simulator: simulator}
	for _, provider := range deployed.Providers {
		opened.providers = append(opened.providers, provider.Name)
	}
	return opened
}

// try shows the token to every provider, and returns the answers with their reasons.
func (d doors) try(t *testing.T, test token) (got []string, reasons string) {
	t.Helper()
	for _, provider := range d.providers {
		shown := test.claims
		if _, given := shown["aud"]; !given {
			shown = shown.with(claims{"aud": "https://iam.googleapis.com/" + provider})
		}
		_, id, _ := strings.Cut(provider, "/providers/")
		answer := d.Exchange(shown)
		require.Equal(t, answer.Identities, d.Identities(shown))
		got = append(got, summary(id, answer)...)
		reasons += reasonOf(t, id, answer) + "\n"
	}
	return got, reasons
}

// TestBatteryNoticesHoles widens the deployed trust, one way at a time, and names the cases that have to fail then.
func TestBatteryNoticesHoles(t *testing.T) {
	t.Parallel()
	const composite = " + ':' + assertion.ref + ':' + (has(assertion.job_workflow_ref) ? assertion.job_workflow_ref : 'none')"
	cut := func(text string) func(*trust.Deployed) {
		return func(of *trust.Deployed) {
			for i := range of.Providers {
				of.Providers[i].Condition = strings.Replace(of.Providers[i].Condition, text, "true", 1)
			}
		}
	}
	for name, test := range map[string]struct {
		stack string
		widen func(*trust.Deployed)
		// noticed are names of cases that fail then, among others.
		noticed []string
	}{
		"bound by the environment alone": {"dev", func(of *trust.Deployed) {
			for i := range of.Providers {
				mapping := maps.Clone(of.Providers[i].Mapping)
				mapping["attribute.env_workflow"] = strings.ReplaceAll(mapping["attribute.env_workflow"], composite, "")
				of.Providers[i].Mapping = mapping
			}
			for i, membership := range of.Memberships {
				if before, _, ok := strings.Cut(membership.Member, ":"+mainRef); ok {
					of.Memberships[i].Member = before
				}
			}
		}, []string{"another workflow in the environment", "a release on request from another branch"}},
		"the run's ref left out": {"dev", func(of *trust.Deployed) {
			for i := range of.Providers {
				mapping := maps.Clone(of.Providers[i].Mapping)
				mapping["attribute.env_workflow"] = strings.ReplaceAll(mapping["attribute.env_workflow"], " + ':' + assertion.ref", "")
				of.Providers[i].Mapping = mapping
			}
			for i := range of.Memberships {
				of.Memberships[i].Member = strings.Replace(of.Memberships[i].Member, ":"+mainRef+":", ":", 1)
			}
		}, []string{"a branch calls main's CI", "a branch calls main's deploy.yml"}},
		"any owner": {"prod", cut("assertion.repository_owner_id == '10000001'"),
			[]string{"the repository, given to another owner"}},
		"any repository": {"dev", cut("assertion.repository_id == '100000001'"), []string{"another repository of the owner"}},
		"a pull request's target": {"dev", cut("assertion.event_name in ['pull_request', 'push', 'schedule', 'workflow_dispatch']"),
			[]string{"CI of a pull request's target", "CI of a comment"}},
		"a release by a push": {"prod", cut("assertion.event_name in ['workflow_dispatch']"), []string{"a release by a push"}},
		"any runner": {"dev", cut("assertion.runner_environment == 'github-hosted'"),
			[]string{"a self-hosted runner", "a release on a self-hosted runner"}},
		"an environment called none": {"dev", cut("(!has(assertion.environment) || assertion.environment != 'none')"), []string{
			"an environment called none", "CI in an environment called none",
		}},
		"any environment": {"prod", cut("assertion.environment == 'production'"),
			[]string{"a release after the first gate only", "the environment in another case"}},
		"any audience": {"prod", func(of *trust.Deployed) {
			for i := range of.Providers {
				of.Providers[i].Audiences = []string{"https://github.com/guiofsaints", "https://iam.googleapis.com/" + of.Providers[i].Name}
			}
		}, []string{"GitHub's default audience"}},
		"another issuer": {"prod", func(of *trust.Deployed) {
			for i := range of.Providers {
				of.Providers[i].Issuer = "https://github.example.com/_services/token"
			}
		}, []string{"a GitHub Enterprise Server", "a release"}},
		"the whole pool": {"dev", func(of *trust.Deployed) {
			for i, membership := range of.Memberships {
				if pool, _, ok := strings.Cut(membership.Member, "/attribute."); ok {
					of.Memberships[i].Member = pool + "/*"
				}
			}
		}, []string{"CI of a pull request", "an empty environment"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			of := deployed(t, test.stack)
			test.widen(&of)
			widened := open(t, of)
			var noticed []string
			for _, token := range battery {
				if token.stack != test.stack {
					continue
				}
				if got, _ := widened.try(t, token); !slices.Equal(got, token.want) {
					noticed = append(noticed, token.name)
				}
			}
			assert.Subset(t, noticed, test.noticed)
		})
	}
}

// summary describes a provider's answer to a token in the battery's words; nothing if it refuses.
func summary(provider string, answer trust.Answer) []string {
	var accepted bool
	for _, verdict := range answer.Verdicts {
		accepted = accepted || verdict.Provider == provider && verdict.Accepted
	}
	if !accepted {
		return nil
	}
	var accounts []string
	for _, identity := range answer.Identities {
		if identity.Provider == provider {
			name, _, _ := strings.Cut(strings.TrimPrefix(identity.Account, "github-actions-"), "@")
			accounts = append(accounts, name)
		}
	}
	if accounts == nil {
		accounts = []string{"nobody"}
	}
	return []string{provider + ": " + strings.Join(accounts, ", ")}
}

func reasonOf(t *testing.T, provider string, answer trust.Answer) string {
	t.Helper()
	for _, verdict := range answer.Verdicts {
		if verdict.Provider == provider {
			return provider + ": " + verdict.Reason
		}
	}
	t.Fatalf("no verdict of %s", provider)
	return ""
}
