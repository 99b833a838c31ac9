package provenance

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/guiofsaints/procureflow-platform/release/registry"
)

// ErrUnproven is wrapped by every error that says that an image's provenance is missing or not what the policy expects.
var ErrUnproven = errors.New("provenance is not proven")

// statementType says how a statement is to be read. The library does not look at it.
const statementType = "https://in-toto.io/Statement/v1"

var digestPattern = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// Verify returns the evidence, in the order of the policy's predicate types, if each type has a valid bundle about the digest
// (sha256:HEX). Otherwise it returns an ErrUnproven that says for each bundle what was found and what was expected. Extra bundles do no
// harm, because anybody who can push to the source can add one.
func (p Policy) Verify(digest string, bundles []registry.Bundle, trusted root.TrustedMaterial) ([]registry.Evidence, error) {
	if err := errors.Join(p.problems()...); err != nil {
		return nil, fmt.Errorf("provenance policy:\n%w", err)
	}
	if !digestPattern.MatchString(digest) {
		return nil, fmt.Errorf("%q is not sha256: and 64 hexadecimal digits", digest)
	}
	if trusted == nil {
		return nil, errors.New("no trusted root was given; make one with `gh attestation trusted-root > FILE`")
	}
	verifier, err := verify.NewVerifier(trusted, p.verifierOptions()...)
	if err != nil {
		return nil, fmt.Errorf("set up the verification: %w", err)
	}
	valid := map[string]registry.Evidence{}
	var rejected []string
	for _, b := range bundles {
		evidence, differences := p.verifyOne(verifier, digest, b)
		if len(differences) > 0 {
			rejected = append(rejected, fmt.Sprintf("  bundle %s:\n    %s", b.Name, strings.Join(differences, "\n    ")))
			continue
		}
		if _, have := valid[evidence.PredicateType]; !have {
			valid[evidence.PredicateType] = evidence
		}
	}
	var found []registry.Evidence
	var missing []string
	for _, predicate := range p.PredicateTypes {
		if evidence, ok := valid[predicate]; ok {
			found = append(found, evidence)
		} else {
			missing = append(missing, predicate)
		}
	}
	if len(missing) == 0 {
		return found, nil
	}
	if len(bundles) == 0 {
		rejected = []string{"  no Sigstore bundle refers to it; attest it with actions/attest and push-to-registry: true"}
	}
	return nil, fmt.Errorf("%w: %s has no valid attestation %s\n%s",
		ErrUnproven, digest, strings.Join(missing, ", "), strings.Join(rejected, "\n"))
}

func (p Policy) verifierOptions() []verify.VerifierOption {
	if p.Sigstore == GitHubSigstore {
		return []verify.VerifierOption{verify.WithSignedTimestamps(1)}
	}
	return []verify.VerifierOption{
		verify.WithSignedCertificateTimestamps(1), verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1),
	}
}

// verifyOne checks one bundle and returns everything about it that differs from the policy.
func (p Policy) verifyOne(verifier *verify.Verifier, digest string, b registry.Bundle) (registry.Evidence, []string) {
	var entity bundle.Bundle
	if err := entity.UnmarshalJSON(b.JSON); err != nil {
		return registry.Evidence{}, []string{"is not a Sigstore bundle: " + err.Error()}
	}
	raw, err := hex.DecodeString(strings.TrimPrefix(digest, "sha256:"))
	if err != nil {
		return registry.Evidence{}, []string{"digest: " + err.Error()}
	}
	// The library would stop at the first claim that differs, so compareCertificate compares the identity instead.
	policy := verify.NewPolicy(verify.WithArtifactDigest("sha256", raw), verify.WithoutIdentitiesUnsafe())
	result, err := verifier.Verify(&entity, policy)
	if err != nil {
		return registry.Evidence{}, []string{"signature: " + err.Error()}
	}
	if result.Statement == nil || result.Signature == nil || result.Signature.Certificate == nil {
		return registry.Evidence{}, []string{"signature: found a bare signature, expected a statement signed with a workflow's certificate"}
	}
	cert, predicateType := result.Signature.Certificate, result.Statement.GetPredicateType()
	differences := append(p.compareCertificate(cert), difference("statement type", result.Statement.GetType(), statementType)...)
	if !slices.Contains(p.PredicateTypes, predicateType) {
		differences = append(differences, difference("predicate type", predicateType, strings.Join(p.PredicateTypes, " or "))...)
	}
	if predicateType == SLSAProvenance {
		predicate, err := result.Statement.GetPredicate().MarshalJSON()
		if err != nil {
			return registry.Evidence{}, append(differences, "predicate: "+err.Error())
		}
		differences = append(differences, p.compareSLSA(predicate, cert)...)
	}
	evidence := registry.Evidence{
		Bundle: b.Name, PredicateType: predicateType, Repository: cert.SourceRepositoryURI, Commit: cert.SourceRepositoryDigest,
		Ref: cert.SourceRepositoryRef, Builder: cert.BuildSignerURI, Run: cert.RunInvocationURI,
	}
	for _, stamp := range result.VerifiedTimestamps {
		if evidence.SignedAt.IsZero() || stamp.Timestamp.Before(evidence.SignedAt) {
			evidence.SignedAt = stamp.Timestamp.UTC()
		}
	}
	return evidence, differences
}

