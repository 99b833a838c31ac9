// Package settings reads release.yaml, which says how careful a release is in each environment. Reading is strict: an unknown key or
// environment and an impossible value are errors that name the fix. Only an absent key gets its default.
package settings

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/guiofsaints/procureflow-platform/internal/problems"
	"github.com/guiofsaints/procureflow-platform/release/health"
	"github.com/guiofsaints/procureflow-platform/release/notify"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

//go:embed release.yaml
var builtIn []byte

// Environment is one environment's settings.
type Environment struct {
	// Steps are the shares of the requests, and how long the candidate has to stay healthy at each. Default: 10, 50 and 100 % for one
	// minute each.
	Steps []Step `yaml:"steps"`
	// Probe says how the controller probes the service.
	Probe Probe `yaml:"probe"`
	// Metrics are the limits for Cloud Monitoring's numbers.
	Metrics Metrics `yaml:"metrics"`
	// Inconclusive says what to do without enough data: hold, proceed or rollback. Default: hold.
	Inconclusive string `yaml:"inconclusive"`
	// HoldFor is how long to wait for data before a held rollout ends. Default: 10m.
	HoldFor time.Duration `yaml:"holdFor"`
	// CandidateWait is how long a revision may take to become ready. Default: 5m.
	CandidateWait time.Duration `yaml:"candidateWait"`
	// Settle is how long a shift may take to become effective. Default: 2m.
	Settle time.Duration `yaml:"settle"`
	// Blind is how long the API may be out of reach before a rollout stops. Default: 1m.
	Blind time.Duration `yaml:"blind"`
	// Before are the Cloud Run jobs that run one after another when the candidate is ready, before its probes and any traffic; for
	// example a database migration. A job that fails ends the release. Default: none.
	Before []Hook `yaml:"before"`
	// After are the jobs that run when the last step is healthy, while a rollback is still possible; for example a smoke test. Default:
	// none.
	After []Hook `yaml:"after"`
	// Windows are the times at which a release may start. A release that has begun goes on, and a rollback is always allowed. Default:
	// always.
	Windows *Windows `yaml:"windows"`
	// Notify lists who is told how a release goes. Default: nobody.
	Notify []notify.Sink `yaml:"notify"`
}

// Step is one share of the requests.
type Step struct {
	// Percent is the share of the requests, 1 to 100. The last step has 100. Required.
	Percent int `yaml:"percent"`
	// Bake is how long the candidate has to stay healthy at this share. Required.
	Bake time.Duration `yaml:"bake"`
}

// UnmarshalYAML refuses a step without a bake, because it would be over at once.
func (s *Step) UnmarshalYAML(node *yaml.Node) error {
	type step Step
	const absent = time.Duration(math.MinInt64)
	one := step{Bake: absent}
	raw, err := yaml.Marshal(node)
	if err == nil {
		err = strict(raw, &one)
	}
	if err == nil && one.Bake == absent {
		err = fmt.Errorf("step %d %%: bake is missing: say for how long the step is watched, for example 5m", one.Percent)
	}
	*s = Step(one)
	return err
}

// Probe says how the controller probes the service.
type Probe struct {
	// Paths are requested together, about once a second, so they should be cheap. Default: /api/items?limit=1, which reaches the
	// database. Do not use ProcureFlow's /api/health: it calls a paid model each time.
	Paths []string `yaml:"paths"`
	// Timeout bounds one request. Default: 2s.
	Timeout time.Duration `yaml:"timeout"`
	// Count is how many answers have to be good before any traffic. Default: 60, which show with 95 % confidence a fault rate under 5 %.
	// If p95 is set, at least 20 are made.
	Count int `yaml:"count"`
	// Pace is the pause between two probes before traffic. Default: 500ms.
	Pace time.Duration `yaml:"pace"`
	// Interval is the pause between two probes during a step. If p95 or badRatio is set, a step's bake has to last for 20 probes. Default:
	// 1s.
	Interval time.Duration `yaml:"interval"`
	// Warmup is how long the first instance may take to answer. Default: 30s.
	Warmup time.Duration `yaml:"warmup"`
	// P95 is the highest 95th percentile of the latency. Default: 1s; 0 for no limit.
	P95 time.Duration `yaml:"p95"`
	// Consecutive is how many failures in a row roll back. Default: 3.
	Consecutive int `yaml:"consecutive"`
	// BadRatio is the highest share of bad probes in a step, 0 to 1. Default: 0.1.
	BadRatio float64 `yaml:"badRatio"`
	// Marker shows that the right revision answers. Default: no marker.
	Marker Marker `yaml:"marker"`
	// Auth is auto, public or id-token. With auto a request carries an ID token once the service has refused one without; public never
	// sends one, and id-token always. Default: auto.
	Auth string `yaml:"auth"`
}

