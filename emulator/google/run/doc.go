// Package run emulates Cloud Run: services with their revisions, jobs with their executions, and the traffic splits that decide
// which revision each request reaches.
//
// The rules are functions of JSON documents, without storage or HTTP. checkService decides which services are accepted, serviceDefaults
// fills in missing fields, and [CheckTraffic] decides which traffic splits are valid. [Reconcile] computes how far a service has
// come towards its desired state. The other files serve the two APIs, v2 and v1, start revisions, and answer the data plane
// ([API.Services]).
package run

import "fmt"

// Refusal is the reason why the API refuses a service, in the API's words.
type Refusal string

func (r Refusal) Error() string { return string(r) }

func refuse(format string, args ...any) error { return Refusal(fmt.Sprintf(format, args...)) }