// compareCertificate compares the claims that the certificate authority read from the workflow's identity token.
func (p Policy) compareCertificate(cert *certificate.Summary) []string {
	return slices.Concat(
		difference("issuer", cert.Issuer, p.Issuer),
		difference("signer", cert.SubjectAlternativeName, p.Builder),
		difference("builder", cert.BuildSignerURI, p.Builder),
		difference("source repository", cert.SourceRepositoryURI, github+p.Repository),
		difference("source repository id", cert.SourceRepositoryIdentifier, p.RepositoryID),
		difference("source ref", cert.SourceRepositoryRef, p.Ref),
		difference("workflow", cert.BuildConfigURI, github+p.Repository+"/"+p.Workflow+"@"+p.Ref),
		difference("runner", cert.RunnerEnvironment, p.Runner),
		triggerDifference(cert.BuildTrigger),
	)
}

// triggers are the events that only somebody with write access, or the clock, can cause. A pull_request_target or an issue_comment of
// anybody runs on the branch's ref as well, with code that its workflow may have fetched from a fork.
var triggers = []string{"merge_group", "push", "release", "repository_dispatch", "schedule", "workflow_dispatch"}

func triggerDifference(found string) []string {
	if slices.Contains(triggers, found) {
		return nil
	}
	return []string{fmt.Sprintf("trigger: found %q, expected one of %s", found, strings.Join(triggers, ", "))}
}

// slsa holds the fields of a SLSA v1 predicate that are compared, as actions/attest writes them.
type slsa struct {
	BuildDefinition struct {
		ExternalParameters struct {
			Workflow struct {
				Ref        string `json:"ref"`
				Repository string `json:"repository"`
				Path       string `json:"path"`
			} `json:"workflow"`
		} `json:"externalParameters"`
		ResolvedDependencies []struct {
			Digest map[string]string `json:"digest"`
		} `json:"resolvedDependencies"`
	} `json:"buildDefinition"`
	RunDetails struct {
		Builder struct {
			ID string `json:"id"`
		} `json:"builder"`
	} `json:"runDetails"`
}

// compareSLSA compares what the workflow itself wrote. The certificate already proves the same. A predicate that contradicts it was not
// written by the builder that the policy names.
func (p Policy) compareSLSA(raw []byte, cert *certificate.Summary) []string {
	var predicate slsa
	if err := json.Unmarshal(raw, &predicate); err != nil {
		return []string{"predicate: is not SLSA v1 provenance: " + err.Error()}
	}
	commit := ""
	for _, dependency := range predicate.BuildDefinition.ResolvedDependencies {
		if found := dependency.Digest["gitCommit"]; found == cert.SourceRepositoryDigest || commit == "" {
			commit = found
		}
	}
	workflow := predicate.BuildDefinition.ExternalParameters.Workflow
	return slices.Concat(
		difference("predicate's builder", predicate.RunDetails.Builder.ID, p.Builder),
		difference("predicate's repository", workflow.Repository, github+p.Repository),
		difference("predicate's ref", workflow.Ref, p.Ref),
		difference("predicate's workflow", workflow.Path, p.Workflow),
		difference("predicate's commit", commit, cert.SourceRepositoryDigest),
	)
}

// difference returns one line if the two differ, else nothing. Two empty values agree.
func difference(claim, found, expected string) []string {
	if found == expected && expected != "" {
		return nil
	}
	return []string{fmt.Sprintf("%s: found %q, expected %q", claim, found, expected)}
}
