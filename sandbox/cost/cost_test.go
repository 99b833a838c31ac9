package cost_test

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/cost"
	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
)

type object = map[string]any

// service returns web with one vCPU, half a GiB and up to two instances in us-central1, after change.
func service(change func(inputs, container, scaling object)) inventory.Resource {
	container := object{"resources": object{"cpuIdle": true, "limits": object{"cpu": "1", "memory": "512Mi"}}}
	scaling := object{"minInstanceCount": 0.0, "maxInstanceCount": 2.0}
	inputs := object{"name": "web", "location": "us-central1", "template": object{"containers": []any{container}, "scaling": scaling}}
	if change != nil {
		change(inputs, container, scaling)
	}
	return inventory.Resource{Type: "gcp:cloudrunv2/service:Service", Name: "service-web", Inputs: inputs}
}

func of(token string, inputs object) inventory.Resource {
	return inventory.Resource{Type: token, Name: "it", Inputs: inputs}
}

func uptime(period string, regions ...any) inventory.Resource {
	return inventory.Resource{Type: "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig", Name: "uptime-" + period, Inputs: object{
		"period": period, "selectedRegions": regions, "monitoredResource": object{"labels": object{"host": "web-42.us-central1.run.app"}}}}
}

func limits(container object, cpu, memory string) {
	container["resources"].(object)["limits"] = object{"cpu": cpu, "memory": memory}
}

