// Package store keeps the simulated cloud's documents in one file.
//
// A document is the JSON object that an API answers for a resource, under the resource's full name, for example
// //run.googleapis.com/projects/p/locations/l/services/s. Secret payloads are kept beside the documents, sealed with a
// key that lies in a file of its own.
//
// Changes are made in transactions ([Store.Update]): all of a transaction is durable when Update returns without an
// error, and nothing of it is visible otherwise. A process that is killed at any point leaves the state from before or
// after the transaction, because the file is replaced in one step and never written in place.
package store
