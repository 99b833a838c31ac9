package crossguardtest

import (
	"context"
	"errors"
	"fmt"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// Judge runs a pack on resources as a preview does, outside of a test: in an example, or in a program. config is the content of a
// configuration file, "" for none.
func Judge(pack crossguard.Pack, config string, resources ...Resource) (result Result, err error) {
	err = outside(func(t TB) error {
		c := Start(t, pack)
		if config != "" {
			if err := c.Configure(config); err != nil {
				return err
			}
		}
		result = c.Preview(resources...)
		result.Logged = c.Logged()
		return nil
	})
	return result, err
}

// Correct runs one policy's remedy on a resource, outside of a test, and returns the properties that the engine would go on with.
// The error has what could not be corrected, too.
func Correct(policy crossguard.Policy, r Resource) (corrected Properties, err error) {
	policy.Enforcement = crossguard.Remediate
	err = outside(func(t TB) error {
		var did Remediated
		corrected, did = Start(t, crossguard.Pack{Name: "alone", Version: "1.0.0", Policies: []crossguard.Policy{policy}}).Remediate(r)
		for _, warning := range did.Warnings {
			t.Errorf("%s: %s", warning.Policy, warning.Text)
		}
		return nil
	})
	return corrected, err
}

// outside gives do a test where there is none, and turns what that reports into an error.
func outside(do func(TB) error) (err error) {
	alone := &recorder{}
	defer func() {
		if p := recover(); p != nil && p != any(alone) {
			panic(p)
		}
		alone.end()
		err = errors.Join(append([]error{err}, alone.problems...)...)
	}()
	return do(alone)
}

// recorder stands for a test where there is none. Fatal panics with the recorder.
type recorder struct {
	problems []error
	cleanup  []func()
}

func (r *recorder) Helper()                  {}
func (r *recorder) Context() context.Context { return context.Background() }
func (r *recorder) Cleanup(do func())        { r.cleanup = append(r.cleanup, do) }

func (r *recorder) Errorf(format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf(format, args...))
}

func (r *recorder) Fatal(args ...any) {
	r.problems = append(r.problems, errors.New(fmt.Sprint(args...)))
	panic(r)
}

func (r *recorder) Fatalf(format string, args ...any) { r.Fatal(fmt.Sprintf(format, args...)) }

func (r *recorder) end() {
	for _, do := range r.cleanup {
		do()
	}
}
