// Package cost says what a stack costs in a month, from its resources and the price table: without visitors, with the expected load, and
// with everything busy all the time. It makes no requests.
package cost

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/plural"
	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
)

// Amounts are in USD a month.
type Amounts struct {
	// Idle is the cost without visitors. Expected is the cost with the configured or measured load. Worst is the cost with every instance
	// busy all month.
	Idle     float64 `json:"idle"`
	Expected float64 `json:"expected"`
	Worst    float64 `json:"worst"`
}

func (a Amounts) plus(b Amounts) Amounts {
	return Amounts{a.Idle + b.Idle, a.Expected + b.Expected, a.Worst + b.Worst}
}

func (a Amounts) minus(b Amounts) Amounts {
	return Amounts{a.Idle - b.Idle, a.Expected - b.Expected, a.Worst - b.Worst}.rounded()
}

// rounded rounds to a hundredth of a cent, so that sums look the same everywhere.
func (a Amounts) rounded() Amounts {
	round := func(usd float64) float64 { return math.Round(usd*1e4) / 1e4 }
	return Amounts{round(a.Idle), round(a.Expected), round(a.Worst)}
}

// Line is what one resource costs.
type Line struct {
	// Resource is the resource's name in the program, and Type its type token.
	Resource string `json:"resource"`
	Type     string `json:"type"`
	Amounts
}

// Estimate is a stack's cost in a month.
type Estimate struct {
	// Stack is the name of the stack.
	Stack string `json:"stack"`
	// PricesOf is the date on which the oldest price was read.
	PricesOf string `json:"pricesOf"`
	// Lines are the resources that cost something, the dearest first. Total is their sum.
	Lines []Line  `json:"lines"`
	Total Amounts `json:"total"`
	// Assumptions are facts that the numbers rely on. NotPriced lists costs that they leave out.
	Assumptions []string `json:"assumptions"`
	NotPriced   []string `json:"notPriced"`
}

// Load is the work of a service in a month.
type Load struct {
	// Requests is how many requests come in a month. Milliseconds is how long each takes.
	Requests     float64
	Milliseconds float64
	// From says where the numbers come from, for example "services.web.load".
	From string
}

// defaultLoad is assumed for a service whose load is neither configured nor measured.
var defaultLoad = Load{Requests: 100_000, Milliseconds: 200, From: "nobody set or measured it"}

const (
	month = 31 * 24 * 3600 // seconds of the longest month, as in the policy worst-case-cost
	// Google bills in units of 100 ms, and makes an uptime check from six places by default.
	billedBy = 0.1
	checkers = 6
	// No setting says these; the last two are the defaults of worst-case-cost.
	imageGiB         = 0.25
	mostRegistryGiB  = 50
	mostVersions     = 6
	startsOfAJob     = 31
	secondsOfAJobRun = 60
)

// Of estimates what a stack's resources cost. loads are the services' loads, by their names in the cloud.
func Of(stack string, resources []inventory.Resource, loads map[string]Load) Estimate {
	e := &estimator{table: Prices(), resources: resources, loads: loads, assumed: map[string]bool{}, unpriced: map[string]int{}}
	estimate := Estimate{Stack: stack, PricesOf: e.table.Date(), Lines: []Line{}}
	for _, r := range resources {
		amounts, priced := e.amounts(r)
		if !priced {
			continue
		}
		amounts = amounts.rounded()
		estimate.Lines = append(estimate.Lines, Line{Resource: r.Name, Type: r.Type, Amounts: amounts})
		estimate.Total = estimate.Total.plus(amounts)
	}
	estimate.Total = estimate.Total.rounded()
	slices.SortStableFunc(estimate.Lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(b.Worst, a.Worst), strings.Compare(a.Resource, b.Resource))
	})
	e.assume("the month has 31 days; prices have no discount and no allotment that Google gives once for a billing account")
	estimate.Assumptions = slices.Sorted(maps.Keys(e.assumed))
	for _, kind := range slices.Sorted(maps.Keys(e.unpriced)) {
		estimate.NotPriced = append(estimate.NotPriced, fmt.Sprintf("%d × %s: the table has no price, so the sums are too low",
			e.unpriced[kind], kind))
	}
	estimate.NotPriced = append(estimate.NotPriced, alwaysUnpriced...)
	return estimate
}

// alwaysUnpriced lists costs that any stack may have and no setting bounds.
var alwaysUnpriced = []string{
	"alerting policies: Google has announced a price and moved its date several times",
	"custom logs and metrics: by volume",
	"traffic to the internet: by volume",
	"objects in buckets: by volume, USD 0.020 a GiB-month in us-central1",
	"what the application calls outside of Google Cloud",
	"in the worst case, requests: by number, USD 0.40 a million",
}

type estimator struct {
	table     Table
	resources []inventory.Resource
	loads     map[string]Load
	assumed   map[string]bool
	unpriced  map[string]int
}

