package pulumitest

import (
	"context"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"
)

// Value returns the value of an output of a finished run. It fails the test if the output failed, is unknown or has another type.
func Value[T any](t testing.TB, output pulumi.Output) T {
	t.Helper()
	result := await(t, output)
	if !result.Known {
		t.Fatalf("the output is unknown")
	}
	value, ok := result.Value.(T)
	if !ok {
		t.Fatalf("the output holds a %T, want a %T", result.Value, value)
	}
	return value
}

// IsSecret reports whether an output of a finished run is secret.
func IsSecret(t testing.TB, output pulumi.Output) bool {
	t.Helper()
	return await(t, output).Secret
}

// IsKnown reports whether an output of a finished run is known. In a preview many are not.
func IsKnown(t testing.TB, output pulumi.Output) bool {
	t.Helper()
	return await(t, output).Known
}

func await(t testing.TB, output pulumi.Output) internals.UnsafeAwaitOutputResult {
	t.Helper()
	result, err := internals.UnsafeAwaitOutput(context.Background(), output)
	if err != nil {
		t.Fatalf("the output failed: %v", err)
	}
	return result
}