// Marker is a text in every answer of the right revision. In value and body, {revision} is replaced with the candidate's name.
type Marker struct {
	// Header is the name of a header of the answer. Default: no header is looked at.
	Header string `yaml:"header"`
	// Value is what the header has to hold; {revision} stands for the candidate's name. Required with Header.
	Value string `yaml:"value"`
	// Body is a text that the answer's body has to contain; {revision} stands for the candidate's name. Default: the body is not looked at.
	Body string `yaml:"body"`
}

// Metrics are the limits for Cloud Monitoring's numbers.
type Metrics struct {
	// ErrorRatio is the highest share of failing requests that is good enough, 0 to 1. Default: 0.02.
	ErrorRatio float64 `yaml:"errorRatio"`
	// P95 is the highest 95th percentile of the latency. Default: 2s; 0 for no limit.
	P95 time.Duration `yaml:"p95"`
	// MinRequests is the fewest requests over the service's URL with which a step may pass, whatever the probes say. If it is not 0, a
	// canary without visitors is always inconclusive. Default: 0.
	MinRequests int `yaml:"minRequests"`
	// MinLatencies is the fewest requests from which p95 is judged. Default: 50.
	MinLatencies int `yaml:"minLatencies"`
	// Every is how often Cloud Monitoring is asked. Default: 30s.
	Every time.Duration `yaml:"every"`
}

// Default returns the values of absent keys.
func Default() Environment {
	return Environment{
		Steps: []Step{{10, time.Minute}, {50, time.Minute}, {100, time.Minute}},
		Probe: Probe{Paths: []string{"/api/items?limit=1"}, Timeout: 2 * time.Second, Count: 60, Pace: 500 * time.Millisecond,
			Interval: time.Second,
			Warmup:   30 * time.Second, P95: time.Second, Consecutive: 3, BadRatio: 0.1, Auth: "auto"},
		Metrics:      Metrics{ErrorRatio: 0.02, P95: 2 * time.Second, MinLatencies: 50, Every: 30 * time.Second},
		Inconclusive: "hold", HoldFor: 10 * time.Minute, CandidateWait: 5 * time.Minute, Settle: 2 * time.Minute, Blind: time.Minute,
	}
}

// Load reads an environment from a file. An empty path means the release.yaml that is built into the program.
func Load(path, environment string) (Environment, error) {
	raw, source, err := read(path)
	if err != nil {
		return Environment{}, fmt.Errorf("read the release policy: %w", err)
	}
	loaded, err := Parse(raw, environment)
	if err != nil {
		return Environment{}, fmt.Errorf("%s: %w", source, err)
	}
	return loaded, nil
}

func read(path string) (raw []byte, source string, err error) {
	if path == "" {
		return builtIn, "the built-in release.yaml", nil
	}
	raw, err = os.ReadFile(path)
	return raw, path, err
}

// Parse reads one environment, and checks all of them.
func Parse(raw []byte, environment string) (Environment, error) {
	var file struct {
		Environments map[string]yaml.Node `yaml:"environments"`
	}
	if err := strict(raw, &file); err != nil {
		return Environment{}, err
	}
	loaded := map[string]Environment{}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(file.Environments)) {
		node := file.Environments[name]
		one := Default()
		err := unclear(&node, reflect.TypeFor[Environment](), "")
		var encoded []byte
		if err == nil {
			encoded, err = yaml.Marshal(&node)
		}
		if err == nil {
			err = plain(strict(encoded, &one))
		}
		if err == nil {
			err = one.validate()
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("environments.%s: %w", name, err))
		}
		loaded[name] = one
	}
	if len(problems) > 0 {
		return Environment{}, errors.Join(problems...)
	}
	found, ok := loaded[environment]
	switch {
	case len(loaded) == 0:
		return Environment{}, fmt.Errorf("the file has no environments: write %s below the key environments", environment)
	case !ok:
		return Environment{}, fmt.Errorf("there is no environment %q: use one of %s", environment,
			strings.Join(slices.Sorted(maps.Keys(loaded)), ", "))
	}
	return found, nil
}

func strict(raw []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return err
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("there is a second document, which nobody would read: use one")
	}
	return nil
}