// price returns the price of one unit in a region. The table's note about a price becomes an assumption of the estimate.
func (e *estimator) price(key, region string) Price {
	price := e.table.price(key, region)
	if price.Note != "" {
		e.assume("the price of %s, USD %v for each %s: %s", key, price.USD, price.Unit, price.Note)
	}
	return price
}

func (e *estimator) assume(format string, arguments ...any) {
	e.assumed[fmt.Sprintf(format, arguments...)] = true
}

func (e *estimator) usd(key, region string) float64 { return e.price(key, region).USD }

// amounts returns what one resource costs; false for one that costs nothing.
func (e *estimator) amounts(r inventory.Resource) (Amounts, bool) {
	always := func(usd float64) (Amounts, bool) { return Amounts{usd, usd, usd}, true }
	switch r.Type {
	case "gcp:cloudrunv2/service:Service":
		return e.service(r), true
	case "gcp:cloudrunv2/job:Job":
		return e.job(r), true
	case "gcp:cloudscheduler/job:Job":
		return always(e.usd("scheduler.job", ""))
	case "gcp:artifactregistry/repository:Repository":
		kept := keptImages(r)
		e.assume("a registry holds the %s that it keeps, %v GiB each, and in the worst case %d GiB",
			plural.Of(int(kept), "image", "images"), imageGiB, mostRegistryGiB)
		held := kept * imageGiB * e.usd("registry.storage", "")
		return Amounts{held, held, max(held, mostRegistryGiB*e.usd("registry.storage", ""))}, true
	case "gcp:secretmanager/secret:Secret", "gcp:secretmanager/regionalSecret:RegionalSecret":
		e.assume("a secret has one version that is not destroyed, and in the worst case %d", mostVersions)
		replicas, _ := r.At("replication", "userManaged", "replicas").([]any)
		one := max(1, float64(len(replicas))) * e.usd("secret.version", "")
		return Amounts{one, one, mostVersions * one}, true
	case "gcp:kms/cryptoKey:CryptoKey", "gcp:kms/cryptoKeyVersion:CryptoKeyVersion":
		if r.Type == "gcp:kms/cryptoKey:CryptoKey" && r.At("skipInitialVersionCreation") == true {
			return Amounts{}, false
		}
		if r.Text("versionTemplate", "protectionLevel") == "HSM" {
			return always(e.usd("kms.hsm", ""))
		}
		return always(e.usd("kms.software", ""))
	case "gcp:sql/databaseInstance:DatabaseInstance":
		if amounts, known := e.database(r); known {
			return amounts, true
		}
	case "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig":
		return always(e.uptime(r))
	}
	if !free(r.Type) {
		e.unpriced[r.Type]++
	}
	return Amounts{}, false
}

// free says whether a type costs nothing itself. Google does not bill types of other providers than gcp.
func free(token string) bool {
	if !strings.HasPrefix(token, "gcp:") {
		return true
	}
	lower := strings.ToLower(token)
	for _, suffix := range []string{"iammember", "iambinding", "iampolicy"} {
		if strings.HasSuffix(lower, suffix) {
			return true
		}
	}
	return slices.ContainsFunc([]string{"gcp:billing/", "gcp:binaryauthorization/", "gcp:containeranalysis/", "gcp:iam/", "gcp:kms/keyRing:",
		"gcp:logging/metric:", "gcp:monitoring/", "gcp:projects/", "gcp:secretmanager/secretVersion:", "gcp:serviceaccount/",
		"gcp:sql/database:", "gcp:sql/user:", "gcp:storage/",
	}, func(prefix string) bool { return strings.HasPrefix(token, prefix) })
}

func keptImages(r inventory.Resource) float64 {
	kept := 1.0
	for _, policy := range r.Items("cleanupPolicies") {
		kept = max(kept, policy.Number("mostRecentVersions", "keepCount"))
	}
	return kept
}

// size returns one instance's CPUs and memory, and whether its CPU is billed only during requests.
func size(containers []inventory.Resource) (cpu, gib float64, perRequest bool) {
	perRequest = len(containers) > 0
	for _, of := range containers {
		cpu += amount(of.Text("resources", "limits", "cpu"), 1)
		gib += amount(of.Text("resources", "limits", "memory"), 0.5*gibibyte) / gibibyte
		perRequest = perRequest && of.At("resources", "cpuIdle") == true
	}
	return cpu, gib, perRequest
}

const gibibyte = 1 << 30

var suffixes = []struct {
	text   string
	factor float64
}{{"Ki", 1 << 10}, {"Mi", 1 << 20}, {"Gi", gibibyte}, {"Ti", 1 << 40}, {"m", 1e-3}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}}

// amount reads an amount as Kubernetes writes it. An absent one is Cloud Run's default, which the caller gives.
func amount(text string, otherwise float64) float64 {
	factor := 1.0
	for _, suffix := range suffixes {
		if rest, has := strings.CutSuffix(text, suffix.text); has {
			text, factor = rest, suffix.factor
			break
		}
	}
	number, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return otherwise
	}
	return number * factor
}

