// Command newrule writes a policy with its test, and the pack around it where there is none yet. Run it in policy/:
//
//	go run ./cmd/newrule FOLDER NAME TYPE CONDITION
//	go run ./cmd/newrule ~/my-pack bucket-versioned gcp:storage/bucket:Bucket versioning.enabled=true
//
// A condition is PATH=VALUE or PATH<=NUMBER. Nothing that exists is overwritten. It exits with 2 where an argument is wrong and
// with 1 where a file cannot be written. docs/first-rule.md leads through it.
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
