// Command newrule writes a policy and its test. If the folder has no pack yet, it writes the pack as well. Run it in policy/:
//
//	go run ./cmd/newrule FOLDER NAME TYPE CONDITION
//	go run ./cmd/newrule ~/my-pack bucket-versioned gcp:storage/bucket:Bucket versioning.enabled=true
//
// A condition is PATH=VALUE or PATH<=NUMBER. The command never overwrites an existing file. It exits with 2 if an argument is
// wrong and with 1 if a file cannot be written. docs/first-rule.md explains it step by step.
package main

import (
	"errors"
	"fmt"
	"os"
)

func main() {
	sdk, err := os.Getwd()
	if err == nil {
		err = run(os.Args[1:], sdk, os.Stdout)
	}
	var usage usageError
	switch {
	case errors.As(err, &usage):
		fmt.Fprintln(os.Stderr, "newrule:", err)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "newrule:", err)
		os.Exit(1)
	}
}
