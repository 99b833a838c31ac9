package trust

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
)

// Answer lists the accounts that a token can become.
type Answer struct {
	// Accepted says that a provider admits the token. The token may still match no account.
	Accepted bool `json:"accepted"`
	// Reason gives the verdicts in one line.
	Reason string `json:"reason"`
	// Verdicts are the providers' answers, by provider.
	Verdicts []Verdict `json:"verdicts"`
	// Identities are all identities that the token can become, by provider and account; never null.
	Identities []Identity `json:"identities"`
}

// Verdict is one provider's answer.
type Verdict struct {
	// Provider is the provider's id.
	Provider string `json:"provider"`
	// Accepted says that the provider takes the token. Reason says why, or why not.
	Accepted bool   `json:"accepted"`
	Reason   string `json:"reason"`
}

// Identity is a service account that a token can become, or, without an account, the federated principal itself.
type Identity struct {
	// Account is the account's address. It is empty for rights that the token has without becoming an account.
	Account string `json:"account,omitempty"`
	// Provider is the id of the provider that admits the token.
	Provider string `json:"provider"`
	// Member is the principal or principal set that it matches.
	Member string `json:"member"`
	// Grants are the identity's roles in the program.
	Grants []Grant `json:"grants"`
}

// Grant is one role.
type Grant struct {
	// Role is the role's name, and Scope what it is held on, for example "project procureflow-dev".
	Role  string `json:"role"`
	Scope string `json:"scope"`
	// Reason is the program's reason for the grant. Condition is the grant's condition in CEL. Either may be empty.
	Reason    string `json:"reason,omitempty"`
	Condition string `json:"condition,omitempty"`
}

// impersonation are the roles that let their holder become an account: by a token, by a key, or by giving themselves one of the others.
// On a project, they apply to all of its accounts.
var impersonation = []string{"roles/iam.workloadIdentityUser", "roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountKeyAdmin",
	"roles/iam.serviceAccountAdmin"}

// anybody are the members that include every token, of every provider.
var anybody = []string{"allUsers", "allAuthenticatedUsers"}

// Exchange tries a token's claims at every provider.
func (s *Simulator) Exchange(claims map[string]any) Answer {
	answer := Answer{Identities: []Identity{}, Verdicts: []Verdict{}}
	for _, p := range s.providers {
		verdict, identities := s.try(p, claims)
		answer.Accepted = answer.Accepted || verdict.Accepted
		answer.Verdicts = append(answer.Verdicts, verdict)
		answer.Identities = append(answer.Identities, identities...)
	}
	reasons := make([]string, len(answer.Verdicts))
	for i, verdict := range answer.Verdicts {
		reasons[i] = verdict.Provider + ": " + verdict.Reason
	}
	answer.Reason = strings.Join(reasons, "; ")
	if len(s.providers) == 0 {
		answer.Reason = "the program deploys no provider"
	}
	return answer
}

// Identities returns the answer's identities alone. It says of no provider why it refuses the token, which takes longer than the rest
// where many tokens are tried.
func (s *Simulator) Identities(claims map[string]any) []Identity {
	all := []Identity{}
	for _, p := range s.providers {
		if claims["iss"] == p.Issuer && p.takesAudience(claims["aud"]) {
			_, identities := s.try(p, claims)
			all = append(all, identities...)
		}
	}
	return all
}

func (s *Simulator) try(p compiledProvider, claims map[string]any) (Verdict, []Identity) {
	_, id, _ := strings.Cut(p.Name, "/providers/")
	mapped, err := p.exchange(claims)
	if err != nil {
		return Verdict{Provider: id, Reason: err.Error()}, nil
	}
	identities := s.identities(p, id, mapped)
	reason := "accepted"
	if len(identities) == 0 {
		reason = "accepted, but no grant names this token"
	}
	return Verdict{Provider: id, Accepted: true, Reason: reason}, identities
}