// TestCostOfAResource has amounts that were calculated by hand from the prices, as the comments show.
func TestCostOfAResource(t *testing.T) {
	t.Parallel()
	a := func(idle, expected, worst float64) cost.Amounts {
		return cost.Amounts{Idle: idle, Expected: expected, Worst: worst}
	}
	for name, test := range map[string]struct {
		resource inventory.Resource
		want     cost.Amounts
	}{
		// Expected: 20,000 s × (0.000024 + 0.5 × 0.0000025) + 0.04 for the requests. At worst: 2 × 2,678,400 s of the same.
		"a service that scales to zero": {service(nil), a(0, 0.545, 135.2592)},
		// A waiting instance costs 2,678,400 s × (0.0000025 + 0.5 × 0.0000025). While it serves, it costs as much as any other.
		"a service with a minimum of one instance": {service(func(_, _, s object) { s["minInstanceCount"] = 1.0 }), a(10.044, 10.514, 135.2592)},
		"a minimum of the service itself": {service(func(i, _, _ object) { i["scaling"] = object{"minInstanceCount": 1.0} }), a(10.044,
			10.514, 135.2592)},
		// 20,000 s × (0.000018 + 0.5 × 0.000002), and no price for requests.
		"CPU always allocated": {service(func(_, c, _ object) { c["resources"].(object)["cpuIdle"] = false }), a(0, 0.38, 101.7792)},
		"CPU always allocated, with an instance": {service(func(_, c, s object) {
			c["resources"].(object)["cpuIdle"], s["minInstanceCount"] = false, 1.0
		}), a(50.8896, 50.8896, 101.7792)},
		"a region of tier 2":  {service(func(i, _, _ object) { i["location"] = "southamerica-east1" }), a(0, 0.747, 189.3629)},
		"an unknown region":   {service(func(i, _, _ object) { i["location"] = "moon-central1" }), a(0, 0.747, 189.3629)},
		"two vCPUs and 4 GiB": {service(func(_, c, _ object) { limits(c, "2", "4Gi") }), a(0, 1.2, 310.6944)},
		"half a vCPU":         {service(func(_, c, _ object) { limits(c, "500m", "512Mi") }), a(0, 0.305, 70.9776)},
		"a second container": {service(func(i, c, _ object) {
			i["template"].(object)["containers"] = []any{c, object{"resources": object{"cpuIdle": true, "limits": object{"cpu": "1",
				"memory": "512Mi"}}}}
		}), a(0, 1.05, 270.5184)},
		"a service with ten instances by hand": {service(func(i, _, _ object) { i["scaling"] = object{"manualInstanceCount": 10.0} }),
			a(0, 0.545, 676.296)},
		"a registry": {of("gcp:artifactregistry/repository:Repository", object{"cleanupPolicies": []any{
			object{"action": "KEEP", "mostRecentVersions": object{"keepCount": 20.0}}}}), a(0.5, 0.5, 5)},
		"a secret": {of("gcp:secretmanager/secret:Secret", object{"replication": object{"auto": object{}}}), a(0.06, 0.06, 0.36)},
		"a secret in three regions": {of("gcp:secretmanager/secret:Secret", object{"replication": object{"userManaged": object{
			"replicas": []any{object{}, object{}, object{}}}}}), a(0.18, 0.18, 1.08)},
		"a service without a maximum": {service(func(_, _, s object) { delete(s, "maxInstanceCount") }), a(0, 0.545, 6762.96)},
		"a check without a period":    {uptime("0s"), a(0, 0, 0)},
		"a key":                       {of("gcp:kms/cryptoKey:CryptoKey", object{}), a(0.06, 0.06, 0.06)},
		"a key in an HSM": {of("gcp:kms/cryptoKey:CryptoKey", object{"versionTemplate": object{"protectionLevel": "HSM"}}),
			a(2.5, 2.5, 2.5)},
		// 744 h × (0.0413 + 3.75 × 0.007) and 10 GiB × (0.17 + 0.08); at worst 100 GiB.
		"a database": {of("gcp:sql/databaseInstance:DatabaseInstance", object{"settings": object{"tier": "db-custom-1-3840",
			"diskSize": 10.0, "diskAutoresizeLimit": 100.0}}), a(52.7572, 52.7572, 75.2572)},
		// Twice 744 h × 0.0105, twice 10 GiB × 0.17, once 10 GiB × 0.08.
		"a highly available database": {of("gcp:sql/databaseInstance:DatabaseInstance", object{"settings": object{"tier": "db-f1-micro",
			"availabilityType": "REGIONAL"}}), a(19.824, 19.824, 19.824)},
		"an uptime check":      {uptime("60s"), a(0, 0, 0)},
		"a scheduler job":      {of("gcp:cloudscheduler/job:Job", object{}), a(0.1, 0.1, 0.1)},
		"a check every second": {uptime("1s"), a(4521.12, 4521.12, 4521.12)}, // 16,070,400 executions, a million of them free
		// 31 × 60 s × (0.000018 + 0.5 × 0.000002); at worst ten tasks of an hour, four times each.
		"a job": {of("gcp:cloudrunv2/job:Job", object{"name": "migrate", "location": "us-central1", "template": object{"taskCount": 10.0,
			"template": object{"timeout": "3600s", "containers": []any{object{}}}}}), a(0.3534, 0.3534, 84.816)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			estimate := cost.Of("prod", []inventory.Resource{test.resource}, nil)
			require.Len(t, estimate.Lines, 1)
			assert.Equal(t, test.want, estimate.Lines[0].Amounts)
			assert.Equal(t, test.want, estimate.Total)
		})
	}
}

// TestJobCostFollowsItsSchedule checks that a job costs as often as its schedule starts it, in the month with the most starts.
func TestJobCostFollowsItsSchedule(t *testing.T) {
	t.Parallel()
	job := of("gcp:cloudrunv2/job:Job", object{"name": "tidy", "location": "us-central1", "template": object{"template": object{
		"timeout": "60s", "maxRetries": 0.0, "containers": []any{object{}}}}})
	const once = 60 * (0.000018 + 0.5*0.000002)
	for schedule, starts := range map[string]float64{
		"0 3 * * *": 31, "*/15 * * * *": 4 * 24 * 31, "0 0 1 * *": 1, "30 4 1,15 * *": 2, "0 9-17 * * 1-5": 9 * 23, "0 0 * 2 *": 29,
		"0 0 1 * 0": 6, "0 6 * * MON": 5, "0 6 * * mon-fri": 23,
		"0 6 1 JAN,JUL *": 1,
		// These forms are not read, so the assumption stays. Cloud Scheduler refuses most of them.
		"every 24 hours": 31, "0 3 * *": 31, "5/20 0 * * *": 31, "0 6 * * 0,7": 31, "61 * * * *": 31, "*/0 * * * *": 31, "0 3-x * * *": 31,
		"": 31,
	} {
		estimate := cost.Of("prod", []inventory.Resource{job, of("gcp:cloudscheduler/job:Job", object{"schedule": schedule,
			"httpTarget": object{"uri": "https://run.googleapis.com/v2/projects/p/locations/us-central1/jobs/tidy:run"}}),
			of("gcp:cloudscheduler/job:Job", object{"schedule": "* * * * *",
				"httpTarget": object{"uri": "https://run.googleapis.com/v2/projects/p/locations/us-central1/jobs/other:run"}})}, nil)
		// Two schedules cost USD 0.10 each.
		assert.InDelta(t, 0.2+starts*once, estimate.Total.Expected, 1e-4, schedule)
		assert.InDelta(t, 0.2+starts*once, estimate.Total.Worst, 1e-4, schedule)
	}
}

