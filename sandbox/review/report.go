// Package review says what a pull request would do: what changes in each stack, what that costs, who gains what, whether visitors
// notice, and whether it can be taken back. It holds the findings of the packages that find them, compares them, and writes them as a
// comment, as a page and for a terminal. It asks nobody and knows no engine, so that the job that may write a comment runs little.
package review

import "github.com/guiofsaints/procureflow-platform/sandbox/cost"

// Report is everything that is said of one pull request.
type Report struct {
	// Base and Head are the commits that are compared.
	Base string `json:"base"`
	Head string `json:"head"`
	// Number is the pull request's, 0 where there is none.
	Number int     `json:"number,omitempty"`
	Stacks []Stack `json:"stacks"`
	// WideningLabel is the label that a pull request needs when somebody gains something; empty where the settings ask for none.
	WideningLabel string `json:"wideningLabel,omitempty"`
}

// Stack is what is said of one stack.
type Stack struct {
	Name string `json:"name"`
	// Failed says why there is no more, or why it would not be applied at all; empty otherwise.
	Failed string `json:"failed,omitempty"`
	// Plan are the steps that an update would take, without those that leave a resource alone.
	Plan      []Step            `json:"plan"`
	Findings  Findings          `json:"findings"`
	Cost      *cost.Change      `json:"cost,omitempty"`
	Authority []AuthorityChange `json:"authority"`
	// Persons are the steps that would need a person, each with why.
	Persons   []string   `json:"persons,omitempty"`
	Rehearsal *Rehearsal `json:"rehearsal,omitempty"`
}

// Op is what a step does to a resource.
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
	Op   Op     `json:"op"`
	Name string `json:"name"`
	Type string `json:"type"`
	// Data says that the resource holds something that is lost with it.
	Data bool `json:"data,omitempty"`
	// Changes are its properties that change, by path.
	Changes []Property `json:"changes,omitempty"`
}

// Property is one change of a property. Values are JSON on one line, secrets are [secret], and what is absent is empty.
type Property struct {
	Path   string `json:"path"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Replaces says that this change is why the resource is replaced.
	Replaces bool `json:"replaces,omitempty"`
	// Unknown says that the value is known only once it is made.
	Unknown bool `json:"unknown,omitempty"`
}

// Finding is what a policy, the program or a provider says of a resource.
type Finding struct {
	// Policy is the policy's name, or "program" for a warning or an error of the program or a provider.
	Policy string `json:"policy"`
	// Level is mandatory, advisory or remediate; error or warning of the program.
	Level    string `json:"level"`
	Resource string `json:"resource,omitempty"`
	Message  string `json:"message"`
}

// Findings are those of a stack, before and after.
type Findings struct {
	New  []Finding `json:"new"`
	Old  []Finding `json:"old"`
	Gone []Finding `json:"gone"`
}

// Stops says that an update would not be applied.
func (f Finding) Stops() bool { return f.Level == "mandatory" || f.Level == "error" }

// Rehearsal is what happened when the change was applied to an emulated cloud in which the base was up.
type Rehearsal struct {
	// Seed makes the same rehearsal again.
	Seed uint64 `json:"seed"`
	// Failed says at what it ended early; empty when it was rehearsed to the end.
	Failed string `json:"failed,omitempty"`
	// Acts are what was done, in order, each with how it went.
	Acts []Act `json:"acts"`
	// Visitors are what those who asked meanwhile noticed, by service.
	Visitors []Visitors `json:"visitors"`
	// Lost are the resources that were replaced or deleted, with what was in them.
	Lost []string `json:"lost"`
	// Restored is what a rollback put back, NotRestored what it did not.
	Restored    []string `json:"restored"`
	NotRestored []string `json:"notRestored"`
	// Persons are what would have taken a person on the way, each with why.
	Persons []string `json:"persons"`
}

// Act is one act of a rehearsal.
type Act struct {
	Name   string `json:"name"`
	Result string `json:"result"`
	// Bad says that it did not go as it must.
	Bad bool `json:"bad,omitempty"`
}

// Visitors are those of one service.
type Visitors struct {
	Service  string `json:"service"`
	Requests int    `json:"requests"`
	Failures int    `json:"failures"`
	// Seconds is how long the service did not answer as it must, in the rehearsal's own time.
	Seconds float64 `json:"seconds"`
	// Still says that it did not at the end either.
	Still bool `json:"still,omitempty"`
	// During is the act in which the first request failed.
	During string `json:"during,omitempty"`
}

// Fact is one thing that somebody can do, or that stands in the way.
type Fact struct {
	// Kind is becomes, reaches, holds, internet, reads or guard.
	Kind string `json:"kind"`
	// Subject is whom or what it is about.
	Subject string `json:"subject"`
	Text    string `json:"text"`
	// Level is how much a guard asks for, where that is a number; more of it is narrower.
	Level float64 `json:"level,omitempty"`
}

// Guard is the kind of facts that stand in the way of something: without one, more is possible.
const Guard = "guard"

// AuthorityChange is one difference in who can do what.
type AuthorityChange struct {
	// Widens says that somebody can do more than before.
	Widens bool `json:"widens,omitempty"`
	// Added says that the text holds after the change and not before.
	Added   bool   `json:"added,omitempty"`
	Kind    string `json:"kind"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	// More is how many facts of the same kind, about the same subject, change likewise.
	More int `json:"more,omitempty"`
}

// Widens says that somebody can do more than before, in any stack.
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
