// Package run is Cloud Run's rules without its servers: which services, templates and traffic splits are taken, what is
// filled in, and which split is in effect. Everything here is a pure function of JSON documents in the API's form, so
// that the rules can be read and tested apart from storage and HTTP.
package run

import "fmt"

// Refusal is why the API does not take a service, in the API's words.
type Refusal string

func (r Refusal) Error() string { return string(r) }

func refuse(format string, args ...any) error { return Refusal(fmt.Sprintf(format, args...)) }
