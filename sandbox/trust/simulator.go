package trust

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
)

// These are Google's limits on providers; the package comment names the source.
const (
	maxCondition  = 4096     // characters
	maxExpression = 2048     // characters
	maxCustom     = 50       // Attributes besides Google's own.
	maxKey        = 100      // characters
	maxSubject    = 127      // bytes, of the mapped value
	maxMapped     = 8 * 1024 // bytes, of all mapped values together
)

const subject = "google.subject"

var customKey = regexp.MustCompile(`^attribute\.[a-z0-9_]+$`)

// Simulator exchanges tokens by Google's rules. It keeps no state between exchanges and may be used concurrently.
type Simulator struct {
	providers   []compiledProvider
	memberships []Membership
	accounts    []string
}

// compiledProvider is a provider with its expressions compiled.
type compiledProvider struct {
	Provider
	pool      string
	mapping   map[string]cel.Program
	condition cel.Program // nil admits all
}

// New compiles the deployed expressions. It fails if Google would refuse a provider: a limit is exceeded, or an expression does not
// compile.
func New(deployed Deployed) (*Simulator, error) {
	language, err := newLanguage()
	if err != nil {
		return nil, err
	}
	simulator := &Simulator{memberships: slices.Clone(deployed.Memberships), accounts: slices.Clone(deployed.Accounts)}
	var problems []error
	for _, provider := range deployed.Providers {
		opened, err := open(language, provider)
		if err != nil {
			problems = append(problems, fmt.Errorf("provider %s: %w", provider.Name, err))
			continue
		}
		simulator.providers = append(simulator.providers, opened)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return simulator, nil
}

// newLanguage defines the three names that Google gives to expressions, and nothing else beyond the language itself.
func newLanguage() (*cel.Env, error) {
	object := cel.MapType(cel.StringType, cel.DynType)
	language, err := cel.NewEnv(cel.Variable("assertion", object), cel.Variable("google", object), cel.Variable("attribute", object))
	if err != nil {
		return nil, fmt.Errorf("set up the expression language: %w", err)
	}
	return language, nil
}

func open(language *cel.Env, provider Provider) (compiledProvider, error) {
	pool, _, ok := strings.Cut(provider.Name, "/providers/")
	if !ok {
		return compiledProvider{}, errors.New("its name is not projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/ID")
	}
	opened := compiledProvider{Provider: provider, pool: pool, mapping: map[string]cel.Program{}}
	if _, ok := provider.Mapping[subject]; !ok {
		return compiledProvider{}, errors.New("nothing is mapped to google.subject, which Google requires")
	}
	custom := 0
	for _, key := range slices.Sorted(maps.Keys(provider.Mapping)) {
		expression := provider.Mapping[key]
		if key != subject {
			custom++
			if !customKey.MatchString(key) || len(key) > maxKey {
				return compiledProvider{}, fmt.Errorf("%q is not an attribute: use attribute. and the characters a-z, 0-9 and _, up to %d in all", key,
					maxKey)
			}
		}
		if length := utf8.RuneCountInString(expression); length > maxExpression {
			return compiledProvider{}, fmt.Errorf("the expression of %s has %d characters: Google takes %d", key, length, maxExpression)
		}
		compiled, err := compile(language, expression, cel.StringType)
		if err != nil {
			return compiledProvider{}, fmt.Errorf("the expression of %s: %w", key, err)
		}
		opened.mapping[key] = compiled
	}
	if custom > maxCustom {
		return compiledProvider{}, fmt.Errorf("%d custom attributes are mapped: Google takes %d", custom, maxCustom)
	}
	if length := utf8.RuneCountInString(provider.Condition); length > maxCondition {
		return compiledProvider{}, fmt.Errorf("the condition has %d characters: Google takes %d", length, maxCondition)
	}
	if provider.Condition != "" {
		compiled, err := compile(language, provider.Condition, cel.BoolType)
		if err != nil {
			return compiledProvider{}, fmt.Errorf("the condition: %w", err)
		}
		opened.condition = compiled
	}
	return opened, nil
}

// compile compiles an expression. It checks that the result has the given type, as far as that is known.
func compile(language *cel.Env, expression string, result *cel.Type) (cel.Program, error) {
	checked, issues := language.Compile(expression)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	if made := checked.OutputType(); !made.IsEquivalentType(result) && !made.IsEquivalentType(cel.DynType) {
		return nil, fmt.Errorf("%s makes a %s and not a %s", expression, made, result)
	}
	return language.Program(checked)
}
