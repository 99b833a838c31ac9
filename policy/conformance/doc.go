// Package conformance compares the policy SDK's test encoding with the encoding of Pulumi's own SDK. It is a Go module of its
// own, because Pulumi's SDK brings some fifty modules. A user of the policy pack does not have to compile them.
package conformance
