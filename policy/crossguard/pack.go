package crossguard

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Level is what happens on a violation.
type Level int

// The levels. A policy runs at the level that configuration gives it, else at its own, else at its pack's, else Advisory.
const (
	Unset     Level = iota // not said here: ask the next
	Advisory               // a warning
	Mandatory              // the update stops
	Remediate              // the property is corrected; what cannot be is Mandatory, and so is what a stack policy reports
	Disabled               // the policy does not run
)

var levelNames = []string{"unset", "advisory", "mandatory", "remediate", "disabled"}

func (l Level) String() string { return levelNames[l] }

// Severity is how bad a violation is. It is shown and can be filtered by; it decides nothing.
type Severity int

// The severities.
const (
	SeverityUnset Severity = iota
	Low
	Medium
	High
	Critical
)

var severityNames = []string{"unset", "low", "medium", "high", "critical"}

func (s Severity) String() string { return severityNames[s] }

// Framework is the compliance framework a policy belongs to.
type Framework struct {
	// Name, for example "CIS Google Cloud Platform Foundation Benchmark".
	Name string
	// Version of the framework, for example "3.0".
	Version string
	// Reference is the control within it, for example "5.1".
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
	// Description is the sentence that the policy enforces. It stands before the message of every violation. Required.
	Description string
	// Enforcement is the level. Default: the pack's.
	Enforcement Level
	// Severity of a violation. Default: none.
	Severity Severity
	// Framework the policy implements. Default: none.
	Framework Framework
	// Tags for finding the policy. Default: none.
	Tags []string
	// RemediationSteps say what to change, for people. Default: none.
	RemediationSteps string
	// URL has more. Default: none.
	URL string
	// Options are the policy's settings; an exemptions setting is added to them (see the package's documentation). Default: none.
	Options []Option

	// Types are the type tokens the policy applies to, as resources' URNs end with them: gcp:storage/bucket:Bucket. The
	// short form of YAML programs, gcp:storage:Bucket, matches nothing. A resource of another type is not applicable, and so
	// is a stack without any of them: leave Types out where a stack policy is about what is missing. Default: all.
	Types []string
	// Kind has further types. Default: none.
	Kind Kind
	// Check reports the violations of one resource, given the inputs it is about to be made from.
	Check func(*Resource)
	// Remediate corrects one resource before Check sees it. It runs at level Remediate only. Do not correct a property
	// whose change replaces the resource: the engine plans that, but does not save it.
	Remediate func(*Remedy)
	// CheckStack reports the violations of all resources together, given their outputs, at the end of a preview or an update
	// in which nothing else failed. What an update has changed by then stays: it is the preview that stops in time. What the
	// operation deletes is left out. A policy may have Check as well, for what a resource shows by itself.
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
	// Enforcement is the level of policies that have none. Default: Advisory.
	Enforcement Level
	// Policies are run in this order. Required.
	Policies []Policy
	// InitialConfig overrides the policies' own levels and options, by policy name, and is overridden by the configuration
	// that a user passes, which also has what an option that is Required still lacks. Default: none.
	InitialConfig map[string]Settings
	// Canonical is the token by which the policies know a type that another provider has under another name: policies then see
	// that one as Type. Default: none has another name.
	Canonical func(typeToken string) string
	// Floor makes it a violation that configuration disables a policy of this severity or above which is mandatory without it.
	// Default: any may be disabled.
	Floor Severity
	// LongestExemption is how far away the last day of an exemption may be: one without an end is a decision nobody takes again.
	// Default: any time.
	LongestExemption time.Duration
	// Clock is today, for the expiry of exemptions. Default: time.Now.
	Clock func() time.Time
}

// Settings configure one policy.
type Settings struct {
	// Level overrides the policy's. Default: Unset, which leaves it.
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

// Validate reports everything that is wrong with the pack itself; serving it does so first.
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
	for name := range p.InitialConfig {
		if !seen[name] {
			problem("initial configuration names policy %q, which the pack does not have", name)
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
			problem("type %q is no type token: write package:module:Type, as in gcp:storage/bucket:Bucket", t)
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

// onlyAppliesTo is the reason why the policy is not applicable to others. It is sent for every resource, so it is short.
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
