// Package rest implements what Google's APIs have in common: named resources that are written and read over HTTP, long-running
// operations, field masks, etags, pages and IAM policies. It contains no API. An API is a table of kinds ([API], [Kind]). The
// parts that only one API has are functions next to its table, which this package calls.
//
// [Request.handle] answers a request. It finds the API and the method and checks the body against the method's message. It then
// checks the resource's surroundings: the project, whether the API is enabled, the location and the parents. The rest runs as one
// transaction of the store: it happens as a whole or not at all.
//
// A write makes one document. This package decodes the body into it and sets the fields that every resource has (name, times,
// etag). The kind's Prepare fills in the fields that its API computes, and refuses a document that its API refuses. Nothing else
// changes the document.
package rest
