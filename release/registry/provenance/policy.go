// Package provenance decides whether an image was built where it should have been: by the right workflow of the right repository, from
// the right ref, on the right kind of machine.
//
// A Policy, read from a strict YAML file, says what is right. Its Verify checks the Sigstore bundles that GitHub's actions/attest pushes
// next to an image. It checks the signature and its certificate against a trusted root, that the signed statement is about this digest,
// and that every claim of the certificate and of the SLSA predicate is what the policy expects. It reports all differences at once, each
// with what was found and what was expected. Nothing here uses the network.
package provenance

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// SLSAProvenance is the predicate type of SLSA v1 build provenance.
const SLSAProvenance = "https://slsa.dev/provenance/v1"

// gitHubActionsIssuer issues the identity tokens of github.com's workflows.
const gitHubActionsIssuer = "https://token.actions.githubusercontent.com"

// github is where repositories and workflows live in certificates.
const github = "https://github.com/"

// Sigstore instances a Policy can name.
const (
	// PublicSigstore serves public repositories: the signing certificate has to be in a certificate transparency log and
	// the signature in a transparency log.
	PublicSigstore = "public"
	// GitHubSigstore serves private repositories. Nothing is published; a timestamp authority confirms the time of the signature.
	GitHubSigstore = "github"
)

// Policy says what may be promoted. LoadPolicy reads it from a file; every field is also the file's key.
type Policy struct {
	// Sigstore is the instance that signs: "public" or "github". Default "public".
	Sigstore string `yaml:"sigstore"`
	// Issuer issued the signer's identity token. Default gitHubActionsIssuer.
	Issuer string `yaml:"issuer"`
	// Repository is the source repository, OWNER/NAME. Required.
	Repository string `yaml:"repository"`
	// RepositoryID is the repository's numeric id, which outlives renames and cannot be taken over with the name: `gh api
	// repos/OWNER/NAME --jq .id`. Required.
	RepositoryID string `yaml:"repositoryId"`
	// Workflow is the path of the workflow that ran, such as .github/workflows/ci.yml. Required.
	Workflow string `yaml:"workflow"`
	// Ref is the full git ref that the workflow ran on, such as refs/heads/main. Required.
	Ref string `yaml:"ref"`
	// Runner is the kind of machine: "github-hosted" or "self-hosted". Default "github-hosted".
	Runner string `yaml:"runner"`
	// Builder is the workflow that signed, as URL@REF. If a reusable workflow built the image, it is that workflow, at the
	// ref that its caller names, which may be a commit. Default: Workflow of Repository at Ref.
	Builder string `yaml:"builder"`
	// PredicateTypes are the attestations that have to exist; SLSAProvenance has to be among them. Default: SLSAProvenance alone.
	PredicateTypes []string `yaml:"predicateTypes"`
	// AllowRootBecause is the reason why the image may run as root. Default empty: it may not.
	AllowRootBecause string `yaml:"allowRootBecause"`
}

// keys are the file's keys, in the order of the documentation.
var keys = []string{
	"sigstore", "issuer", "repository", "repositoryId", "workflow", "ref", "runner", "builder", "predicateTypes", "allowRootBecause",
}

// LoadPolicy reads a policy file. Its error names everything that is wrong with it, each with its fix.
func LoadPolicy(path string) (Policy, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return Policy{}, fmt.Errorf("read the provenance policy: %w", err)
	}
	policy, err := ParsePolicy(raw)
	if err != nil {
		return Policy{}, fmt.Errorf("provenance policy %s:\n%w", path, err)
	}
	return policy, nil
}

// ParsePolicy reads a policy from YAML: unknown, repeated and empty keys are errors, absent ones get their defaults. Its
// error names all problems, one a line.
func ParsePolicy(raw []byte) (Policy, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(raw, &document); err != nil {
		return Policy{}, fmt.Errorf("not YAML: %w", err)
	}
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return Policy{}, errors.New("is not a list of keys and values; the keys are " + strings.Join(keys, ", "))
	}
	var policy Policy
	problems := append(policy.read(document.Content[0]), manyDocuments(raw)...)
	policy.setDefaults()
	return policy, errors.Join(append(problems, policy.problems()...)...)
}

// manyDocuments refuses a second document, which the YAML package would silently ignore.
func manyDocuments(raw []byte) []error {
	var nodes yaml.Node
	decoder := yaml.NewDecoder(strings.NewReader(string(raw)))
	for n := 0; decoder.Decode(&nodes) == nil; n++ {
		if n > 0 {
			return []error{errors.New("has more than one YAML document; keep one")}
		}
	}
	return nil
}

