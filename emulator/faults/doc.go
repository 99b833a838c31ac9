// Package faults makes the emulated cloud go wrong on purpose. It delays requests, fails them or loses their answers. It also
// makes the cloud report success and then not reach the requested state.
//
// An [Injector] wraps the cloud's handler: [Injector.Intercept] is a cloud.Options.Intercept. It holds named faults, which may be
// set and cleared while requests run. Each fault says which requests it concerns (a method and a path pattern), which of those it
// strikes (a rate, or the next N after the first M), and its effect:
//
//	delay           the request waits before it is carried out
//	answer          the request gets an error and is not carried out
//	drop            the connection closes and the request is not carried out
//	drop-answer     the request is carried out and the connection closes without an answer
//	slow-operation  the operation of the request runs for a given time
//	conflict        another client's write changes the service, and so its etag, just before the request
//	hold-traffic    the traffic split is stored and does not take effect
//	lose-revision   a revision is deleted just before the request
//	lag-metrics     the metrics in the answer are older than usual
//
// A fault draws from its own random sequence, which its seed decides. So the same requests in the same order meet the same
// faults, whatever other faults are set.
package faults
