// Package s3 stands in for the one type of Amazon's client that the CLI's file backend names.
package s3

// CopyObjectInput is not used where no bucket of Amazon's is opened.
type CopyObjectInput struct{ CopySource *string }
