// Package console is the sandbox's page. It shows the services with their revisions, the traffic as it shifts, and which revision
// answered the visitors. It switches faults on and off. It also shows the policies' findings of the last preview or up, the releases, and
// the cost of the dearest month. Serve it through webpage.Private only, because its buttons act on the emulated cloud.
package console

import (
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/faults"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/emulator/metrics"
	"github.com/guiofsaints/procureflow-platform/internal/plural"
	"github.com/guiofsaints/procureflow-platform/internal/webpage"
	"github.com/guiofsaints/procureflow-platform/sandbox/statedir"
)

// Services is the part of the emulated Cloud Run that the console uses.
type Services interface {
	Services() []run.Service
	Behaviour(digest string) run.Behaviour
	SetBehaviour(digest string, behaviour run.Behaviour) error
}

// Console serves the page. Its Look has to be called every second.
type Console struct {
	// Dir is the state folder, which holds the journal of releases and the notes of previews and ups. Required.
	Dir statedir.Dir
	// Run is the emulated Cloud Run. Required.
	Run Services
	// Metrics counts the requests. Required.
	Metrics *metrics.Recorder
	// Faults injects the faults of the APIs. Required.
	Faults *faults.Injector
	// Address returns where a service answers; empty if it does not.
	Address func(service string) string
	// Now is the clock. Default: time.Now.
	Now func() time.Time

	mutex   sync.Mutex
	samples []sample
}

// sample is the state of all services at one time.
type sample struct {
	at       time.Time
	services map[string]serviceSample
}

// serviceSample is the state of one service: each revision's share, and the number of its answers so far.
type serviceSample struct {
	shares  map[string]int
	answers map[string]answers
}

type answers struct{ all, failed int64 }

// remembered is the length of the past that the page shows. every is the time between two looks.
const (
	remembered = 3 * time.Minute
	every      = time.Second
)

// Look records the present state. The caller has to call it every second.
func (c *Console) Look() {
	now := c.now()
	m := sample{at: now, services: map[string]serviceSample{}}
	for _, service := range c.Run.Services() {
		s := serviceSample{shares: map[string]int{}, answers: map[string]answers{}}
		for _, target := range service.Traffic {
			s.shares[target.Revision] += target.Percent
		}
		for _, series := range c.Metrics.Query(service.Name, now.Add(-metrics.Retention), now.Add(metrics.Interval)) {
			a := s.answers[series.Key.Revision]
			for _, point := range series.Points {
				a.all += point.Count
				if series.Key.Class == "5xx" {
					a.failed += point.Count
				}
			}
			s.answers[series.Key.Revision] = a
		}
		m.services[service.Name] = s
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.samples = append(c.samples, m)
	first := 0
	for first < len(c.samples) && now.Sub(c.samples[first].at) > remembered {
		first++
	}
	c.samples = slices.Clone(c.samples[first:])
}

func (c *Console) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

//go:embed page.html
var sources embed.FS

var page = template.Must(template.ParseFS(sources, "page.html"))

// ServeHTTP answers with the page, and takes the actions that its buttons send.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		v, err := c.view()
		if err == nil {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			err = page.Execute(w, v)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	case r.URL.Path == "/behaviour" && r.Method == http.MethodPost:
		c.act(w, c.behave(r.PostFormValue("digest"), r.PostFormValue("kind")))
	case r.URL.Path == "/fault" && r.Method == http.MethodPost:
		c.act(w, c.fault(r.PostFormValue("name"), r.PostFormValue("do")))
	default:
		http.NotFound(w, r)
	}
}

func (c *Console) act(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	webpage.Back(w)
}

// behaviours are the behaviours of an image that have a button.
var behaviours = []struct {
	Kind, Text string
	run.Behaviour
}{
	{"healthy", "Healthy", run.Behaviour{}},
	{"some", "5 % fail", run.Behaviour{ErrorRate: 0.05}},
	{"all", "All fail", run.Behaviour{ErrorRate: 1}},
	{"slow", "Slow, 3 s", run.Behaviour{Latency: 3 * time.Second}},
}

func (c *Console) behave(digest, kind string) error {
	for _, one := range behaviours {
		if one.Kind == kind {
			return c.Run.SetBehaviour(digest, one.Behaviour)
		}
	}
	return fmt.Errorf("there is no behaviour %q", kind)
}

// switches are the faults of the APIs that have a button.
var switches = []struct {
	Name, Text string
	faults.Fault
}{
	{"unavailable", "The APIs answer 503 to about one call in three", faults.Fault{Effect: faults.Answer, Rate: 0.33}},
	{"quota", "The APIs answer 429 (quota) to the next three writes",
		faults.Fault{Effect: faults.Answer, Status: 429, Method: "PATCH", Next: 3}},
	{"late", "Every call of the APIs takes 2 s longer", faults.Fault{Effect: faults.Delay, Duration: faults.Duration(2 * time.Second)}},
	{"stuck", "Cloud Run accepts a change of the traffic without applying it", faults.Fault{Effect: faults.HoldTraffic}},
	{"blind", "Cloud Monitoring's figures are ten minutes late",
		faults.Fault{Effect: faults.LagMetrics, Duration: faults.Duration(10 * time.Minute)}},
}

