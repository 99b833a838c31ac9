package review_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/guiofsaints/procureflow-platform/tests/linkonce"
)

func TestMain(m *testing.M) {
	end, err := linkonce.Begin() // Both rehearsals run the policy pack.
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	end()
	os.Exit(code)
}
