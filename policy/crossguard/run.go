package crossguard

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// outcome is what one policy found in one request.
type outcome struct {
	violations    []finding
	unknown       []finding // their texts are paths
	notApplicable string    // reason, "" if it applies
	crash         string    // what a panic said, "" if there was none
	secrets       []string  // values that must not appear in messages
	logged        []Logged
}

// finding is a message about a resource, or about the stack if urn is "". Its severity is the policy's where it is unset.
type finding struct {
	urn, text string
	severity  Severity
}

// foundAnything reports whether there is anything to answer.
func (o *outcome) foundAnything() bool {
	return len(o.violations) > 0 || len(o.unknown) > 0 || o.notApplicable != "" || o.crash != ""
}

// decided reports whether the policy came to a judgement on all that it looked at.
func (o *outcome) decided() bool { return len(o.unknown) == 0 && o.crash == "" }

// undecided reports whether something was met in a resource that is not known yet.
func (o *outcome) undecided(urn string) bool {
	return slices.ContainsFunc(o.unknown, func(f finding) bool { return f.urn == urn })
}

// run is a policy's look at one resource.
type run struct {
	*outcome
	urn string
	// watch is told the type and path of every read, in tests; nil otherwise. typ is the type.
	watch func(typ, path string)
	typ   string
}

// A rule is ended from within a read by a panic that only this package raises and recovers. That is what makes it
// impossible to forget: there is no result a rule could go on with.
type (
	endOfObject struct{} // unknown or of a wrong type: ends a function given to Each, else the policy
	endOfPolicy struct{} // not applicable: ends the policy
)

// crash is a panic of a rule with the place it came from.
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

// unreadable ends an object over a value that is not what a rule wants to read.
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

// clean makes a text fit to be shown: without secrets, and valid UTF-8, which protobuf insists on.
func (o *outcome) clean(text string) string {
	for _, secret := range o.secrets {
		text = strings.ReplaceAll(text, secret, "[secret]")
	}
	return strings.ToValidUTF8(text, "\ufffd")
}

// isolate runs do and lets an end of object end do only.
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

// evaluate runs one policy to its end, whichever that is.
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

// panicPlace is the file and line that raised the panic being recovered: the first frame below the runtime's.
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
