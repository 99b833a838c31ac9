package trust_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestNoOtherClaimsMakeADeployment draws tokens whose claims borrow each other's parts and separators. It compares who they become
// in dev, where only bindings tell jobs apart, with the rule in plain Go.
func TestNoOtherClaimsMakeADeployment(t *testing.T) {
	t.Parallel()
	dev := open(t, deployed(t, "dev"))
	deploy, ci := workflows+"deploy.yml@"+mainRef, workflows+"build.yml@"+mainRef
	parts := []string{"dev", "none", mainRef, deploy, ci, "refs/heads/topic", "100000001", ":", "/", "*", "", " ", "@" + mainRef}
	joined := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 1, 5).Draw(t, "parts"),
			rapid.SampledFrom([]string{"", ":"}).Draw(t, "separator"))
	})
	rapid.Check(t, func(rt *rapid.T) {
		token := in("dev", "deploy.yml")
		for _, claim := range []struct {
			name     string
			expected []string
		}{
			{"repository_id", []string{"100000001"}}, {"environment", []string{"dev", "none"}}, {"ref", []string{mainRef}},
			{"job_workflow_ref", []string{deploy, ci}},
		} {
			token[claim.name] = rapid.SampledFrom(claim.expected).Draw(rt, claim.name)
			if rapid.IntRange(0, 3).Draw(rt, claim.name+" is odd") == 0 {
				token[claim.name] = joined.Draw(rt, claim.name+" drawn")
			}
		}
		if rapid.Bool().Draw(rt, "in no environment") {
			delete(token, "environment")
		}
		environment, has := token["environment"]
		if !has {
			environment = "none"
		}
		var want []string
		// An environment whose name stands for no environment is refused by the provider.
		if token["repository_id"] == "100000001" && (!has || environment != "none") {
			var accounts []string
			if environment == "none" && token["ref"] == mainRef && token["job_workflow_ref"] == ci {
				accounts = append(accounts, "ci")
			}
			if environment == "dev" && token["ref"] == mainRef && token["job_workflow_ref"] == deploy {
				accounts = append(accounts, "deploy")
			}
			if environment == "none" {
				accounts = append(accounts, "preview")
			}
			if accounts == nil {
				accounts = []string{"nobody"}
			}
			want = []string{"github-oidc: " + strings.Join(accounts, ", ")}
		}
		got, reasons := dev.try(t, shownWith(token))
		require.Equal(rt, want, got, reasons)
	})
}

// shownWith returns a token with these claims.
func shownWith(claims claims) token { return token{claims: claims} }