var (
	line    = regexp.MustCompile(`^line \d+: `)
	unknown = regexp.MustCompile(`^field (\S+) not found in type \S+$`)
	notTime = regexp.MustCompile("^cannot unmarshal \\S+ `(.*)` into time.Duration$")
)

// plain rewords the decoder's error. It drops line numbers, because they count from the environment and not from the file.
func plain(err error) error {
	var wrong *yaml.TypeError
	if !errors.As(err, &wrong) {
		return err
	}
	var problems []error
	for _, message := range wrong.Errors {
		message = line.ReplaceAllString(message, "")
		message = unknown.ReplaceAllString(message, "there is no key $1")
		problems = append(problems, errors.New(notTime.ReplaceAllString(message, "$1 is not a duration: use one such as 30s or 5m")))
	}
	return errors.Join(problems...)
}

// headerName matches the name of a header by RFC 9110. No answer has a header of another name, so the marker would never be there.
var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

func (e Environment) validate() error {
	var found problems.List
	found.Take(e.Policy().Validate())
	found.If(len(e.Probe.Paths) == 0, "probe.paths: name at least one path")
	for _, path := range e.Probe.Paths {
		found.If(!strings.HasPrefix(path, "/"), "probe.paths: %q has to begin with /", path)
		found.If(strings.HasPrefix(path, "//") || strings.ContainsAny(path, " \t\r\n\\#"),
			"probe.paths: %q is not a path of the service: begin with one /, and escape blanks", path)
	}
	found.If(e.Probe.Timeout <= 0, "probe.timeout has to be longer than 0")
	found.If(!slices.Contains([]string{"auto", "public", "id-token"}, e.Probe.Auth), "probe.auth is %q: use auto, public or id-token",
		e.Probe.Auth)
	// This form refuses .nan, too: every comparison with it is false.
	share := func(ratio float64) bool { return ratio >= 0 && ratio <= 1 }
	found.If(!share(e.Probe.BadRatio), "probe.badRatio is a share from 0 to 1")
	found.If(!share(e.Metrics.ErrorRatio), "metrics.errorRatio is a share from 0 to 1")
	found.If(e.Metrics.MinRequests < 0, "metrics.minRequests is negative")
	for _, one := range []struct {
		name string
		d    time.Duration
	}{{"probe.p95", e.Probe.P95}, {"probe.warmup", e.Probe.Warmup}, {"metrics.p95", e.Metrics.P95}, {"holdFor", e.HoldFor}} {
		found.If(one.d < 0, "%s is negative", one.name)
	}
	found.If(e.Probe.Marker.Header != "" && !headerName.MatchString(e.Probe.Marker.Header),
		"probe.marker.header is %q: write a header's name, such as X-Revision", e.Probe.Marker.Header)
	found.If(e.Probe.Marker.Header == "" && e.Probe.Marker.Value != "", "probe.marker.value needs a header")
	found.If(e.Probe.Marker.Header != "" && e.Probe.Marker.Value == "", "probe.marker.header needs a value")
	_, err := e.Windows.windows()
	found.Take(err)
	for i, sink := range e.Notify {
		found.Take(prefixed(fmt.Sprintf("notify[%d]", i), sink.Validate()))
	}
	return found.Err()
}

// Policy returns the settings as package rollout takes them.
func (e Environment) Policy() rollout.Policy {
	policy := rollout.Policy{
		Before: e.Probe.Pace, Interval: e.Probe.Interval, Warmup: e.Probe.Warmup,
		Probes: health.Limits{Probes: e.Probe.Count, P95: e.Probe.P95, Consecutive: e.Probe.Consecutive, BadRatio: e.Probe.BadRatio},
		Metrics: health.MetricLimits{ErrorRatio: e.Metrics.ErrorRatio, P95: e.Metrics.P95, MinRequests: e.Metrics.MinRequests,
			MinLatencies: e.Metrics.MinLatencies},
		MetricsEvery: e.Metrics.Every, Inconclusive: rollout.Inconclusive(e.Inconclusive), HoldFor: e.HoldFor,
		CandidateWait: e.CandidateWait, Settle: e.Settle, Blind: e.Blind, Hooks: e.hooks(),
	}
	policy.Windows, _ = e.Windows.windows() // The windows were checked when they were read.
	for _, step := range e.Steps {
		policy.Steps = append(policy.Steps, rollout.Step{Percent: step.Percent, Bake: step.Bake})
	}
	return policy
}
