package crossguardtest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Engine is the real pulumi command together with a pack, built as it is published.
type Engine struct {
	pulumi, pack, home string
	first              *firstStack
}

// firstStack is the stack file of the first program's stack. Further stacks begin with it, so that they have its key, which takes a fifth
// of a second to derive.
type firstStack struct {
	mutex sync.Mutex
	file  []byte
}

// NewEngine builds the pack in a folder. It skips the test if there is no pulumi command in PULUMI_COMMAND or on PATH.
func NewEngine(t testing.TB, folder string) Engine {
	t.Helper()
	pulumi := os.Getenv("PULUMI_COMMAND")
	if pulumi == "" {
		found, err := exec.LookPath("pulumi")
		if err != nil {
			t.Skip("there is no pulumi on PATH: install it, or name one in PULUMI_COMMAND")
		}
		pulumi = found
	}
	e := Engine{pulumi: pulumi, pack: filepath.Join(t.TempDir(), "pack"), home: t.TempDir(), first: &firstStack{}}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", e.pack, ".")
	build.Dir = folder
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the pack in %s: %v\n%s", folder, err, out)
	}
	return e
}

// Analyze runs pulumi policy analyze on a state that contains the resources. config is the content of a configuration file.
func (e Engine) Analyze(t testing.TB, config string, resources ...Resource) (output string, refused bool) {
	t.Helper()
	state, err := Export(resources...)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	stateFile, configFile := filepath.Join(folder, "state.json"), filepath.Join(folder, "config.json")
	mustWrite(t, stateFile, state)
	mustWrite(t, configFile, []byte(config))
	return e.run(t, folder, nil, "policy", "analyze", "--file", stateFile, "--policy-pack", e.pack, "--policy-pack-config", configFile)
}

// run runs pulumi in a folder. environment adds variables to those of the process.
func (e Engine) run(t testing.TB, folder string, environment []string, args ...string) (output string, failed bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), e.pulumi, args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "PULUMI_HOME="+e.home, "PULUMI_SKIP_UPDATE_CHECK=true", "NO_COLOR=1", "PULUMI_OPTION_COLOR=never")
	cmd.Env = append(cmd.Env, environment...)
	both, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatalf("running pulumi: %v", err)
	}
	return string(both), !cmd.ProcessState.Success()
}

// Export writes resources as pulumi stack export would write them: it is the inverse of [ParseExport]. It refuses unknown values,
// which a state cannot have.
func Export(resources ...Resource) ([]byte, error) {
	stack := Resource{Type: stackType, Name: "test-dev"}
	all := []map[string]any{{"urn": stack.URN(), "custom": false, "type": stackType}}
	there := map[string]bool{}
	var add func(Resource)
	add = func(r Resource) {
		if r.Type == stackType {
			return
		}
		there[r.URN()] = true
		parent := r.parent()
		if parent == "" {
			parent = stack.URN()
		}
		if r.Parent != nil && !there[r.Parent.URN()] {
			add(*r.Parent)
		}
		one := map[string]any{"urn": r.URN(), "custom": !r.Component, "type": r.Type, "parent": parent, "protect": r.Options.Protect,
			"inputs": closed(map[string]any(r.Properties)), "outputs": closed(map[string]any(r.outputs())), "ignoreChanges": r.Options.IgnoreChanges,
			"dependencies": r.Dependencies, "propertyDependencies": r.PropertyDependencies}
		if !r.Component {
			one["id"] = fmt.Sprintf("id-%d", len(all))
		}
		all = append(all, one)
	}
	for _, r := range resources {
		if !r.Component || !there[r.URN()] {
			add(r)
		}
	}
	return json.Marshal(map[string]any{"version": 3, "deployment": map[string]any{
		"manifest": map[string]any{"time": "2026-11-23T00:00:00Z", "magic": "", "version": ""}, "resources": all,
	}})
}

// closed converts a value to the form that a state stores: secrets become objects with a signature.
func closed(v any) any {
	switch v := v.(type) {
	case Properties:
		return closed(map[string]any(v))
	case map[string]any:
		all := make(map[string]any, len(v))
		for key, inner := range v {
			all[key] = closed(inner)
		}
		return all
	case []any:
		all := make([]any, len(v))
		for i, inner := range v {
			all[i] = closed(inner)
		}
		return all
	case Secret:
		plaintext, _ := json.Marshal(closed(v.Value)) // a value that cannot be encoded makes Export fail as a whole
		return map[string]any{signatureKey: secretSignature, "plaintext": string(plaintext)}
	}
	return v
}

func mustWrite(t testing.TB, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
