// Package conformance holds the policy SDK's test encoding against the one in Pulumi's own SDK. It is a module of its own,
// because that SDK brings some fifty modules, which nobody who runs the policy pack should have to compile.
package conformance
