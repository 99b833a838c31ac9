package rules

import (
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var iamSeparationDuties = crossguard.Policy{
	Name:             "iam-separation-duties",
	Description:      "Nobody may both make a project's service accounts and act as them, or both manage its keys and use them.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.High,
	Framework:        cis("1.8", "Ensure that separation of duties is enforced while assigning service account related roles to users"),
	Tags:             []string{"security", "iam"},
	RemediationSteps: "Give one of the two roles to somebody else.",
	Types:            wideIAM,
	CheckStack: func(s *crossguard.Stack) {
		held := map[string][]string{} // by member in lower case; roles as the program writes them
		s.Each(wideIAM, func(r *crossguard.Resource) {
			grant{role: roles(flatten(apart)...)}.each(r, func(role, member string) {
				principal := strings.ToLower(member)
				for _, other := range held[principal] {
					if mustBeApart(role, other) {
						r.Violation("%s has %s and %s: give one of them to somebody else", member, role, other)
					}
				}
				held[principal] = append(held[principal], role)
			})
		})
	},
}

// apart lists pairs of roles that nobody may hold together.
var apart = slices.Concat(
	pairs("roles/iam.serviceaccountadmin", "roles/iam.serviceaccountuser", "roles/iam.serviceaccounttokencreator",
		"roles/iam.serviceaccountopenidtokencreator", "roles/iam.serviceaccountshorttermtokenminter",
		"roles/iam.workloadidentityuser", "roles/iam.serviceaccountkeyadmin"),
	pairs("roles/cloudkms.admin", "roles/cloudkms.cryptokeyencrypterdecrypter", "roles/cloudkms.cryptokeyencrypter",
		"roles/cloudkms.cryptokeydecrypter",
		"roles/cloudkms.cryptokeyencrypterdecrypterviadelegation", "roles/cloudkms.cryptokeydecrypterviadelegation",
		"roles/cloudkms.cryptokeyencrypterviadelegation", "roles/cloudkms.signer", "roles/cloudkms.signerverifier",
		"roles/cloudkms.cryptooperator"),
)

// pairs returns pairs of a role with each of the others.
func pairs(role string, others ...string) [][2]string {
	var all [][2]string
	for _, other := range others {
		all = append(all, [2]string{role, other})
	}
	return all
}

func mustBeApart(role, other string) bool {
	role, other = strings.ToLower(role), strings.ToLower(other)
	return slices.Contains(apart, [2]string{role, other}) || slices.Contains(apart, [2]string{other, role})
}

func flatten(pairs [][2]string) []string {
	var all []string
	for _, pair := range pairs {
		all = append(all, pair[0], pair[1])
	}
	return all
}
