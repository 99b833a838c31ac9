// Package postgres stands in for state in postgres://, whose scheme nothing registers here.
package postgres
