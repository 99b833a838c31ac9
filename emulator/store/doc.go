// Package store keeps an emulated cloud's documents in a folder, or in memory.
//
// A document is the JSON object that an API answers for a resource. It is stored under the resource's full name, for example
// //run.googleapis.com/projects/p/locations/l/services/s. Secret payloads are stored apart from the documents. They are encrypted
// with a key that has its own file.
//
// Changes are made in transactions ([Store.Update]). If Update returns without an error, the whole transaction is durable.
// Otherwise nothing of it is visible. A process that is killed at any point leaves the state from before or after the
// transaction. The file in the folder is a bbolt database. It writes only the pages that a transaction changed, so a change costs
// the same in a large cloud as in a small one. Reads are answered from memory.
package store
