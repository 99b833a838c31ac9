//go:build !linux

package bench

const testsNote = `With what the tests started and waited for: compilers and engines, but no daemons.`

func keepOrphans() error { return nil }
