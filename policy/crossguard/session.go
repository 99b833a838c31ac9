package crossguard

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/proto"

	"github.com/guiofsaints/procureflow-platform/policy/internal/meant"
)

// session is a pack under one configuration. Apart from its caches it does not change once it is made.
type session struct {
	deployment *Deployment
	settings   []setting // one for each policy, in the same order
	plans      sync.Map  // type token → *plan
	exemptions exemptionLog
	operation  operation
}

// setting says how one policy runs.
type setting struct {
	level      Level
	config     Config
	exemptions []exemption
}

// plan lists the policies to run on resources of one type.
type plan struct {
	check []int // indices of policies
	// pass is the encoded response to send if no policy finds anything.
	pass          []byte
	notApplicable []*pulumirpc.PolicyNotApplicable
}

// newSession makes the session of a pack that has not been configured. Publishing, and some versions of analyze, never configure
// it.
func newSession(pack *Pack) (*session, error) {
	s := &session{deployment: &Deployment{}, settings: make([]setting, len(pack.Policies))}
	var problems []error
	for i := range pack.Policies {
		p := &pack.Policies[i]
		values := map[string]any{}
		for _, o := range p.Options {
			if v, err := o.defaultValue(); err == nil && !o.Required { // Validate reports a faulty default
				values[o.Name] = v
			}
		}
		s.settings[i] = setting{level: pack.levelOf(p), config: Config{policy: p.Name, values: values}}
		initial, given := pack.InitialConfig[p.Name]
		if !given {
			continue
		}
		err := s.settings[i].apply(p, initial.Level, initial.Options, pack.latest())
		if err != nil {
			problems = append(problems, fmt.Errorf("initial configuration: %w", err))
		}
	}
	return s, errors.Join(problems...)
}

// levelOf returns a policy's level without configuration.
func (p *Pack) levelOf(policy *Policy) Level {
	for _, l := range []Level{policy.Enforcement, p.Enforcement} {
		if l != Unset {
			return l
		}
	}
	return Advisory
}

// apply overrides a setting with configuration. It reports every unknown option and every invalid value. latest is the last day
// that an exemption may name.
func (s *setting) apply(p *Policy, level Level, options map[string]any, latest time.Time) error {
	if level != Unset {
		s.level = level
	}
	values := make(map[string]any, len(p.Options))
	for name, v := range s.config.values {
		values[name] = v
	}
	var problems []error
	for _, name := range sortedKeys(options) {
		if name == exemptionsOption {
			exemptions, err := parseExemptions(p.Name, options[name], latest)
			if err != nil {
				problems = append(problems, fmt.Errorf("%s.%s%w", p.Name, name, withSeparator(err)))
			}
			s.exemptions = exemptions
			continue
		}
		i := slices.IndexFunc(p.Options, func(o Option) bool { return o.Name == name })
		if i < 0 {
			problems = append(problems, fmt.Errorf("%s has no option %q: it has %s", p.Name, name, p.optionNames()))
			continue
		}
		given, err := plain(options[name])
		var v any
		if err == nil {
			v, err = p.Options[i].parse(given)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s.%s%w", p.Name, name, withSeparator(err)))
		}
		values[name] = v
	}
	s.config.values = values
	return errors.Join(problems...)
}

func (p *Policy) optionNames() string {
	names := []string{"enforcementLevel", exemptionsOption}
	for _, o := range p.Options {
		names = append(names, o.Name)
	}
	return strings.Join(names, ", ")
}

