// Package store keeps an emulated cloud's documents in a folder, or in memory.
//
// A document is the JSON object that an API answers for a resource, under the resource's full name, for example
// //run.googleapis.com/projects/p/locations/l/services/s. Secret payloads are kept beside the documents, sealed with a
// key that lies in a file of its own.
//
// Changes are made in transactions ([Store.Update]): all of a transaction is durable when Update returns without an
// error, and nothing of it is visible otherwise. A process that is killed at any point leaves the state from before or
// after the transaction. The folder's file is a bbolt database, which writes the pages that a transaction changed and
// nothing else, so that a change costs the same in a large cloud as in a small one. Reads are answered from memory.
package store