// exchange returns the mapped attributes, or an error that says why the provider refuses the token.
func (d compiledProvider) exchange(claims map[string]any) (map[string]string, error) {
	if d.Disabled {
		return nil, errors.New("the provider is disabled")
	}
	if issuer := claims["iss"]; issuer != d.Issuer {
		return nil, fmt.Errorf("the issuer is %v and not %s", show(issuer), d.Issuer)
	}
	if !d.takesAudience(claims["aud"]) {
		return nil, fmt.Errorf("the audience is %v and not the provider's, %s", show(claims["aud"]), strings.Join(d.audiences(), " or "))
	}
	variables := map[string]any{"assertion": claims, "google": map[string]any{}, "attribute": map[string]any{}}
	mapped, size := map[string]string{}, 0
	google, attribute := map[string]any{}, map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(d.mapping)) {
		value, _, err := d.mapping[key].Eval(variables)
		if err != nil {
			return nil, fmt.Errorf("%s cannot be made: %w", key, err)
		}
		text, ok := value.(types.String)
		if !ok {
			return nil, fmt.Errorf("%s would be a %s and not text", key, value.Type().TypeName())
		}
		mapped[key] = string(text)
		size += len(text)
		if name, custom := strings.CutPrefix(key, "attribute."); custom {
			attribute[name] = string(text)
		} else {
			google[strings.TrimPrefix(key, "google.")] = string(text)
		}
	}
	switch {
	case mapped[subject] == "":
		return nil, errors.New("google.subject is empty")
	case len(mapped[subject]) > maxSubject:
		return nil, fmt.Errorf("google.subject has %d bytes, more than %d", len(mapped[subject]), maxSubject)
	case size > maxMapped:
		return nil, fmt.Errorf("the mapped attributes have %d bytes, more than %d", size, maxMapped)
	case d.condition == nil:
		return mapped, nil
	}
	variables["google"], variables["attribute"] = google, attribute
	verdict, _, err := d.condition.Eval(variables)
	if err != nil {
		return nil, fmt.Errorf("the condition cannot be evaluated: %w", err)
	}
	if verdict != types.True {
		return nil, fmt.Errorf("the condition does not hold: %s", d.Condition)
	}
	return mapped, nil
}

// audiences returns the allowed audiences. By Google's rule, without any it is the provider's own name, with or without
// https.
func (d compiledProvider) audiences() []string {
	if len(d.Audiences) > 0 {
		return d.Audiences
	}
	return []string{"https://iam.googleapis.com/" + d.Name, "//iam.googleapis.com/" + d.Name}
}

func (d compiledProvider) takesAudience(claim any) bool {
	audiences, several := claim.([]any)
	if !several {
		audiences = []any{claim}
	}
	return slices.ContainsFunc(audiences, func(audience any) bool {
		text, ok := audience.(string)
		return ok && slices.Contains(d.audiences(), text)
	})
}

// identities returns everything that a token with these attributes can become.
func (s *Simulator) identities(d compiledProvider, provider string, mapped map[string]string) []Identity {
	var found []Identity
	direct := map[string]int{} // index in found, by member
	for _, membership := range s.memberships {
		// What is public, such as a web page, is no identity. Only the right to become an account makes one.
		public := slices.Contains(anybody, membership.Member) && slices.Contains(impersonation, membership.Role)
		if !public && !d.matches(membership.Member, mapped) {
			continue
		}
		for _, account := range s.becomes(membership) {
			found = append(found, Identity{
				Account: account, Provider: provider, Member: membership.Member, Grants: s.grantsOf("serviceAccount:" + account),
			})
		}
		if membership.Account != "" && slices.Contains(impersonation, membership.Role) {
			continue
		}
		i, known := direct[membership.Member]
		if !known {
			i = len(found)
			direct[membership.Member] = i
			found = append(found, Identity{Provider: provider, Member: membership.Member})
		}
		found[i].Grants = append(found[i].Grants, grant(membership))
	}
	slices.SortStableFunc(found, func(a, b Identity) int { return strings.Compare(a.Account, b.Account) })
	return found
}

// becomes returns the accounts that a membership lets its member become: the account of its scope, or on a project all
// of them.
func (s *Simulator) becomes(membership Membership) []string {
	switch {
	case !slices.Contains(impersonation, membership.Role):
		return nil
	case membership.Account != "":
		return []string{membership.Account}
	case strings.HasPrefix(membership.Scope, "project "):
		return s.accounts
	}
	return nil
}

// matches says whether member includes a token of the provider's pool with these attributes. Text is compared exactly.
func (d compiledProvider) matches(member string, mapped map[string]string) bool {
	const host = "iam.googleapis.com/"
	if selector, ok := strings.CutPrefix(member, "principal://"+host+d.pool+"/subject/"); ok {
		return selector == mapped[subject]
	}
	selector, ok := strings.CutPrefix(member, "principalSet://"+host+d.pool+"/")
	if !ok {
		return false
	}
	if selector == "*" {
		return true
	}
	attribute, value, ok := strings.Cut(selector, "/")
	made, isMapped := mapped[attribute]
	return ok && isMapped && attribute != subject && made == value
}

func (s *Simulator) grantsOf(member string) []Grant {
	grants := []Grant{}
	for _, membership := range s.memberships {
		if membership.Member == member {
			grants = append(grants, grant(membership))
		}
	}
	return grants
}

func grant(m Membership) Grant {
	return Grant{Role: m.Role, Scope: m.Scope, Reason: m.Reason, Condition: m.Condition}
}

// show words a claim for people, also an absent one.
func show(claim any) string {
	if claim == nil {
		return "absent"
	}
	return fmt.Sprintf("%q", fmt.Sprint(claim))
}
