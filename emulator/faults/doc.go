// Package faults makes the simulated cloud go wrong on purpose: late, with errors, without an answer, or with an answer
// that is true and a state that is not what was asked for.
//
// An [Injector] wraps the cloud's handler ([Injector.Intercept] is a cloud.Options.Intercept) and holds named faults,
// which may be set and cleared while requests run. Each fault says which requests it is about (a method, a path
// pattern), which of those it strikes (a rate, or the next N, after the first M), and its effect:
//
//	delay           the request waits                        answer         it gets an error, and is not carried out
//	drop            its connection closes, unheard           drop-answer    it is carried out, and nobody hears how
//	slow-operation  its operation runs for so long           conflict       somebody writes the service before it: a new etag
//	hold-traffic    the split is stored, not in effect       lose-revision  a revision is gone before it
//	lag-metrics     the metrics it reads are so far behind
//
// A fault draws from a sequence of its own that its seed decides, so that the same requests in the same order meet the
// same faults, whatever other faults there are.
package faults