// TestPlannedScheduleIsItsJobs checks the cost of a job whose schedule is only planned, with an address that is not known yet.
func TestPlannedScheduleIsItsJobs(t *testing.T) {
	t.Parallel()
	job := of("gcp:cloudrunv2/job:Job", object{"name": "tidy", "location": "us-central1"})
	schedule := of("gcp:cloudscheduler/job:Job", object{"schedule": "0 * * * *",
		"httpTarget": object{"uri": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}})
	job.Parent, schedule.Parent = "urn:pulumi:dev::shop::procureflow:job:Job::job-tidy", "urn:pulumi:dev::shop::procureflow:job:Job::job-tidy"
	assert.Contains(t, cost.Of("dev", []inventory.Resource{job, schedule}, nil).Assumptions,
		"tidy is started 744 times a month (its schedule), and each of its tasks takes 60 seconds")
}

func TestUptimeChecksCountAsRequests(t *testing.T) {
	t.Parallel()
	// 267,840 requests of 200 ms: 53,568 s × 0.00002525, and 0.107136 for the requests.
	estimate := cost.Of("prod", []inventory.Resource{service(nil), uptime("60s")}, nil)
	assert.Equal(t, cost.Amounts{Idle: 1.4597, Expected: 2.0047, Worst: 135.2592}, estimate.Total)
	// From one place, every five minutes: 8,928 requests.
	estimate = cost.Of("prod", []inventory.Resource{service(nil), uptime("300s", "USA")}, nil)
	assert.Equal(t, cost.Amounts{Idle: 0.0487, Expected: 0.5937, Worst: 135.2592}, estimate.Total)
}

func TestMeasuredLoadReplacesTheAssumption(t *testing.T) {
	t.Parallel()
	estimate := cost.Of("prod", []inventory.Resource{service(nil)}, map[string]cost.Load{"web": {Requests: 2e6, Milliseconds: 120,
		From: "measured"}})
	assert.Equal(t, 10.9, estimate.Total.Expected, "2,000,000 × 0.2 s × 0.00002525 + 0.8: Google rounds 120 ms up")
	assert.Contains(t, estimate.Assumptions, "web is asked 2,000,000 times a month and takes 120 ms for each (measured), one after the other")
	// Requests beyond what two instances can serve do not count.
	estimate = cost.Of("prod", []inventory.Resource{service(nil)}, map[string]cost.Load{"web": {Requests: 1e9, Milliseconds: 1000,
		From: "measured"}})
	assert.Equal(t, 535.2592, estimate.Total.Expected)
}

