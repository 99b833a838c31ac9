package crossguard

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Level says what happens on a violation.
type Level int

// A policy runs at the level that the configuration gives it. Without one, the policy's own level holds, then the pack's, then
// Advisory.
const (
	Unset     Level = iota // no level is given here: the next one in the order above holds
	Advisory               // warns
	Mandatory              // stops the update
	Remediate              // corrects the property; acts as Mandatory if that is impossible, and in a stack policy
	Disabled               // the policy does not run
)

var levelNames = []string{"unset", "advisory", "mandatory", "remediate", "disabled"}

// String returns the level as configuration and messages spell it: "advisory".
func (l Level) String() string { return levelNames[l] }

// Severity says how bad a violation is. It is shown, and users can filter by it. It does not decide whether an update stops.
type Severity int

// The severities, from the lowest to the highest. A policy without one has SeverityUnset.
const (
	SeverityUnset Severity = iota
	Low
	Medium
	High
	Critical
)

var severityNames = []string{"unset", "low", "medium", "high", "critical"}

// String returns the severity as messages spell it: "low".
func (s Severity) String() string { return severityNames[s] }

// Framework is the compliance framework that a policy belongs to.
type Framework struct {
	// Name, for example "CIS Google Cloud Platform Foundation Benchmark".
	Name string
	// Version of the framework, for example "3.0".
	Version string
	// Reference is the number of the control, for example "5.1".
	Reference string
	// Specification is the control's text or title.
	Specification string
}

// Policy is one rule. It has Check, Remediate or both for single resources, or CheckStack for all resources at once.
type Policy struct {
	// Name identifies the policy in configuration and messages: lower-case words joined by hyphens. Required.
	Name string
	// DisplayName is the name for people. Default: Name.
	DisplayName string
	// Description is the sentence that the policy enforces. Users see it before the message of every violation. Required.
	Description string
	// Enforcement is the level. Default: the pack's.
	Enforcement Level
	// Severity of a violation. Default: none.
	Severity Severity
	// Framework the policy implements. Default: none.
	Framework Framework
	// Tags for finding the policy. Default: none.
	Tags []string
	// RemediationSteps tell people what to change. Default: none.
	RemediationSteps string
	// URL leads to more about the policy. Default: none.
	URL string
	// Options are the policy's settings. Every policy also has the setting exemptions (see the package comment). Default: none.
	Options []Option

	// Types are the type tokens that the policy applies to, as they stand at the end of URNs: gcp:storage/bucket:Bucket. The
	// short form of YAML programs, gcp:storage:Bucket, matches nothing. The policy does not apply to resources of other types,
	// nor to a stack without a resource of these types. Leave Types out if a stack policy looks for a missing resource. Default:
	// all types.
	Types []string
	// Kind adds the types that belong to a [Kind]. Default: none.
	Kind Kind
	// Check reports the violations of one resource. It sees the inputs from which the resource is about to be made.
	Check func(*Resource)
	// Remediate corrects one resource before Check sees it. It runs only at level Remediate. Do not correct a property whose
	// change replaces the resource: the engine plans the correction but does not save it.
	Remediate func(*Remedy)
	// CheckStack reports the violations of all resources together. It sees their outputs, and runs at the end of a preview or an
	// update in which nothing else failed. After an update its violation comes too late to undo the changes; in the preview it
	// stops them. Resources that the operation deletes are left out. A policy may have Check as well, for the violations that one
	// resource shows by itself.
	CheckStack func(*Stack)
}

// Pack is a set of policies that is run and published together.
type Pack struct {
	// Name: letters, digits, hyphens, underscores and periods, at most 100. Required.
	Name string
	// Version is a semantic version; PulumiPolicy.yaml overrides it. Required.
	Version string
	// DisplayName, Description, Readme (markdown), Provider (the cloud, for example "gcp"), Repository (a URL) and Tags
	// describe the pack where it is published. Default: none.
	DisplayName, Description, Readme, Provider, Repository string
	Tags                                                   []string
	// Enforcement is the level of policies that do not set one. Default: Advisory.
	Enforcement Level
	// Policies are run in this order. Required.
	Policies []Policy
	// InitialConfig overrides the policies' own levels and options, by policy name. The configuration that a user passes
	// overrides InitialConfig. A Required option may be set in either. Default: none.
	InitialConfig map[string]Settings
	// Canonical returns the token that the policies use for a type that another provider has under another name. The policies
	// then see that token as the resource's type. Default: every type keeps its own token.
	Canonical func(typeToken string) string
	// Floor makes it a violation to disable a policy by configuration, if the policy has at least this severity and would be
	// mandatory otherwise. Default: any policy may be disabled.
	Floor Severity
	// LongestExemption limits how far in the future an exemption may end. An exemption without an end is never reconsidered.
	// Default: no limit.
	LongestExemption time.Duration
	// Clock returns the current time, which decides when exemptions expire. Default: time.Now.
	Clock func() time.Time
}

