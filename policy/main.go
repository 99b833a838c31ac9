// Command policy serves the platform's policy pack to the Pulumi engine.
package main

import (
	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	"github.com/guiofsaints/procureflow-platform/policy/rules"
)

func main() { crossguard.Main(rules.Pack()) }
