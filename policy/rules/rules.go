// Package rules is the platform's policy pack. Each rule has its own file; this file has the table of all rules.
package rules

import (
	"time"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// docsURL is the address of the generated page that describes every rule, under a heading with the rule's name.
const docsURL = "https://github.com/guiofsaints/procureflow-platform/blob/main/docs/policies.md"

// table returns every rule, in the order of the documentation.
func table() []crossguard.Policy {
	return []crossguard.Policy{
		// Cloud Run: cost
		runMaxInstances, runMinInstances, runCPUIdle, runResourceLimits, runTimeoutConcurrency, jobBounds, worstCaseCost, budgetExists,
		// Cloud Run: safety
		runNoPublicInvoker, runIngress, runDedicatedSA, runNoPlaintextSecrets, runSecretPinned, runNonRoot, runProbes, runDeletionProtection,
		trafficOwner, uptimeExists, runPreview,
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
		// newrule lists the next one here
	}
}

// Pack returns the pack that policy/main.go serves.
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
		Description: "Rules for the platform's stacks: cost caps, access without keys, images by digest, reviewed deployments.",
		Readme:      "Rules, levels and options: " + docsURL,
		Provider:    "gcp",
		Repository:  "https://github.com/guiofsaints/procureflow-platform",
		Tags:        []string{"gcp", "github", "cloud-run", "cost", "security"},
		Enforcement: crossguard.Advisory,
		Canonical:   canonical(knownTypes(policies)),
		Floor:       crossguard.High,
		// Half a year. After that time, somebody else may be responsible for the exemption.
		LongestExemption: 180 * 24 * time.Hour,
		Policies:         policies,
	}
}
