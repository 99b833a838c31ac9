// Package review says what a pull request would do: the changes in each stack, their cost, who gains which rights, whether visitors
// notice, and whether the change can be taken back. It takes the findings of other packages, compares them, and writes them as a comment,
// as a page and for a terminal. It makes no requests and does not import the engine, so that the job that may write comments runs little
// code.
package review

import "github.com/guiofsaints/procureflow-platform/sandbox/cost"

// Report is the whole review of one pull request.
type Report struct {
	// Base and Head are the commits that are compared.
	Base string `json:"base"`
	Head string `json:"head"`
	// Stacks are the reviews of the stacks.
	Stacks []Stack `json:"stacks"`
	// WideningLabel is the label that a pull request needs if it widens somebody's rights; empty if the settings require none.
	WideningLabel string `json:"wideningLabel,omitempty"`
}

// Stack is the review of one stack.
type Stack struct {
	// Name is the stack's name.
	Name string `json:"name"`
	// Failed says why the change would not be applied; empty otherwise.
	Failed string `json:"failed,omitempty"`
	// Note says why this stack's review differs from others', for example because the stack is new; empty otherwise.
	Note string `json:"note,omitempty"`
	// Plan lists the steps of an update, without those that change nothing.
	Plan []Step `json:"plan"`
	// Findings are what the policies say before and after the change.
	Findings Findings `json:"findings"`
	// Cost is what the change costs; nil if that could not be computed.
	Cost *cost.Change `json:"cost,omitempty"`
	// Authority lists the differences in who can do what, the wider ones first.
	Authority []AuthorityChange `json:"authority"`
	// ManualSteps are the steps that need a person, each with the reason.
	ManualSteps []string `json:"manualSteps,omitempty"`
	// Rehearsal is what happened when the change was applied; nil if it was not rehearsed.
	Rehearsal *Rehearsal `json:"rehearsal,omitempty"`
}

// Op is the kind of a step: create, update and so on.
type Op string

// The operations, the riskiest first.
const (
	Delete  Op = "delete"
	Replace Op = "replace"
	Update  Op = "update"
	Create  Op = "create"
)

// Step is one resource that an update would change.
type Step struct {
	// Op is what the step does. Name is the resource's name in the program, and Type its type token.
	Op   Op     `json:"op"`
	Name string `json:"name"`
	Type string `json:"type"`
	// Data says that the resource holds data that the step destroys.
	Data bool `json:"data,omitempty"`
	// Changes are its changed properties, by path.
	Changes []Property `json:"changes,omitempty"`
}

// Property is one change of a property. Values are JSON on one line. A secret is [secret], and an absent value is empty.
type Property struct {
	// Path is the property's path in the resource. Before and After are its values.
	Path   string `json:"path"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Replaces says that this change is why the resource is replaced.
	Replaces bool `json:"replaces,omitempty"`
	// Unknown says that the value is known only after the resource is made.
	Unknown bool `json:"unknown,omitempty"`
}

// Finding is a message of a policy, the program or a provider about a resource.
type Finding struct {
	// Policy is the policy's name, or "program" for a warning or an error of the program or a provider.
	Policy string `json:"policy"`
	// Level is mandatory, advisory or remediate; error or warning of the program.
	Level string `json:"level"`
	// Resource is its name in the program; empty if the message is about the whole stack.
	Resource string `json:"resource,omitempty"`
	// Message says what is wrong, and what to do.
	Message string `json:"message"`
}

// Findings are a stack's findings before and after the change.
type Findings struct {
	// New are there only after the change, Gone only before it, and Old both times.
	New  []Finding `json:"new"`
	Old  []Finding `json:"old"`
	Gone []Finding `json:"gone"`
}

// Stops says that the finding stops an update.
func (f Finding) Stops() bool { return f.Level == "mandatory" || f.Level == "error" }

// Rehearsal is the result of applying the change to an emulated cloud in which the base was up.
type Rehearsal struct {
	// Seed repeats the same rehearsal.
	Seed uint64 `json:"seed"`
	// Failed says why the rehearsal ended early; empty if it was complete.
	Failed string `json:"failed,omitempty"`
	// Stages are the rehearsal's stages in order, each with its outcome.
	Stages []Stage `json:"stages"`
	// Visitors say what visitors noticed during the rehearsal, by service.
	Visitors []Visitors `json:"visitors"`
	// Lost are the resources that were replaced or deleted together with their data.
	Lost []string `json:"lost"`
	// Restored lists changes that a rollback put back, and NotRestored lists the others.
	Restored    []string `json:"restored"`
	NotRestored []string `json:"notRestored"`
	// ManualSteps are the steps that would have needed a person, each with the reason.
	ManualSteps []string `json:"manualSteps"`
}

// Stage is one stage of a rehearsal.
type Stage struct {
	// Name says what was done, and Result what came of it.
	Name   string `json:"name"`
	Result string `json:"result"`
	// Bad says that the stage did not go as it should.
	Bad bool `json:"bad,omitempty"`
}

// Visitors are the visitors of one service.
type Visitors struct {
	// Service is the service's id. Requests is how many they sent, and Failures how many of these got a bad answer or none.
	Service  string `json:"service"`
	Requests int    `json:"requests"`
	Failures int    `json:"failures"`
	// Seconds is how long the service answered wrongly or not at all, in the rehearsal's own time.
	Seconds float64 `json:"seconds"`
	// StillFailing says that it did so at the end, too.
	StillFailing bool `json:"stillFailing,omitempty"`
	// During is the stage in which the first request failed.
	During string `json:"during,omitempty"`
}

// Fact is one thing that somebody can do, or one guard that stands in the way.
type Fact struct {
	// Kind is becomes, reaches, holds, internet, reads or guard.
	Kind string `json:"kind"`
	// Subject is the account, service or thing that the fact is about.
	Subject string `json:"subject"`
	// Text says it in words, after the subject.
	Text string `json:"text"`
	// Level is how much a guard requires, if that is a number. A higher level is narrower.
	Level float64 `json:"level,omitempty"`
}

// Guard is the kind of facts that stand in the way of something. Without a guard, more is possible.
const Guard = "guard"

// AuthorityChange is one difference in who can do what.
type AuthorityChange struct {
	// Widens says that somebody can do more than before.
	Widens bool `json:"widens,omitempty"`
	// Added says that the text holds only after the change; false means only before it.
	Added   bool   `json:"added,omitempty"`
	Kind    string `json:"kind"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	// Was is the requirement of the same guard before; empty for a new guard, and for other kinds.
	Was string `json:"was,omitempty"`
	// More is the number of further facts of the same kind and subject that change in the same way.
	More int `json:"more,omitempty"`
}

// Widens says that somebody can do more than before in some stack.
func (r Report) Widens() bool {
	for _, stack := range r.Stacks {
		for _, change := range stack.Authority {
			if change.Widens {
				return true
			}
		}
	}
	return false
}
