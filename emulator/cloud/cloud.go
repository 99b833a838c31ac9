package cloud

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/github"
	"github.com/guiofsaints/procureflow-platform/emulator/google/artifactregistry"
	"github.com/guiofsaints/procureflow-platform/emulator/google/billingbudgets"
	"github.com/guiofsaints/procureflow-platform/emulator/google/binaryauthorization"
	"github.com/guiofsaints/procureflow-platform/emulator/google/cloudbilling"
	"github.com/guiofsaints/procureflow-platform/emulator/google/cloudkms"
	"github.com/guiofsaints/procureflow-platform/emulator/google/cloudresourcemanager"
	"github.com/guiofsaints/procureflow-platform/emulator/google/cloudscheduler"
	"github.com/guiofsaints/procureflow-platform/emulator/google/containeranalysis"
	"github.com/guiofsaints/procureflow-platform/emulator/google/iam"
	"github.com/guiofsaints/procureflow-platform/emulator/google/iamcredentials"
	"github.com/guiofsaints/procureflow-platform/emulator/google/logging"
	"github.com/guiofsaints/procureflow-platform/emulator/google/monitoring"
	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/emulator/google/secretmanager"
	"github.com/guiofsaints/procureflow-platform/emulator/google/serviceusage"
	"github.com/guiofsaints/procureflow-platform/emulator/google/sqladmin"
	"github.com/guiofsaints/procureflow-platform/emulator/google/storage"
	"github.com/guiofsaints/procureflow-platform/emulator/ids"
	"github.com/guiofsaints/procureflow-platform/emulator/metrics"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// Options configure a [Cloud]. A program that is not a test wants Conditions, and no more.
type Options struct {
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Rand is the source of the ids that the server assigns. A seeded reader makes the ids repeatable. Default: crypto/rand.
	Rand io.Reader
	// OperationDelay is how long a long-running operation runs. Default: 0; the operation is then done at once.
	OperationDelay time.Duration
	// Metrics holds the counts behind Cloud Monitoring's time series. The data plane counts into it. Default: a new recorder.
	Metrics *metrics.Recorder
	// MetricsLag is the time between the end of a minute and the moment when its metrics appear. In the real cloud it is 2 to 3
	// minutes. Default: 0.
	MetricsLag time.Duration
	// Log receives the entries that Google writes into audit logs. They name each image that Binary Authorization denied, and say
	// whether a dry run or breakglass admitted it anyway. Default: discarded.
	Log *slog.Logger
	// Conditions evaluates the conditions of grants, as conditions.Hold does. Default: a grant with a condition is refused.
	Conditions rest.Conditions
	// Intercept wraps the handler of all APIs. The handler that it returns sees every request first and may answer, delay or
	// break it. Default: nothing.
	Intercept func(http.Handler) http.Handler
}

// withDefaults fills in the defaults. It refuses options that make no sense.
func (o Options) withDefaults() (Options, error) {
	if o.OperationDelay < 0 {
		return o, fmt.Errorf("cloud: the operation delay is negative: %v", o.OperationDelay)
	}
	if o.MetricsLag < 0 {
		return o, fmt.Errorf("cloud: the metrics' lag is negative: %v", o.MetricsLag)
	}
	if o.Metrics == nil {
		o.Metrics = &metrics.Recorder{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// Cloud is the emulated cloud. It is an http.Handler. Its methods may be called from several goroutines.
type Cloud struct {
	// Run is the emulated Cloud Run, GitHub the emulated GitHub.
	Run    *run.API
	GitHub *github.Hub

	apis    *rest.Server
	metrics *metrics.Recorder
	handler http.Handler
}

// New serves the cloud whose state is in the store documents. The caller closes the store, after the last request.
func New(documents *store.Store, options Options) (*Cloud, error) {
	if documents == nil {
		return nil, errors.New("cloud: a store is required")
	}
	o, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	source := ids.New(o.Rand)
	apis := rest.New(rest.Options{Store: documents, Now: o.Now, IDs: source, OperationDelay: o.OperationDelay,
		Elsewhere: strings.Trim(github.Prefix, "/"), On: serviceusage.Require, Role: iam.CheckRole, Member: iam.CheckMember,
		Conditions: o.Conditions})
	c := &Cloud{Run: serve(apis, o), GitHub: github.New(documents, o.Now, source), apis: apis, metrics: o.Metrics}
	c.handler = http.HandlerFunc(c.route)
	if o.Intercept != nil {
		c.handler = o.Intercept(c.handler)
	}
	return c, nil
}

// serve adds Google's APIs to the server. It connects each API to the other APIs that it asks.
func serve(apis *rest.Server, o Options) *run.API {
	accounts := iamcredentials.Accounts{Find: iam.Account, ProjectOf: iam.ProjectOfAccount}
	attestations := binaryauthorization.Notes{Find: containeranalysis.Note, Occurrences: containeranalysis.Occurrences}
	budgets := billingbudgets.Dependencies{Currency: cloudbilling.Currency, CheckChannels: monitoring.CheckChannels}
	cloudRun := run.New(apis, run.Dependencies{Account: iam.AccountExists, Repository: artifactregistry.Exists,
		Secret: secretmanager.Secret, Version: secretmanager.Version, Caller: iamcredentials.Verify, Verdict: attestations.Verdict}, o.Log)
	apis.Add(iam.API(), cloudresourcemanager.API(), artifactregistry.API(serviceusage.On), secretmanager.API())
	apis.Add(monitoring.APIs(o.Metrics, cloudRun.Completed, o.MetricsLag)...)
	apis.Add(budgets.API(), cloudbilling.API(), serviceusage.API(), logging.API(), cloudkms.API())
	apis.Add(containeranalysis.APIs()...)
	apis.Add(attestations.API(), accounts.API(), cloudscheduler.Dependencies{Account: iam.AccountExists, Start: cloudRun.Start}.API())
	apis.Add(sqladmin.APIs(iam.AccountExists)...)
	apis.Add(storage.API())
	return cloudRun
}

// ServeHTTP answers one API request.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.handler.ServeHTTP(w, r) }

func (c *Cloud) route(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, github.Prefix):
		c.GitHub.ServeHTTP(w, r)
	case path == iamcredentials.CertsPath:
		iamcredentials.ServeCerts(c.apis).ServeHTTP(w, r)
	case run.IsV1(path):
		c.Run.ServeV1(w, r)
	default:
		c.apis.ServeHTTP(w, r)
	}
}

// Tick carries out everything that is due by now. The cloud does that before each request, but there may be no
// requests.
func (c *Cloud) Tick() error { return c.apis.View(func(*rest.Request) error { return nil }) }

// Metrics returns the recorder that counts the requests to the cloud's services.
func (c *Cloud) Metrics() *metrics.Recorder { return c.metrics }

// APIs returns the Google APIs that are served under a prefix.
func (c *Cloud) APIs() []*rest.API { return c.apis.APIs() }
