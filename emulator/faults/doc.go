// Package faults makes the emulated cloud go wrong on purpose. It delays requests, fails them or loses their answers. It also
// makes the cloud report success and then not reach the requested state.
//
// An [Injector] wraps the cloud's handler: [Injector.Intercept] is a cloud.Options.Intercept. It holds named faults, which may be
// set and cleared while requests run. Each fault says which requests it concerns (a method and a path pattern), which of those it
// strikes (a rate, or the next N after the first M), and its effect:
//
//	delay           the request waits                        answer         it gets an error, and is not carried out
//	drop            its connection closes, unheard           drop-answer    it is carried out, and nobody hears how
//	slow-operation  its operation runs for so long           conflict       somebody writes the service before it: a new etag
//	hold-traffic    the split is stored, not in effect       lose-revision  a revision is gone before it
//	lag-metrics     the metrics it reads are so far behind
//
// A fault draws from its own random sequence, which its seed decides. So the same requests in the same order meet the same
// faults, whatever other faults are set.
package faults
