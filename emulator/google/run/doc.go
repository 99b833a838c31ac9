// Package run is Cloud Run: services and their revisions, and which requests reach which revision.
//
// Its rules are functions of JSON documents, without storage or HTTP: which services and templates are taken ([Check]), what is filled
// in ([Defaults]), which traffic splits there can be ([CheckTraffic]), and how near a service is to what it was asked for
// ([Reconcile]). Around them stand the two APIs, v2 and v1, the revisions that start, and what the data plane reads ([API.Services]).
package run

import "fmt"

// Refusal is why the API does not take a service, in the API's words.
type Refusal string

func (r Refusal) Error() string { return string(r) }

func refuse(format string, args ...any) error { return Refusal(fmt.Sprintf(format, args...)) }
