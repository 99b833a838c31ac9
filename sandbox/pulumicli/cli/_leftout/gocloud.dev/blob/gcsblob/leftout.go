// Package gcsblob stands in for state in gs://. See authhelpers.
package gcsblob

// Scheme is that of the addresses.
const Scheme = "gs"
