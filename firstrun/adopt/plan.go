package adopt

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/plural"
)

// Planned is a resource that the program asks for.
type Planned struct {
	// URN is the resource's name in the engine, and Type its type token.
	URN, Type string
	// New says that the state does not have the resource, so the preview would create it.
	New bool
	// Parent and Provider are URNs; empty for the stack itself and for components.
	Parent, Provider string
	// Inputs are the program's inputs. Secrets, and values that are not known yet, have no plain value here.
	Inputs map[string]any
}

// Name returns the resource's name in the program.
func (p Planned) Name() string { return p.URN[strings.LastIndex(p.URN, "::")+2:] }

func (p Planned) input(path ...string) string { return text(p.Inputs, path...) }

// ReadPlan reads the output of `pulumi preview --json --show-sames`.
func ReadPlan(in io.Reader) ([]Planned, error) {
	var plan struct {
		Steps []struct {
			Op       string
			NewState *struct {
				URN, Type, Parent, Provider string
				Inputs                      map[string]any
			}
		}
		ChangeSummary map[string]int
		Diagnostics   []struct{ Severity, Message string }
	}
	if err := json.NewDecoder(in).Decode(&plan); err != nil {
		return nil, fmt.Errorf("read the plan: %w; give the output of `pulumi preview --json --show-sames`", err)
	}
	var failures []error
	for _, diagnostic := range plan.Diagnostics {
		if diagnostic.Severity == "error" {
			failures = append(failures, errors.New(strings.TrimSpace(diagnostic.Message)))
		}
	}
	if len(failures) > 0 {
		return nil, fmt.Errorf("the preview failed, so its plan is not whole: %w", errors.Join(failures...))
	}
	var planned []Planned
	same := 0
	for _, step := range plan.Steps {
		if step.Op == "same" {
			same++
		}
		if step.NewState == nil || !Counts(step.Op) {
			continue
		}
		s := step.NewState
		planned = append(planned, Planned{URN: s.URN, Type: s.Type, New: step.Op == "create", Parent: s.Parent,
			Provider: ProviderURN(s.Provider), Inputs: s.Inputs})
	}
	if same < plan.ChangeSummary["same"] {
		return nil, fmt.Errorf("the plan leaves out %s not change, so what the settings know would seem unknown: "+
			"give the output of `pulumi preview --json --show-sames`",
			plural.Of(plan.ChangeSummary["same"]-same, "resource that does", "resources that do"))
	}
	return planned, nil
}

// Counts says whether the resource of a preview's step exists after the run.
func Counts(op string) bool {
	switch op {
	case "create", "same", "update", "refresh", "replace", "create-replacement", "import", "import-replacement":
		return true
	}
	return false
}

// ProviderURN returns a provider's URN from a reference to it, which has the provider's id at its end.
func ProviderURN(reference string) string {
	if cut := strings.LastIndex(reference, "::"); cut >= 0 {
		return reference[:cut]
	}
	return reference
}

func isProvider(token string) bool { return strings.HasPrefix(token, "pulumi:providers:") }