// service returns what a Cloud Run service costs. It assumes that requests come one after the other; requests at the same time share an
// instance and cost less.
func (e *estimator) service(r inventory.Resource) Amounts {
	region, name := r.Text("location"), r.Words("name")
	cpu, gib, perRequest := size(r.Items("template", "containers"))
	least := max(r.Number("template", "scaling", "minInstanceCount"), r.Number("scaling", "minInstanceCount"))
	most := max(r.Number("template", "scaling", "maxInstanceCount"), r.Number("scaling", "manualInstanceCount"))
	if most == 0 {
		most = 100
		e.assume("%s sets no maximum of instances, and Cloud Run's default is 100", name)
	}
	if _, known := e.table.tier(region); !known {
		e.assume("the table lacks the region %q, so the dearest tier counts", region)
	}
	load, set := e.loads[name]
	if !set {
		load = defaultLoad
	}
	e.assume("%s is asked %s times a month and takes %v ms for each (%s), one after the other", name, count(load.Requests),
		load.Milliseconds, load.From)
	rate := func(billing string) float64 {
		return cpu*e.usd("run."+billing+".cpu", region) + gib*e.usd("run."+billing+".memory", region)
	}
	busy := func(requests, milliseconds float64) float64 {
		return min(most*month, requests*math.Ceil(milliseconds/1000/billedBy-1e-9)*billedBy)
	}
	// Uptime checks keep the service busy even without visitors.
	checks := e.checksOf(name)
	if perRequest {
		of := func(requests float64) float64 {
			used := busy(requests, load.Milliseconds)
			waiting := max(0, least*month-used)
			return used*rate("request") + waiting*rate("idle") + requests*e.usd("run.requests", "")
		}
		return Amounts{of(checks), of(checks + load.Requests), most * month * rate("request")}
	}
	e.assume("an instance of %s whose CPU is always allocated may stay up to 15 minutes after its last request, which is not counted", name)
	of := func(requests float64) float64 {
		return max(least*month, busy(requests, load.Milliseconds)) * rate("instance")
	}
	return Amounts{of(checks), of(checks + load.Requests), most * month * rate("instance")}
}

func count(n float64) string {
	text := strconv.FormatFloat(n, 'f', 0, 64)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

const uptimeType = "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig"

// executions returns how often an uptime check runs in a month, from all its places.
func (e *estimator) executions(r inventory.Resource) float64 {
	period, err := strconv.ParseFloat(strings.TrimSuffix(r.Text("period"), "s"), 64)
	if err != nil || period <= 0 {
		period = 60
	}
	from := float64(checkers)
	if regions, given := r.At("selectedRegions").([]any); given && len(regions) > 0 {
		from = float64(len(regions))
	}
	e.assume("an uptime check is made from %s", plural.Of(int(from), "place", "places"))
	return month / period * from
}

// checksOf returns the number of requests that uptime checks make to a service. A check belongs to the service if its host begins with
// the service's name.
func (e *estimator) checksOf(name string) (requests float64) {
	for _, r := range e.resources {
		if r.Type == uptimeType && strings.HasPrefix(r.Text("monitoredResource", "labels", "host"), name+"-") {
			requests += e.executions(r)
		}
	}
	return requests
}

// uptime returns a check's share of the cost of all checks beyond the free ones.
func (e *estimator) uptime(r inventory.Resource) float64 {
	all := 0.0
	for _, other := range e.resources {
		if other.Type == uptimeType {
			all += e.executions(other)
		}
	}
	price := e.price("uptime.execution", "")
	e.assume("%s executions of uptime checks a month are free in each project", count(price.FreePerProject))
	return max(0, all-price.FreePerProject) * price.USD * e.executions(r) / all
}

// job returns what a Cloud Run job costs. In the worst case, each task takes as long and runs as often as it may.
func (e *estimator) job(r inventory.Resource) Amounts {
	region := r.Text("location")
	cpu, gib, _ := size(r.Items("template", "template", "containers"))
	tasks := max(1, r.Number("template", "taskCount"))
	longest := amount(strings.TrimSuffix(r.Text("template", "template", "timeout"), "s"), 600)
	tries := 4.0 // The first try and Cloud Run's three retries.
	if given := r.At("template", "template", "maxRetries"); given != nil {
		tries = r.Number("template", "template", "maxRetries") + 1
	}
	second := cpu*e.usd("run.instance.cpu", region) + gib*e.usd("run.instance.memory", region)
	starts, by := float64(startsOfAJob), "nothing says how often"
	if scheduled, known := e.starts(r); known {
		starts, by = scheduled, "its schedule"
	}
	e.assume("%s is started %s a month (%s), and each of its tasks takes %d seconds", r.Words("name"),
		plural.Of(int(starts), "time", "times"), by, secondsOfAJobRun)
	usual := starts * tasks * min(longest, secondsOfAJobRun) * second
	return Amounts{usual, usual, starts * tasks * longest * tries * second}
}