func (c *Console) fault(name, do string) error {
	if do == "off" {
		return c.Faults.Clear(name)
	}
	for _, one := range switches {
		if one.Name == name {
			return c.Faults.Set(name, one.Fault)
		}
	}
	return fmt.Errorf("no button has the fault %q: `sandbox fault set` sets any fault", name)
}

// view holds what the page's template shows.
type view struct {
	webpage.Head
	Services []service
	Faults   []fault
	Others   []fault
	Releases []release
	Stacks   []Note
}

type service struct {
	Name, Project, Location string
	Address                 string
	Revisions               []revision
	Traffic, Answers        template.HTML
	Key                     []key
}

type key struct {
	Text   string
	Series int
}

type revision struct {
	Name, Digest, Short, Share, Tags string
	Answers, Failed, Class           string
	Behaves                          string
	Buttons                          []button
	Series                           int
}

type button struct{ Kind, Text string }

type fault struct {
	Name, Text, Did string
	On              bool
}

func (c *Console) view() (view, error) {
	v := view{Releases: c.releases(), Stacks: notes(c.Dir)}
	c.mutex.Lock()
	samples := c.samples
	c.mutex.Unlock()
	for _, one := range c.Run.Services() {
		s, err := c.service(one, samples)
		if err != nil {
			return v, err
		}
		v.Services = append(v.Services, s)
	}
	on := map[string]faults.State{}
	for _, state := range c.Faults.List() {
		on[state.Name] = state
	}
	for _, one := range switches {
		state, set := on[one.Name]
		delete(on, one.Name)
		f := fault{Name: one.Name, Text: one.Text, On: set}
		if set {
			f.Did = hits(state)
		}
		v.Faults = append(v.Faults, f)
	}
	for _, name := range slices.Sorted(maps.Keys(on)) {
		v.Others = append(v.Others, fault{Name: name, Text: string(on[name].Effect), On: true,
			Did: hits(on[name])})
	}
	return v, nil
}

func hits(state faults.State) string {
	return fmt.Sprintf("hit %d of %s", state.Strikes, plural.Of(state.Seen, "call", "calls"))
}

func (c *Console) service(of run.Service, samples []sample) (service, error) {
	s := service{Name: of.ID, Project: of.Project, Location: of.Location}
	if c.Address != nil {
		s.Address = c.Address(of.Name)
	}
	shares, tags := map[string]int{}, map[string][]string{}
	for _, target := range of.Traffic {
		shares[target.Revision] += target.Percent
		if target.Tag != "" {
			tags[target.Revision] = append(tags[target.Revision], target.Tag)
		}
	}
	last := serviceSample{}
	if len(samples) > 0 {
		last = samples[len(samples)-1].services[of.Name]
	}
	names := slices.SortedFunc(maps.Keys(of.Revisions), func(a, b string) int {
		return cmp.Or(shares[b]-shares[a], len(tags[b])-len(tags[a]), strings.Compare(a, b))
	})
	const most = 6
	series := seriesOf(of.Name, samples)
	for i, name := range names {
		if i >= most && shares[name] == 0 {
			break
		}
		digest := run.Digest(of.Revisions[name].Image)
		a := last.answers[name]
		r := revision{Name: name, Digest: digest, Short: digest[:min(len(digest), len("sha256:")+12)], Share: fmt.Sprintf("%d %%", shares[name]),
			Tags: strings.Join(tags[name], ", "), Answers: fmt.Sprint(a.all), Failed: fmt.Sprint(a.failed), Class: "good", Series: series[name]}
		if a.failed > 0 {
			r.Class = "bad"
			r.Failed = fmt.Sprintf("%d (%.2g %%)", a.failed, 100*float64(a.failed)/float64(a.all))
		}
		if digest != "" {
			r.Behaves = words(c.Run.Behaviour(digest))
			for _, one := range behaviours {
				if words(one.Behaviour) != r.Behaves {
					r.Buttons = append(r.Buttons, button{one.Kind, one.Text})
				}
			}
		}
		s.Revisions = append(s.Revisions, r)
	}
	var err error
	if len(samples) > 1 {
		for _, name := range slices.SortedFunc(maps.Keys(series), func(a, b string) int { return series[a] - series[b] }) {
			s.Key = append(s.Key, key{name, series[name]})
		}
		if s.Traffic, err = traffic(of.Name, samples, series); err == nil {
			s.Answers, err = answered(of.Name, samples, series)
		}
	}
	return s, err
}

// words says how an image behaves.
func words(b run.Behaviour) string {
	var list []string
	if b.ErrorRate > 0 {
		where := ""
		if b.Path != "" {
			where = " of " + b.Path
		}
		list = append(list, fmt.Sprintf("%g %%%s fail", 100*b.ErrorRate, where))
	}
	if b.Latency > 0 {
		list = append(list, "answers take "+b.Latency.String())
	}
	if b.NeverReady {
		list = append(list, "new revisions never get ready")
	}
	if len(list) == 0 {
		return "healthy"
	}
	return strings.Join(list, ", ")
}
