package rules

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// judged is a stack, and the result that one rule of the whole pack has to give under a configuration.
type judged struct {
	Rule, Class, Desc string
	// Config is the name of a stack whose configuration is used, or a configuration.
	Config    json.RawMessage
	Resources []judgedResource
	// Expected is mandatory, advisory or pass.
	Expected string
}

type judgedResource struct {
	Type, Name string
	Properties ct.Properties
	Options    struct {
		IgnoreChanges []string
		Protect       bool
	}
	Provider *judgedResource
}

func (j judgedResource) resource() ct.Resource {
	r := ct.Resource{Type: j.Type, Name: j.Name, Properties: j.Properties}
	r.Options.IgnoreChanges, r.Options.Protect = j.Options.IgnoreChanges, j.Options.Protect
	if j.Provider != nil {
		p := j.Provider.resource()
		r.Provider = &p
	}
	return r
}

// TestCases has stacks that a rule once judged wrongly, one a line. If a level is expected, the rule itself has to report a
// violation; an advisory that something was not checked is not enough. A configuration that the pack refuses stops the update as
// well.
//
// undecidable lists the cases that are judged in another way than they ask for, each with its reason.
func TestCases(t *testing.T) {
	t.Parallel()
	file, err := os.Open(filepath.Join("testdata", "cases.jsonl"))
	require.NoError(t, err)
	defer file.Close()
	packs := newPacks(t)
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c judged
		decoder := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		decoder.DisallowUnknownFields()
		require.NoError(t, decoder.Decode(&c), lines.Text())
		t.Run(c.Rule+"/"+c.Desc, func(t *testing.T) {
			t.Parallel()
			var resources []ct.Resource
			for _, r := range c.Resources {
				resources = append(resources, r.resource())
			}
			if reason := undecidable[c.Desc]; reason != "" {
				assert.Equal(t, must, c.Expected, reason)
				c.Expected = pass
			}
			packs.judge(t, c.Rule, configuration(t, c.Config), c.Expected, resources...)
		})
	}
	require.NoError(t, lines.Err())
}

// undecidable has the cases that cannot be decided from the stack, with the reason.
var undecidable = map[string]string{
	"ev067 budget of another project": "The budget names a project by its number and the service its project by its id, and nothing here " +
		"says which number that id has. Where the stack shows it, in a service's address, or both are ids, the rule compares them (siblings " +
		"of budget-exists).",
}

// caseDay returns a day on which the cases' exemptions are in force.
func caseDay() time.Time { return time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC) }

func configuration(t *testing.T, config json.RawMessage) string {
	t.Helper()
	var name string
	if json.Unmarshal(config, &name) != nil {
		return string(config)
	}
	content, err := os.ReadFile(filepath.Join("..", name+".json"))
	require.NoError(t, err)
	return string(content)
}

// packs starts one pack for each configuration, because hundreds of cases share a few configurations.
type packs struct {
	t    *testing.T
	mu   sync.Mutex
	made map[string]configured
}

// configured is a pack, and its error if it refuses the configuration.
type configured struct {
	client  *ct.Client
	refused error
}

func newPacks(t *testing.T) *packs { return &packs{t: t, made: map[string]configured{}} }

func (p *packs) configured(config string) configured {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, known := p.made[config]
	if !known {
		pack := Pack()
		pack.Clock = caseDay
		c.client = ct.Start(p.t, pack)
		c.refused = c.client.Configure(config)
		p.made[config] = c
	}
	return c
}

// judge runs the whole pack on each resource and then on the stack, and compares what one rule reports.
func (p *packs) judge(t *testing.T, rule, config, expected string, resources ...ct.Resource) {
	t.Helper()
	pack := p.configured(config)
	if pack.refused != nil {
		assert.Equal(t, "mandatory", expected, pack.refused)
		return
	}
	c := pack.client.In(t)
	var found []ct.Message
	for _, r := range resources {
		found = append(found, c.Analyze(r).Of(rule).Diagnostics...)
	}
	found = append(found, c.AnalyzeStack(resources...).Of(rule).Diagnostics...)
	worst := "pass"
	for _, d := range found {
		switch {
		case strings.HasPrefix(d.Text, "not checked: "):
		case d.Level == "mandatory":
			worst = d.Level
		case worst == "pass":
			worst = d.Level
		}
	}
	assert.Equal(t, expected, worst, "%v", found)
}
