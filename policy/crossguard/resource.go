package crossguard

import (
	"fmt"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/proto"
)

// Resource is a resource as a policy sees it. The methods of [Object] read its properties.
type Resource struct {
	Object
	// URN is the resource's unique name in the stack. Type is its type token. Name is its name in the program.
	URN, Type, Name string
	// Config is the policy's configuration.
	Config Config
	// Deployment is the stack and the operation that the resource is part of.
	Deployment *Deployment

	message string // the AnalyzeRequest or AnalyzerResource
	stack   *Stack // nil in Check
}

// Violation reports a violation of the resource. The message says what is wrong and what would be right. Users see the policy's
// description before it.
func (r *Resource) Violation(format string, args ...any) {
	r.run.report(SeverityUnset, r.URN, format, args...)
}

// ViolationOf is like Violation, with its own severity. Use it in a rule whose violations are not equally bad.
func (r *Resource) ViolationOf(severity Severity, format string, args ...any) {
	r.run.report(severity, r.URN, format, args...)
}

// Undecided reports whether the policy has met an unknown value in this resource, for instance in a function that it passed to
// Each. A rule that looks for one good element among many asks it before it reports that no element is good.
func (r *Resource) Undecided() bool { return r.run.undecided(r.URN) }

// NotApplicable ends the policy. It reports that the policy does not concern this resource, and why.
func (r *Resource) NotApplicable(format string, args ...any) {
	r.run.endNotApplicable(fmt.Sprintf(format, args...))
}

// Deployment describes the stack and the operation.
type Deployment struct {
	// Organization, Project and Stack name the stack. They are empty if the engine does not say, as in pulumi policy analyze.
	Organization, Project, Stack string
	// DryRun is true in a preview and false in an update.
	DryRun bool
	// Config is the stack's configuration in plain text, by full key such as gcp:project.
	Config map[string]string
	// SecretKeys are the keys of Config whose values are secret: keep them out of messages.
	SecretKeys []string
	// Tags are the stack's tags.
	Tags map[string]string
}

// Options are a resource's options.
type Options struct {
	// Protect, IgnoreChanges, AdditionalSecretOutputs, Aliases (URNs) and Parent (a URN) are as the program gave them.
	Protect                 bool
	IgnoreChanges           []string
	AdditionalSecretOutputs []string
	Aliases                 []string
	Parent                  string
	// DeleteBeforeReplace is nil if the program leaves it to the provider.
	DeleteBeforeReplace *bool
	// A timeout is 0 if the program leaves it to the provider.
	CreateTimeout, UpdateTimeout, DeleteTimeout, ReadTimeout time.Duration
}

// Options reads the resource's options.
func (r *Resource) Options() Options {
	var o pulumirpc.AnalyzerResourceOptions
	message, _ := bytesField(r.message, resourceOptions)
	mustUnmarshal(message, &o)
	options := Options{
		Protect:                 o.Protect,
		IgnoreChanges:           o.IgnoreChanges,
		AdditionalSecretOutputs: o.AdditionalSecretOutputs,
		Aliases:                 o.Aliases,
		Parent:                  o.Parent,
		CreateTimeout:           seconds(o.CustomTimeouts.GetCreate()),
		UpdateTimeout:           seconds(o.CustomTimeouts.GetUpdate()),
		DeleteTimeout:           seconds(o.CustomTimeouts.GetDelete()),
		ReadTimeout:             seconds(o.CustomTimeouts.GetRead()),
	}
	if o.DeleteBeforeReplaceDefined {
		options.DeleteBeforeReplace = &o.DeleteBeforeReplace
	}
	return options
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Provider is the provider that makes a resource. The methods of [Object] read its configuration.
type Provider struct {
	Object
	// URN is the provider's unique name in the stack. Type is its type token. Name is its name in the program.
	URN, Type, Name string
}

// Provider reads the resource's provider. A component has no provider.
func (r *Resource) Provider() (Provider, bool) {
	message, found := bytesField(r.message, resourceProvider)
	if !found {
		return Provider{}, false
	}
	h := parseHeader(message)
	at := &place{path: "provider(" + h.name + ")", index: -1}
	properties := h.object()
	properties.blind = r.value.blind
	itsRun := *r.run
	itsRun.typ, itsRun.watch = h.typ, nil // tests must not take a provider's configuration for the resource's properties
	return Provider{Object{value: properties, at: at, run: &itsRun}, h.urn, h.typ, h.name}, true
}

// Parent returns the resource's parent. It works in stack policies only.
func (r *Resource) Parent() (*Resource, bool) {
	urn, found := bytesField(r.message, resourceParent)
	if !found || r.stack == nil {
		return nil, false
	}
	return r.stack.Lookup(urn)
}

// Dependencies returns the resources that this one depends on, except those outside the stack. It works in stack policies only.
func (r *Resource) Dependencies() []*Resource {
	if r.stack == nil {
		return nil
	}
	var urns []string
	for f := range fields(r.message) {
		if f.number == resourceDependencies {
			urns = append(urns, f.bytes)
		}
	}
	return r.stack.lookupAll(urns)
}

// PropertyDependencies returns the resources that the value of one top-level property depends on. It works in stack policies
// only.
func (r *Resource) PropertyDependencies(property string) []*Resource {
	if r.stack == nil {
		return nil
	}
	for f := range fields(r.message) {
		if f.number != resourcePropertyDependencies {
			continue
		}
		if key, message := entry(f.bytes); key == property {
			var dependencies pulumirpc.AnalyzerPropertyDependencies
			mustUnmarshal(message, &dependencies)
			return r.stack.lookupAll(dependencies.Urns)
		}
	}
	return nil
}

// AnalyzeRequest, AnalyzerResource and AnalyzerProviderResource share these field numbers (analyzer.proto).
const (
	resourceType                 = 1
	resourceProperties           = 2
	resourceURN                  = 3
	resourceName                 = 4
	resourceOptions              = 5
	resourceProvider             = 6
	resourceParent               = 7
	resourceDependencies         = 8
	resourcePropertyDependencies = 9
)

// header is the part of a resource that every policy needs.
type header struct {
	message, typ, properties, urn, name string
	managed                             bool // whether a provider makes it
}

// object returns the resource's properties, not parsed yet.
func (h header) object() *value { return &value{kind: kindObject, text: h.properties} }

func parseHeader(message string) header {
	h := header{message: message}
	for f := range fields(message) {
		switch {
		case f.wire != wireBytes:
		case f.number == resourceType:
			h.typ = f.bytes
		case f.number == resourceProperties:
			h.properties = f.bytes
		case f.number == resourceURN:
			h.urn = f.bytes
		case f.number == resourceName:
			h.name = f.bytes
		case f.number == resourceProvider:
			h.managed = true
		}
	}
	return h
}

// mustUnmarshal decodes a message from the engine. It panics if the message cannot be decoded, so that the policy fails closed. A
// broken message must not pass for an empty one.
func mustUnmarshal(message string, into proto.Message) {
	if err := proto.Unmarshal([]byte(message), into); err != nil {
		panic(fmt.Sprintf("the engine sent a malformed %T: %v", into, err))
	}
}
