package crossguardtest

import (
	"fmt"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// Resource is a resource as a program registers it.
type Resource struct {
	// Type is the type token. Required.
	Type string
	// Name is the resource's name. Default: test.
	Name string
	// Properties are the inputs that Analyze and Remediate send. Default: none.
	Properties Properties
	// Outputs are the properties that AnalyzeStack sends. Default: Properties.
	Outputs Properties
	// Parent is the component that the resource is in. Default: the stack.
	Parent *Resource
	// Component marks a component resource, which has no provider. Default: false.
	Component bool
	// Options are the resource's options. Default: none.
	Options crossguard.Options
	// Provider is the provider resource. Default: none.
	Provider *Resource
	// Dependencies are the URNs of resources that this one depends on; AnalyzeStack alone sends them. Default: none.
	Dependencies []string
	// PropertyDependencies are the same URNs by top-level property; AnalyzeStack alone sends them. Default: none.
	PropertyDependencies map[string][]string

	urn string // only of a resource from an export
}

const stackType = "pulumi:pulumi:Stack"

// URN returns the resource's URN. A resource from an export has its own; any other gets one in the stack dev of the project test.
func (r Resource) URN() string {
	if r.urn != "" {
		return r.urn
	}
	return "urn:pulumi:dev::test::" + r.qualifiedType() + "::" + r.name()
}

// qualifiedType returns the resource's type behind the types of the components around it, as a URN has it.
func (r Resource) qualifiedType() string {
	if r.Parent == nil || r.Parent.Type == stackType {
		return r.Type
	}
	return r.Parent.qualifiedType() + "$" + r.Type
}

func (r Resource) name() string {
	if r.Name == "" {
		return "test"
	}
	return r.Name
}

// Request encodes the engine's request to analyze or remediate the resource. It fails if a property cannot be encoded.
func (r Resource) Request() (*pulumirpc.AnalyzeRequest, error) {
	return r.request(r.Properties)
}

func (r Resource) request(given Properties) (*pulumirpc.AnalyzeRequest, error) {
	properties, err := r.encoded(given)
	if err != nil {
		return nil, err
	}
	provider, err := r.provider()
	return &pulumirpc.AnalyzeRequest{
		Type: r.Type, Urn: r.URN(), Name: r.name(), Properties: properties, Options: r.options(), Provider: provider,
	}, err
}

// StackResource encodes the resource's part of the engine's request to analyze a stack.
func (r Resource) StackResource() (*pulumirpc.AnalyzerResource, error) {
	one, err := r.request(r.outputs())
	if err != nil {
		return nil, err
	}
	resource := &pulumirpc.AnalyzerResource{
		Type: one.Type, Urn: one.Urn, Name: one.Name, Properties: one.Properties, Options: one.Options, Provider: one.Provider,
		Parent: r.parent(), Dependencies: r.Dependencies,
		PropertyDependencies: map[string]*pulumirpc.AnalyzerPropertyDependencies{},
	}
	for property, urns := range r.PropertyDependencies {
		resource.PropertyDependencies[property] = &pulumirpc.AnalyzerPropertyDependencies{Urns: urns}
	}
	return resource, nil
}

func (r Resource) outputs() Properties {
	if r.Outputs == nil {
		return r.Properties
	}
	return r.Outputs
}

// parent returns the parent's URN.
func (r Resource) parent() string {
	if r.Options.Parent == "" && r.Parent != nil {
		return r.Parent.URN()
	}
	return r.Options.Parent
}

func (r Resource) encoded(given Properties) (*structpb.Struct, error) {
	properties, err := Marshal(given)
	if err != nil {
		return nil, fmt.Errorf("properties of %s: %w", r.URN(), err)
	}
	return properties, nil
}

func (r Resource) options() *pulumirpc.AnalyzerResourceOptions {
	o := &pulumirpc.AnalyzerResourceOptions{
		Protect: r.Options.Protect, IgnoreChanges: r.Options.IgnoreChanges, Aliases: r.Options.Aliases,
		AdditionalSecretOutputs: r.Options.AdditionalSecretOutputs, Parent: r.parent(),
		CustomTimeouts: &pulumirpc.AnalyzerResourceOptions_CustomTimeouts{
			Create: r.Options.CreateTimeout.Seconds(), Update: r.Options.UpdateTimeout.Seconds(),
			Delete: r.Options.DeleteTimeout.Seconds(), Read: r.Options.ReadTimeout.Seconds(),
		},
	}
	if d := r.Options.DeleteBeforeReplace; d != nil {
		o.DeleteBeforeReplace, o.DeleteBeforeReplaceDefined = *d, true
	}
	return o
}

func (r Resource) provider() (*pulumirpc.AnalyzerProviderResource, error) {
	if r.Provider == nil {
		return nil, nil
	}
	properties, err := r.Provider.encoded(r.Provider.Properties)
	return &pulumirpc.AnalyzerProviderResource{
		Type: r.Provider.Type, Urn: r.Provider.URN(), Name: r.Provider.name(), Properties: properties,
	}, err
}

// Message is one diagnostic.
type Message struct {
	// Policy is the policy's name. Level and Severity are in lower case. URN is the resource, "" for the stack. Text is the
	// rule's own message, without the policy's description, which users see in the line before it.
	Policy, Level, Severity, URN, Text string
}

// Result is the answer to an analysis.
type Result struct {
	// Diagnostics are violations and advisories in the order they were reported.
	Diagnostics []Message
	// NotApplicable maps a policy to the reason why it does not apply.
	NotApplicable map[string]string
	// Logged are the lines that policies logged. [Judge] fills it; a test uses [Client.Logged].
	Logged []crossguard.Logged
}

// Remediated is the outcome of a remediation.
type Remediated struct {
	// Policies are the names of the policies that corrected something, in order.
	Policies []string
	// Warnings report what the policies could not correct.
	Warnings []Message
	// NotApplicable maps a policy to the reason why it does not apply.
	NotApplicable map[string]string
}

// Of returns the part of the result that is about one policy.
func (r Result) Of(policy string) Result {
	one := Result{NotApplicable: map[string]string{}}
	for _, d := range r.Diagnostics {
		if d.Policy == policy {
			one.Diagnostics = append(one.Diagnostics, d)
		}
	}
	if reason, has := r.NotApplicable[policy]; has {
		one.NotApplicable[policy] = reason
	}
	return one
}

// add appends another result. A policy that reports on one resource counts as applicable, even if it does not apply to others.
func (r *Result) add(more Result) {
	r.Diagnostics = append(r.Diagnostics, more.Diagnostics...)
	for policy, reason := range more.NotApplicable {
		r.NotApplicable[policy] = reason
	}
}

// Messages returns the texts of the diagnostics.
func (r Result) Messages() []string {
	var texts []string
	for _, d := range r.Diagnostics {
		texts = append(texts, d.Text)
	}
	return texts
}

func newResult(diagnostics []*pulumirpc.AnalyzeDiagnostic, notApplicable []*pulumirpc.PolicyNotApplicable) Result {
	result := Result{NotApplicable: map[string]string{}}
	for _, d := range diagnostics {
		severity := strings.ToLower(strings.TrimPrefix(d.Severity.String(), "POLICY_SEVERITY_"))
		if d.Severity == pulumirpc.PolicySeverity_POLICY_SEVERITY_UNSPECIFIED {
			severity = ""
		}
		result.Diagnostics = append(result.Diagnostics, Message{
			Policy: d.PolicyName, Level: strings.ToLower(d.EnforcementLevel.String()), Severity: severity,
			URN: d.Urn, Text: strings.TrimPrefix(d.Message, d.Description+"\n"),
		})
	}
	for _, n := range notApplicable {
		result.NotApplicable[n.PolicyName] = n.Reason
	}
	return result
}
