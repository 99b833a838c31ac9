// Package health judges a candidate. It is pure: observations go in, a verdict with its reasons comes out.
//
// Three gates: A before any traffic (probes of the tag's URL), B at every step (probes of the tag's URL and of the service's), C at
// the end of a step (Cloud Monitoring). Absent data is a verdict of its own, Inconclusive, and never counts as health.
package health
