// Package s3blob stands in for state in s3://, whose scheme nothing registers here.
package s3blob
