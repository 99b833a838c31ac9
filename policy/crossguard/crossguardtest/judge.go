package crossguardtest

import (
	"context"
	"errors"
	"fmt"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// Judge runs a pack on resources as a preview does. It needs no test, so an example or a program can call it. config is the
// content of a configuration file; "" means no configuration.
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

// Correct runs one policy's Remediate on a resource, without a test. It returns the properties that the engine would go on with.
// The error also reports what the policy could not correct.
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

// outside calls do with a replacement for a test, and returns the failure that do reports to it as an error.
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

// recorder takes the place of a test outside of tests. Its Fatal panics with the recorder, which outside recovers.
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