func TestUnpricedResourcesAreListed(t *testing.T) {
	t.Parallel()
	estimate := cost.Of("prod", []inventory.Resource{
		of("gcp:sql/databaseInstance:DatabaseInstance", nil), of("gcp:sql/databaseInstance:DatabaseInstance", nil),
		of("gcp:redis/instance:Instance", nil),
		of("gcp:cloudrunv2/workerPool:WorkerPool", nil),
		// None of these costs anything.
		of("github:index/repositoryEnvironment:RepositoryEnvironment", nil), of("procureflow:cloudrun:Service", nil), of("pulumi:providers:gcp",
			nil),
		of("gcp:projects/iAMMember:IAMMember", nil), of("gcp:storage/bucketIAMMember:BucketIAMMember", nil),
		of("gcp:iam/workloadIdentityPool:WorkloadIdentityPool", nil),
	}, nil)
	assert.Empty(t, estimate.Lines)
	assert.Equal(t, []string{
		"1 × gcp:cloudrunv2/workerPool:WorkerPool: the table has no price, so the sums are too low",
		"1 × gcp:redis/instance:Instance: the table has no price, so the sums are too low",
		"2 × gcp:sql/databaseInstance:DatabaseInstance: the table has no price, so the sums are too low",
	}, estimate.NotPriced[:3])
	assert.Contains(t, estimate.NotPriced, "traffic to the internet: by volume")
}

// TestTextOfAnEstimate has every assumption that a stack's resources add, and the sums of its lines.
func TestTextOfAnEstimate(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	estimate := cost.Of("prod", []inventory.Resource{
		service(func(inputs, container, scaling object) {
			inputs["location"], container["resources"].(object)["cpuIdle"] = "moon-central1", false
			delete(scaling, "maxInstanceCount")
		}),
		of("gcp:artifactregistry/repository:Repository", nil), of("gcp:secretmanager/secret:Secret", nil),
		of("gcp:kms/cryptoKey:CryptoKey", object{"skipInitialVersionCreation": true}), uptime("60s"), uptime("1s", "USA"),
		of("gcp:cloudrunv2/job:Job", object{"name": "migrate", "location": "us-central1"}),
		of("gcp:sql/databaseInstance:DatabaseInstance", object{"settings": object{"tier": "db-g1-small"}}),
	}, nil)
	require.NoError(t, estimate.Write(&text))
	table, notes, _ := strings.Cut(text.String(), "\n\nAssumed:\n")
	assert.Equal(t, "Stack prod, USD a month, by prices of "+cost.Prices().Date()+":\n\n"+"     idle   expected     worst                \n"+`    15.67      16.21   7124.54     service-web
   530.79     530.79    530.79       uptime-1s
    53.08      53.08     53.08      uptime-60s
    28.54      28.54     28.54              it
     0.03       0.03      5.00              it
     0.06       0.06      0.36              it
     0.00       0.00      0.00              it
   628.17     628.70   7742.32          in all`, table)
	assert.Contains(t, notes, "\n\nNot priced:\n  - alerting policies")
	assert.Equal(t, []string{
		"1,000,000 executions of uptime checks a month are free in each project",
		"a database's backups are as large as its disk, which is the size that it begins with, and in the worst case its limit",
		"a registry holds the 1 image that it keeps, 0.25 GiB each, and in the worst case 50 GiB",
		"a secret has one version that is not destroyed, and in the worst case 6",
		"an instance of web whose CPU is always allocated may stay up to 15 minutes after its last request, which is not counted",
		"an uptime check is made from 1 place",
		"an uptime check is made from 6 places",
		"databases cost what they do in us-central1: the dearest region costs about 1.6 times as much",
		"migrate is started 31 times a month (nothing says how often), and each of its tasks takes 60 seconds",
		"the month has 31 days; prices have no discount and no allotment that Google gives once for a billing account",
		`the table lacks the region "moon-central1", so the dearest tier counts`,
		"web is asked 100,000 times a month and takes 200 ms for each (nobody set or measured it), one after the other",
		"web sets no maximum of instances, and Cloud Run's default is 100",
	}, slices.DeleteFunc(estimate.Assumptions, func(text string) bool { return strings.HasPrefix(text, "the price of ") }))
}

