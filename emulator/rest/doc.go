// Package rest is what Google's APIs have in common: resources with names, written and read by HTTP, long-running operations, field
// masks, etags, pages, IAM policies. It knows no API. An API is a table of kinds ([API], [Kind]); what only this API does stands
// beside its table, in functions that the core calls.
//
// A request goes through [Request.handle]: the API and its method are found, the body is held to the method's message, and what comes
// before the resource is checked (its project, whether the API is on, its place, its parents). Then it is one transaction of the
// store: it happens as a whole or not at all.
//
// A write makes one document. The core decodes the body into it and sets what every resource has (name, times, etag); the kind's
// Prepare fills in what its API computes, and refuses what it refuses. Nobody else changes it.
package rest
