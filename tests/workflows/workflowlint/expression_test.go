package workflowlint_test

import (
	"strings"
	"testing"

	"github.com/guiofsaints/procureflow-platform/tests/workflows/workflowlint"
)

func TestEvaluate(t *testing.T) {
	t.Parallel()
	w := workflowlint.World{"inputs.stack": "prod", "needs.a.result": "success", "always()": true, "cancelled()": false,
		"github.event.head": nil}
	for _, test := range []struct {
		condition string
		want      any
	}{
		{"inputs.stack", "prod"}, {"${{ inputs.stack }}", "prod"}, {"'a'", "a"}, {"true", true}, {"github.event.head", nil},
		{"inputs.stack == 'prod'", true}, {"inputs.stack != 'prod'", false}, {"inputs.stack == 'dev'", false},
		{"always() && inputs.stack", "prod"}, {"cancelled() && inputs.stack", false}, {"'' || inputs.stack", "prod"},
		{"inputs.stack || 'dev'", "prod"}, {"!cancelled()", true}, {"!inputs.stack", false}, {"!github.event.head", true},
		{"format('refs/heads/{0}', inputs.stack) == 'refs/heads/prod'", true}, {"format('{1}{0}', inputs.stack, 'a')", "aprod"},
		{"format('{0}', github.event.head)", ""},
		{"cancelled() || (inputs.stack == 'prod' && needs.a.result == 'success')", true},
		{"cancelled() && github.nobody", false}, // GitHub does not evaluate what decides nothing.
	} {
		if got, err := workflowlint.Evaluate(test.condition, w); err != nil || got != test.want {
			t.Errorf("%s is %v, %v, want %v", test.condition, got, err, test.want)
		}
	}
	for condition, want := range map[string]string{
		"inputs.other":                "nothing is said of inputs.other: give its value",
		"!inputs.other":               "nothing is said of inputs.other",
		"inputs.other == 'a'":         "nothing is said of inputs.other",
		"'a' == inputs.other":         "nothing is said of inputs.other",
		"inputs.other && true":        "nothing is said of inputs.other",
		"true && inputs.other":        "nothing is said of inputs.other",
		"format('{0}', inputs.other)": "nothing is said of inputs.other",
		"failure()":                   "nothing is said of failure()",
		"inputs.stack < 'prod'":       "cannot be computed here",
		"inputs[0]":                   "IndexAccessNode cannot be computed here",
		"inputs[0].stack":             "IndexAccessNode has no name here",
		"inputs.stack == 'prod' &&":   "inputs.stack == 'prod' &&: ",
	} {
		if got, err := workflowlint.Evaluate(condition, w); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is %v, %v, want the error %q", condition, got, err, want)
		}
	}
}

func TestTruth(t *testing.T) {
	t.Parallel()
	for value, want := range map[any]bool{nil: false, false: false, "": false, true: true, "false": true, " ": true} {
		if got := workflowlint.Truth(value); got != want {
			t.Errorf("%#v is true: %v, want %v", value, got, want)
		}
	}
}