func TestCostOfAChange(t *testing.T) {
	t.Parallel()
	before := cost.Of("prod", []inventory.Resource{service(nil), of("gcp:secretmanager/secret:Secret", nil)}, nil)
	after := cost.Of("prod", []inventory.Resource{service(func(_, _, s object) { s["minInstanceCount"] = 1.0 })}, nil)
	change := cost.Compare(before, after)
	assert.Equal(t, cost.Amounts{Idle: 9.984, Expected: 9.909, Worst: -0.36}, change.Delta)
	assert.Equal(t, []cost.LineChange{
		{Resource: "it", Before: cost.Amounts{Idle: 0.06, Expected: 0.06, Worst: 0.36}},
		{Resource: "service-web", Before: cost.Amounts{Expected: 0.545, Worst: 135.2592}, After: cost.Amounts{Idle: 10.044, Expected: 10.514,
			Worst: 135.2592}},
	}, change.Lines)
	assert.Empty(t, cost.Compare(before, before).Lines)
	var text bytes.Buffer
	require.NoError(t, change.Write(&text))
	assert.True(t, strings.HasPrefix(text.String(), "Stack prod, USD a month, by prices of "+cost.Prices().Date()+":\n\n"), text.String())
	assert.Contains(t, text.String(), "\nbefore          0.06     0.60       135.62\nafter           10.04    10.51      135.26\n")
	assert.Contains(t, text.String(), "difference      +9.98    +9.91      -0.36\n")
	assert.Contains(t, text.String(), "  service-web   +10.04   +9.97      +0.00\n")
}

// TestPolicyHasTheSamePrices compares the two price files. The policy pack is a module that imports nothing from here, so it has
// a copy.
func TestPolicyHasTheSamePrices(t *testing.T) {
	t.Parallel()
	own, err := os.ReadFile("prices.json")
	require.NoError(t, err)
	policys, err := os.ReadFile("../../policy/rules/prices.json")
	require.NoError(t, err)
	assert.Equal(t, string(own), string(policys), "copy sandbox/cost/prices.json to policy/rules/prices.json")
}

func TestEveryPriceIsInTheTable(t *testing.T) {
	t.Parallel()
	table := cost.Prices()
	tiers := map[string]map[int]bool{}
	for _, price := range table.Prices {
		assert.Greater(t, price.USD, 0.0, price.Key)
		assert.True(t, strings.HasPrefix(price.Source, "https://cloud.google.com/"), price.Key)
		_, err := time.Parse(time.DateOnly, price.Date)
		assert.NoError(t, err, price.Key)
		if tiers[price.Key] == nil {
			tiers[price.Key] = map[int]bool{}
		}
		assert.False(t, tiers[price.Key][price.Tier], "%s is there twice", price.Key)
		tiers[price.Key][price.Tier] = true
	}
	for key, of := range tiers {
		assert.True(t, of[0] && len(of) == 1 || of[1] && of[2] && len(of) == 2, "%s has a price in both tiers, or one everywhere", key)
	}
	seen := map[string]bool{}
	for _, regions := range table.Regions.Tiers {
		for _, region := range regions {
			assert.False(t, seen[region], "%s is in both tiers", region)
			seen[region] = true
		}
	}
	assert.Len(t, seen, 40)
}

// TestPricesAreRecent checks that no price was more than a year old on the day of the commit. A checkout of an old commit therefore
// always passes, and the first commit after a year fails.
func TestPricesAreRecent(t *testing.T) {
	t.Parallel()
	at, err := time.Parse(time.DateOnly, cost.Prices().Date())
	require.NoError(t, err)
	if said, err := exec.Command("git", "log", "-1", "--format=%cI").Output(); err == nil { // an unpacked archive has no commit
		at, err = time.Parse(time.RFC3339, strings.TrimSpace(string(said)))
		require.NoError(t, err)
	}
	assert.Empty(t, cost.Prices().Stale(at))

	read := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	table := cost.Table{Prices: []cost.Price{{Key: "run.requests", Source: "https://cloud.google.com/run/pricing", Date: "2026-11-27"}},
		Regions: cost.Regions{Source: "https://cloud.google.com/run/docs/locations", Date: "2027-01-01"}}
	assert.Empty(t, table.Stale(read.Add(cost.Fresh)))
	assert.Equal(t, []string{"run.requests was read on 2026-11-27: look at https://cloud.google.com/run/pricing and write the price and " +
		"the day into sandbox/cost/prices.json, then copy the file to policy/rules"}, table.Stale(read.Add(cost.Fresh+1)))
	assert.Len(t, cost.Table{Prices: []cost.Price{{Date: "soon"}}}.Stale(read), 2)
}
