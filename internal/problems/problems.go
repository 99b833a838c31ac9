// Package problems collects the problems of a component's arguments, so that their author gets all of them at once. The
// settings have their own collector, which knows the values that could not be read and never repeats a value.
package problems

import (
	"errors"
	"fmt"
)

// List holds the problems in the order in which they were found. The zero value is ready for use.
type List struct{ all []error }

// Add adds a problem.
func (l *List) Add(format string, values ...any) {
	l.all = append(l.all, fmt.Errorf(format, values...))
}

// If adds a problem if the condition holds. The values are computed in any case.
func (l *List) If(wrong bool, format string, values ...any) {
	if wrong {
		l.Add(format, values...)
	}
}

// Optional adds a problem if a number is not from 1 to most. 0 stands for the default.
func (l *List) Optional(field string, value, most, byDefault int) {
	l.If(value < 0 || value > most, "%s is %d: use 1-%d, or leave it out for %d", field, value, most, byDefault)
}

// Take adds what a check returned; nil means that it found nothing.
func (l *List) Take(err error) {
	if err != nil {
		l.all = append(l.all, err)
	}
}

// Err returns an error with all problems, or nil.
func (l *List) Err() error { return errors.Join(l.all...) }
