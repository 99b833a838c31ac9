package crossguard

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// outcome holds the findings of one policy for one request.
type outcome struct {
	violations    []finding
	unknown       []finding // for each, text is the path of an unknown value
	notApplicable string    // reason, "" if it applies
	crash         string    // what a panic said, "" if there was none
	exempt        []string  // the reasons of the exemptions that hold
	secrets       []string  // values that must not appear in messages
	logged        []Logged
}

// finding is a message about a resource, or about the stack if urn is "". If severity is unset, the policy's severity holds.
type finding struct {
	urn, text string
	severity  Severity
}

// foundAnything reports whether the outcome contains anything to report.
func (o *outcome) foundAnything() bool {
	return len(o.violations) > 0 || len(o.unknown) > 0 || o.notApplicable != "" || o.crash != ""
}

// decided reports whether the policy could judge everything that it looked at.
func (o *outcome) decided() bool { return len(o.unknown) == 0 && o.crash == "" }

// undecided reports whether the policy met an unknown value in a resource.
func (o *outcome) undecided(urn string) bool {
	return slices.ContainsFunc(o.unknown, func(f finding) bool { return f.urn == urn })
}

// run is the state of one policy while it checks one resource.
type run struct {
	*outcome
	urn string
	// watch receives the type and path of every read in tests. It is nil otherwise. typ is the resource's type.
	watch func(typ, path string)
	typ   string
}

// A read ends a rule by a panic, which only this package raises and recovers. So a rule cannot go on with a value that it does
// not have, and cannot forget to check for that.
type (
	endOfObject struct{} // an unknown value, or one of a wrong type: ends the function given to Each, or else the policy
	endOfPolicy struct{} // the policy does not apply
)

// crash is a panic of a rule, with the file and line where it happened.
type crash struct{ message string }

func (r *run) endUnknown(path string) {
	if f := (finding{urn: r.urn, text: path}); !slices.Contains(r.unknown, f) {
		r.unknown = append(r.unknown, f)
	}
	panic(endOfObject{})
}

func (r *run) wrongType(path, is, want string) {
	r.report(SeverityUnset, r.urn, "%s %s, must be %s", path, is, want)
	panic(endOfObject{})
}

// unreadable ends the check of an object because a value is not of the type that the rule reads.
func (r *run) unreadable(v *value, path, want string) {
	if v.kind == kindUnknown {
		r.endUnknown(path)
	}
	r.wrongType(path, "is "+kindNames[v.kind], want)
}

func (r *run) endNotApplicable(reason string) {
	r.notApplicable = r.clean(reason)
	panic(endOfPolicy{})
}

func (r *run) keepSecret(s string) {
	if len(s) > 2 { // shorter ones ("1", "no") are in every text and identify nothing
		r.secrets = append(r.secrets, s)
	}
}

func (o *outcome) report(severity Severity, urn, format string, args ...any) {
	o.violations = append(o.violations, finding{urn, o.clean(fmt.Sprintf(format, args...)), severity})
}

// clean makes a text fit to be shown. It redacts secrets and makes the text valid UTF-8, which protobuf requires.
func (o *outcome) clean(text string) string {
	for _, secret := range o.secrets {
		text = strings.ReplaceAll(text, secret, "[secret]")
	}
	return strings.ToValidUTF8(text, "\ufffd")
}

// isolate runs do. An endOfObject panic in do ends only do.
func (o *outcome) isolate(do func()) {
	defer func() {
		switch p := recover().(type) {
		case nil, endOfObject:
		case endOfPolicy, crash:
			panic(p)
		default:
			panic(crash{fmt.Sprintf("%v (%s)", p, panicPlace())})
		}
	}()
	do()
}

// evaluate runs one policy and recovers every panic that ends it.
func (o *outcome) evaluate(policy func()) {
	defer func() {
		switch p := recover().(type) {
		case nil, endOfPolicy:
		case crash:
			o.crash = o.clean(p.message) // a panic may quote what the rule read
		default:
			o.crash = o.clean(fmt.Sprint(p))
		}
	}()
	o.isolate(policy)
}

// panicPlace returns the file and line that raised the panic being recovered. That is the first frame below the runtime's frames.
func panicPlace() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	panicking := false
	for {
		frame, more := frames.Next()
		inRuntime := strings.HasPrefix(frame.Function, "runtime.")
		if panicking && !inRuntime {
			return fmt.Sprintf("%s:%d", filepath.Base(frame.File), frame.Line)
		}
		panicking = panicking || inRuntime && strings.HasSuffix(frame.Function, "panic")
		if !more {
			return "unknown place"
		}
	}
}
