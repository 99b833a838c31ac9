// Package rules is the platform's policy pack: one rule a file, and this table of them.
package rules

import (
	"time"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// docsURL is the generated page that describes every rule under a heading of its name.
const docsURL = "https://github.com/guiofsaints/procureflow-platform/blob/main/docs/policies.md"

// table has every rule. The order is that of the documentation.
func table() []crossguard.Policy {
	return []crossguard.Policy{
		// Cloud Run: cost
		runMaxInstances, runMinInstances, runCPUIdle, runResourceLimits, runTimeoutConcurrency, jobBounds, worstCaseCost, budgetExists,
		// Cloud Run: safety
		runNoPublicInvoker, runIngress, runDedicatedSA, runNoPlaintextSecrets, runSecretPinned, runNonRoot, runProbes, runDeletionProtection,
		trafficOwner, uptimeExists,
		// Supply chain
		runImagePinned, runImageRegistry, runBinauthz, binauthzDefaultDeny, arNotPublic, arImmutableCleanup,
		// Identity and access
		saNoKeys, iamNoBasicRoles, iamSANoAdmin, iamNoProjectImpersonation, iamNoDefaultSA, iamNoDirectUser, iamSeparationDuties,
		iamNoAuthoritative, secretScopedAccess, wifCondition, wifGitHubPinned, wifBindingNarrow,
		// Data and operations
		secretAutoReplication, requiredLabels, allowedRegions, bucketHardening, sqlHardening,
		// GitHub
		ghEnvProtected, ghBranchPolicy, twoPersonProd, ghNoSecretInVariable, ghSecretNotPlaintext, ghActionsPinned, ghWorkflowToken,
		ghMainProtected, ghDeployKey, ghRepoHardening,
	}
}

// Pack is the pack that policy/main.go serves.
func Pack() crossguard.Pack {
	policies := table()
	for i := range policies {
		policies[i] = readable(policies[i])
		policies[i].URL = docsURL + "#" + policies[i].Name
	}
	return crossguard.Pack{
		Name:        "procureflow",
		Version:     "1.0.0",
		DisplayName: "ProcureFlow platform",
		Description: "What the platform's stacks may and may not be: cost caps, keyless access, pinned images, reviewed deployments.",
		Readme:      "Rules, levels and options: " + docsURL,
		Provider:    "gcp",
		Repository:  "https://github.com/guiofsaints/procureflow-platform",
		Tags:        []string{"gcp", "github", "cloud-run", "cost", "security"},
		Enforcement: crossguard.Advisory,
		Canonical:   canonical(knownTypes(policies)),
		Floor:       crossguard.High,
		// Half a year: by then somebody else may have to live with it.
		LongestExemption: 180 * 24 * time.Hour,
		Policies:         policies,
	}
}