// Settings configure one policy.
type Settings struct {
	// Level overrides the policy's level. Default: Unset, which keeps the policy's level.
	Level Level
	// Options override defaults, by option name. Default: none.
	Options map[string]any
}

var (
	packName    = regexp.MustCompile(`^[a-zA-Z0-9\-_.]{1,100}$`)
	packVersion = regexp.MustCompile(`^v?\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$`)
	policyName  = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	typeToken   = regexp.MustCompile(`^[^:$]+:[^:$]+:[^:$]+$`)
)

// Validate reports all mistakes in the pack itself. [NewServer] calls it, so a faulty pack is never served.
func (p Pack) Validate() error {
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if !packName.MatchString(p.Name) {
		problem("pack name %q: use 1 to 100 letters, digits, hyphens, underscores and periods", p.Name)
	}
	switch {
	case p.Version == "":
		problem("pack %s has no version: give it a semantic version such as 1.0.0", p.Name)
	case !packVersion.MatchString(p.Version):
		problem("pack %s has version %q: give it a semantic version such as 1.0.0", p.Name, p.Version)
	}
	if len(p.Policies) == 0 {
		problem("pack %s has no policies: give it one", p.Name)
	}
	seen := map[string]bool{}
	for _, policy := range p.Policies {
		if !policyName.MatchString(policy.Name) || policy.Name == "all" {
			problem("policy name %q: use lower-case words joined by hyphens, and not \"all\"", policy.Name)
		}
		if seen[policy.Name] {
			problem("policy %s is there twice: rename or remove one", policy.Name)
		}
		seen[policy.Name] = true
		problems = append(problems, policy.problems()...)
	}
	for _, name := range sortedKeys(p.InitialConfig) {
		if !seen[name] {
			problem("initial configuration names policy %q, which the pack does not have: correct the name or remove it", name)
		}
	}
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	_, err := newSession(&p)
	return err
}

func (p Policy) problems() []error {
	var problems []error
	problem := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("policy "+p.Name+": "+format, args...))
	}
	if strings.TrimSpace(p.Description) == "" {
		problem("has no description: write the sentence that it enforces")
	}
	if p.Check == nil && p.Remediate == nil && p.CheckStack == nil {
		problem("checks nothing: give it Check, Remediate or CheckStack")
	}
	if p.Enforcement == Remediate && p.Check != nil && p.Remediate == nil {
		problem("its level is remediate but it has no Remediate function: use mandatory")
	}
	if (p.Kind.Has == nil) != (p.Kind.Name == "") {
		problem("its kind needs both a name and a function")
	}
	for _, t := range p.Types {
		if !typeToken.MatchString(t) {
			problem("type %q is not a type token: write package:module:Type, as in gcp:storage/bucket:Bucket", t)
		}
	}
	var names []string
	for _, o := range p.Options {
		if slices.Contains(names, o.Name) || o.Name == "enforcementLevel" || o.Name == exemptionsOption {
			problem("option %q is there twice or reserved: rename it", o.Name)
		}
		names = append(names, o.Name)
		if err := o.validate(); err != nil {
			problem("option %s: %w", o.Name, err)
		}
	}
	return problems
}

// onlyAppliesTo returns the reason that is sent for every resource that the policy does not apply to. It is short because it is
// sent so often.
func (p *Policy) onlyAppliesTo() string {
	const most = 3
	if p.Kind.Has != nil {
		return "applies only to " + strings.Join(append(slices.Clone(p.Types[:min(most, len(p.Types))]), p.Kind.Name), ", ")
	}
	if more := len(p.Types) - most; more > 1 {
		return fmt.Sprintf("applies only to %s and %d other types", strings.Join(p.Types[:most], ", "), more)
	}
	return "applies only to " + strings.Join(p.Types, ", ")
}
