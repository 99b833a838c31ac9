package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud"
	"github.com/guiofsaints/procureflow-platform/emulator/github"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/internal/cli"
)

// seeds describe what exists before the first request.
type seeds struct {
	Projects []struct {
		ID             string   `yaml:"id"`
		Number         string   `yaml:"number"`
		BillingAccount string   `yaml:"billingAccount"`
		Currency       string   `yaml:"currency"`
		APIs           []string `yaml:"apis"`
	} `yaml:"projects"`
	Repositories []struct {
		Owner   string  `yaml:"owner"`
		OwnerID int64   `yaml:"ownerId"`
		Name    string  `yaml:"name"`
		ID      int64   `yaml:"id"`
		UserIDs []int64 `yaml:"userIds"`
	} `yaml:"repositories"`
	Behaviours map[string]struct {
		ErrorRate  float64       `yaml:"errorRate"`
		Latency    time.Duration `yaml:"latency"`
		Startup    time.Duration `yaml:"startup"`
		NeverReady bool          `yaml:"neverReady"`
	} `yaml:"behaviours"`
}

// demo holds the seeds that are used if no file is given.
const demo = `
projects: [{id: demo-project, number: "100000000000", billingAccount: 000000-AAAAAA-111111}]
repositories: [{owner: demo, ownerId: 1, name: demo, id: 2}]
`

// unknownKey matches how package yaml tells a key that it does not know: with the Go type that lacks it.
var unknownKey = regexp.MustCompile(`(?m)field (\S+) not found in type .*$`)

// readSeeds reads a file of seeds. An empty path means the demonstration's seeds. Unknown keys are refused.
func readSeeds(path string) (seeds, error) {
	var read seeds
	data := []byte(demo)
	if path != "" {
		var err error
		if data, err = os.ReadFile(path); err != nil {
			return read, cli.Blame(fmt.Errorf("read the seeds: %w", err))
		}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&read); err != nil && !errors.Is(err, io.EOF) {
		return read, cli.Blame(fmt.Errorf("%s: %s: --help shows the keys", path, unknownKey.ReplaceAllString(err.Error(), "there is no key $1")))
	}
	return read, nil
}

// apply creates what the seeds describe, unless it exists. It collects all problems in one error.
func (s seeds) apply(into *cloud.Cloud) error {
	var problems []error
	for _, p := range s.Projects {
		err := into.EnsureProject(cloud.Project{ID: p.ID, Number: p.Number, BillingAccount: p.BillingAccount, Currency: p.Currency})
		if err == nil {
			err = into.EnableAPIs(p.ID, p.APIs...)
		}
		problems = append(problems, err)
	}
	for _, r := range s.Repositories {
		problems = append(problems, into.GitHub.Ensure(github.Repository{Owner: r.Owner, OwnerID: r.OwnerID, Name: r.Name, ID: r.ID,
			UserIDs: r.UserIDs}))
	}
	for _, digest := range slices.Sorted(maps.Keys(s.Behaviours)) {
		b := s.Behaviours[digest]
		problems = append(problems, into.Run.SetBehaviour(digest, run.Behaviour{ErrorRate: b.ErrorRate, Latency: b.Latency,
			Startup: b.Startup, NeverReady: b.NeverReady}))
	}
	if err := errors.Join(problems...); err != nil {
		return cli.Blame(fmt.Errorf("the seeds are wrong:\n%w", err))
	}
	return nil
}
