// Command docs writes docs/policies.md from the policy pack. Run it in policy/.
package main

import (
	"fmt"
	"os"

	"github.com/guiofsaints/procureflow-platform/policy/internal/docs"
	"github.com/guiofsaints/procureflow-platform/policy/rules"
)

func main() {
	configs, err := docs.Load(".")
	if err == nil {
		err = os.WriteFile("../docs/policies.md", []byte(docs.Markdown(rules.Pack(), configs)), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}