// read sets the policy's fields from the file. A value that it cannot read keeps a placeholder that causes no second complaint.
func (p *Policy) read(mapping *yaml.Node) (problems []error) {
	texts := map[string]*string{
		"sigstore": &p.Sigstore, "issuer": &p.Issuer, "repository": &p.Repository, "repositoryId": &p.RepositoryID,
		"workflow": &p.Workflow, "ref": &p.Ref, "runner": &p.Runner, "builder": &p.Builder, "allowRootBecause": &p.AllowRootBecause,
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i].Value, mapping.Content[i+1]
		complain := func(format string, args ...any) {
			problems = append(problems, fmt.Errorf("line %d: %s %s", mapping.Content[i].Line, key, fmt.Sprintf(format, args...)))
		}
		text, known := texts[key]
		switch {
		case !known && key != "predicateTypes":
			complain("is not a key; the keys are %s", strings.Join(keys, ", "))
		case seen[key]:
			complain("stands there twice; keep one")
		case key == "predicateTypes":
			if value.Kind != yaml.SequenceNode || value.Decode(&p.PredicateTypes) != nil || len(p.PredicateTypes) == 0 {
				complain("has to be a list of URLs; remove the key for the default")
			}
		case value.Kind != yaml.ScalarNode || value.Tag == "!!null" || strings.TrimSpace(value.Value) == "":
			complain("has to be a text; remove the key for the default, if it has one")
		default:
			*text = value.Value
		}
		seen[key] = true
	}
	return problems
}

func (p *Policy) setDefaults() {
	setDefault := func(value *string, to string) {
		if *value == "" {
			*value = to
		}
	}
	setDefault(&p.Sigstore, PublicSigstore)
	setDefault(&p.Issuer, gitHubActionsIssuer)
	setDefault(&p.Runner, "github-hosted")
	setDefault(&p.Builder, github+p.Repository+"/"+p.Workflow+"@"+p.Ref)
	if len(p.PredicateTypes) == 0 {
		p.PredicateTypes = []string{SLSAProvenance}
	}
}

var (
	repositoryPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$`)
	idPattern         = regexp.MustCompile(`^[1-9][0-9]*$`)
	workflowPattern   = regexp.MustCompile(`^\.github/workflows/[A-Za-z0-9._-]+\.ya?ml$`)
	refPattern        = regexp.MustCompile(`^refs/(heads|tags)/[A-Za-z0-9._/-]+$`)
	builderPattern    = regexp.MustCompile(`^https://[^\s@]+@(refs/(heads|tags)/[A-Za-z0-9._/-]+|[0-9a-f]{40})$`)
	urlPattern        = regexp.MustCompile(`^https://\S+$`)
)

// problems lists the values that cannot be right. Verify calls it for a policy that was built in code.
func (p *Policy) problems() (problems []error) {
	check := func(ok bool, key, value, fix string) {
		if !ok {
			problems = append(problems, fmt.Errorf("%s is %q; %s", key, value, fix))
		}
	}
	repository, workflow := repositoryPattern.MatchString(p.Repository), workflowPattern.MatchString(p.Workflow)
	ref := refPattern.MatchString(p.Ref)
	check(p.Sigstore == PublicSigstore || p.Sigstore == GitHubSigstore, "sigstore", p.Sigstore,
		`it is "public" or "github" (for private repositories)`)
	check(urlPattern.MatchString(p.Issuer), "issuer", p.Issuer, "give the https URL of the token's issuer")
	check(repository, "repository", p.Repository, "give OWNER/NAME")
	check(idPattern.MatchString(p.RepositoryID), "repositoryId", p.RepositoryID,
		"give the number that `gh api repos/OWNER/NAME --jq .id` prints")
	check(workflow, "workflow", p.Workflow, "give its path, such as .github/workflows/ci.yml")
	check(ref, "ref", p.Ref, "give the full ref without wildcards, such as refs/heads/main")
	check(p.Runner == "github-hosted" || p.Runner == "self-hosted", "runner", p.Runner, `it is "github-hosted" or "self-hosted"`)
	if repository && workflow && ref || !strings.HasPrefix(p.Builder, github+p.Repository+"/"+p.Workflow) {
		check(builderPattern.MatchString(p.Builder), "builder", p.Builder,
			"give the signing workflow, such as https://github.com/OWNER/NAME/.github/workflows/build.yml@refs/heads/main")
	}
	check(slices.Contains(p.PredicateTypes, SLSAProvenance), "predicateTypes", strings.Join(p.PredicateTypes, ", "), "add "+SLSAProvenance)
	for i, predicate := range p.PredicateTypes {
		check(urlPattern.MatchString(predicate), "predicateTypes", predicate, "give a predicate type's https URL")
		check(!slices.Contains(p.PredicateTypes[:i], predicate), "predicateTypes", predicate, "name it once")
	}
	return problems
}