// configured makes the session for the configuration that the engine sends. The engine always sends every policy.
func (s *session) configured(pack *Pack, request *pulumirpc.ConfigureAnalyzerRequest) (*session, error) {
	next, err := newSession(pack)
	if err != nil {
		return nil, err
	}
	next.deployment = s.deployment
	var problems []error
	var exceptions any
	for _, name := range sortedKeys(request.PolicyConfig) {
		given := request.PolicyConfig[name]
		options := given.GetProperties().AsMap()
		if name == "all" { // the engine has given every policy this level already, and still sends the key
			exceptions = options[exceptionsOption]
			delete(options, exceptionsOption)
			if len(options) > 0 {
				problems = append(problems, fmt.Errorf(`"all" sets the enforcement level and exceptions only, not %s`,
					strings.Join(sortedKeys(options), ", ")))
			}
			continue
		}
		i := slices.IndexFunc(pack.Policies, func(p Policy) bool { return p.Name == name })
		if i < 0 {
			problems = append(problems, pack.lacks(name))
			continue
		}
		p, set := &pack.Policies[i], &next.settings[i]
		if err := set.apply(p, levelFromProto(given.EnforcementLevel), options, pack.latest()); err != nil {
			problems = append(problems, err)
		}
		for _, o := range p.Options {
			if _, has := set.config.values[o.Name]; !has {
				problems = append(problems, fmt.Errorf("%s needs the option %s: %s", p.Name, o.Name, o.Description))
			}
		}
	}
	if exceptions != nil { // after the policies' own exemptions, which replace earlier ones
		if err := next.except(pack, exceptions); err != nil {
			problems = append(problems, err)
		}
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("configuration of policy pack %s: %w", pack.Name, errors.Join(problems...))
	}
	return next, nil
}

// inStack returns the same session for another stack or operation.
func (s *session) inStack(d *Deployment) *session {
	return &session{deployment: d, settings: s.settings}
}

// blind reports whether the engine may have redacted secrets. It does so when it analyzes a state, and then does not name the
// stack.
func (s *session) blind() bool { return s.deployment.Stack == "" }

// planFor returns the plan for a type. It makes each plan once.
func (s *session) planFor(pack *Pack, resourceType string) *plan {
	if known, ok := s.plans.Load(resourceType); ok {
		return known.(*plan)
	}
	made := &plan{}
	for i := range pack.Policies {
		p := &pack.Policies[i]
		switch {
		case s.settings[i].level == Disabled || p.Check == nil && p.CheckStack != nil:
		case !p.appliesTo(resourceType):
			made.skip(p, p.onlyAppliesTo())
		case p.Check == nil:
			made.skip(p, "corrects resources and checks none")
		default:
			made.check = append(made.check, i)
		}
	}
	made.pass = mustMarshal(&pulumirpc.AnalyzeResponse{NotApplicable: made.notApplicable})
	kept, _ := s.plans.LoadOrStore(resourceType, made)
	return kept.(*plan)
}

func (p *plan) skip(policy *Policy, reason string) {
	p.notApplicable = append(p.notApplicable, notApplicable(policy, reason))
}

func notApplicable(p *Policy, reason string) *pulumirpc.PolicyNotApplicable {
	return &pulumirpc.PolicyNotApplicable{PolicyName: p.Name, Reason: reason}
}

func mustMarshal(m proto.Message) []byte {
	b, err := proto.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("encoding %T: %v", m, err))
	}
	return b
}

func levelFromProto(l pulumirpc.EnforcementLevel) Level {
	switch l {
	case pulumirpc.EnforcementLevel_MANDATORY:
		return Mandatory
	case pulumirpc.EnforcementLevel_DISABLED:
		return Disabled
	case pulumirpc.EnforcementLevel_REMEDIATE:
		return Remediate
	}
	return Advisory
}

func (l Level) proto() pulumirpc.EnforcementLevel {
	switch l {
	case Mandatory:
		return pulumirpc.EnforcementLevel_MANDATORY
	case Disabled:
		return pulumirpc.EnforcementLevel_DISABLED
	case Remediate:
		return pulumirpc.EnforcementLevel_REMEDIATE
	}
	return pulumirpc.EnforcementLevel_ADVISORY
}

// lacks is the error about a policy that a configuration names and the pack does not have.
func (p Pack) lacks(name string) error {
	names := make([]string, len(p.Policies))
	for i, policy := range p.Policies {
		names[i] = policy.Name
	}
	if near := meant.Name(name, names); near != "" {
		return fmt.Errorf("the pack has no policy %q: did you mean %s? Correct the name or remove it", name, near)
	}
	return fmt.Errorf("the pack has no policy %q: correct the name or remove it", name)
}
