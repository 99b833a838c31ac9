package docs

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// Environments lists the platform's environments, in the order in which a change reaches them.
var Environments = []string{"dev", "staging", "prod"}

// Config is an enforcement configuration: a file for --policy-pack-config.
type Config struct {
	Name     string
	Policies map[string]PolicyConfig
}

// PolicyConfig is the configuration of one policy.
type PolicyConfig struct {
	// Level is "" if the file leaves the level to the policy.
	Level   string
	Options map[string]any
}

// Load reads the configurations of all environments from a folder.
func Load(folder string) ([]Config, error) {
	var all []Config
	for _, name := range Environments {
		content, err := os.ReadFile(filepath.Join(folder, name+".json"))
		if err != nil {
			return nil, fmt.Errorf("reading the configuration of %s: %w", name, err)
		}
		given := map[string]any{}
		if err := json.Unmarshal(content, &given); err != nil {
			return nil, fmt.Errorf("configuration of %s: %w", name, err)
		}
		c := Config{Name: name, Policies: map[string]PolicyConfig{}}
		for _, policy := range slices.Sorted(maps.Keys(given)) {
			switch v := given[policy].(type) {
			case string:
				c.Policies[policy] = PolicyConfig{Level: v}
			case map[string]any:
				level, _ := v["enforcementLevel"].(string)
				c.Policies[policy] = PolicyConfig{Level: level, Options: v}
			default:
				return nil, fmt.Errorf("configuration of %s: %s must be a level or an object", name, policy)
			}
		}
		all = append(all, c)
	}
	return all, nil
}

func (c Config) level(pack crossguard.Pack, p crossguard.Policy) string {
	if level := c.Policies[p.Name].Level; level != "" {
		return level
	}
	if p.Enforcement != crossguard.Unset {
		return p.Enforcement.String()
	}
	return pack.Enforcement.String()
}
