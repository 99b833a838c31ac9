package trust

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types/ref"
)

// newLanguage is the language of mappings and conditions: the three names that Google gives to expressions, and nothing
// that Common Expression Language itself does not have.
func newLanguage() (*cel.Env, error) {
	attributes := cel.MapType(cel.StringType, cel.DynType)
	env, err := cel.NewEnv(cel.Variable("assertion", attributes), cel.Variable("google", attributes), cel.Variable("attribute", attributes))
	if err != nil {
		return nil, fmt.Errorf("set up the expression language: %w", err)
	}
	return env, nil
}

func compile(language *cel.Env, expression string) (cel.Program, error) {
	checked, issues := language.Compile(expression)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	return language.Program(checked)
}

// evaluate fails when the expression reads a claim that is absent, as the exchange does.
func evaluate(program cel.Program, variables map[string]any) (ref.Val, error) {
	value, _, err := program.Eval(variables)
	return value, err
}
