package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var worstCaseCost = crossguard.Policy{
	Name:             "worst-case-cost",
	Description:      "What a stack costs in its dearest possible month, with everything busy all the time, is within its ceiling.",
	Enforcement:      crossguard.Mandatory,
	Severity:         crossguard.High,
	Framework:        own("Cost caps"),
	Tags:             []string{"cost"},
	RemediationSteps: "Lower instances, CPU or memory of the largest items, or raise the ceiling and with it the budget.",
	Options: []crossguard.Option{
		// 750 is enough for a service as large as run-max-instances and run-resource-limits allow, busy all month, with a
		// registry.
		{Name: "ceiling", Description: "Largest cost of a month, in USD.", Default: 750.0, Min: 1, Max: 1e6},
		{Name: "executions", Description: "How often a job runs in a month, if the stack has no schedule for it.", Default: 31,
			Min: 1, Max: 1e6},
		{Name: "priced", Default: []string{},
			Description: "Monthly prices of the types that the rule has no price for, each as TYPE=USD."},
		{Name: "registryGiB", Description: "Size that a registry's images may reach, in GiB. No setting of the registry limits it.",
			Default: 50.0, Min: 0, Max: 1e6},
		{Name: "secretVersions", Description: "Number of versions that a secret may reach. No setting of the secret limits it.", Default: 6,
			Min: 1, Max: 1000},
	},
	Types: slices.Concat(runAny, []string{repository, secret, regionalSecret}),
	Kind:  crossguard.Kind{Name: "what Google Cloud bills by the hour", Has: billedByHour},
	CheckStack: func(s *crossguard.Stack) {
		var items []costItem
		every := schedulesOf(s)
		s.Each(runAny, func(r *crossguard.Resource) {
			item := computeCost(r)
			if r.Type == job {
				item.share(r, every, s.Config.Int("executions"))
			}
			items = append(items, item)
			refuseGPU(r)
		})
		priced := pricesOf(s)
		s.EachOf(crossguard.Kind{Has: billedByHour}, func(r *crossguard.Resource) {
			items = append(items, hourly(r, priced))
		})
		s.Each([]string{repository}, func(r *crossguard.Resource) {
			items = append(items, costItem{name: r.Name, usd: s.Config.Number("registryGiB") * price("registry.storage", "")})
		})
		s.Each([]string{secret, regionalSecret}, func(r *crossguard.Resource) {
			items = append(items, costItem{name: r.Name, usd: locations(r) * float64(s.Config.Int("secretVersions")) * price("secret.version", "")})
		})
		total, ceiling := 0.0, s.Config.Number("ceiling")
		for _, item := range items {
			total += item.usd
		}
		if total > ceiling {
			s.Violation("a month can cost USD %.2f, and the ceiling is USD %.2f: %s. Lower the dearest items, or raise ceiling of "+
				"worst-case-cost in policy/STACK.json",
				total, ceiling, describe(items))
		}
	},
}

// The prices are in prices.json. They leave out discounts and the free tier. They also leave out requests and traffic, which no
// setting limits. No page with prices of worker pools was found, so a worker pool is priced like a job.
const secondsPerMonth = 31 * 24 * 3600 // the longest month

// These are the largest sizes that Cloud Run offers (cloud.google.com/run/quotas, same day). They count if a limit is absent or
// unknown.
const (
	mostInstances = 1000
	mostTasks     = 10000
	mostCPU       = 8
	mostGiB       = 32
	mostLocations = 50 // of a secret's replicas: more than there are regions
)

// locations returns how many times a secret's versions are stored and paid for.
func locations(r *crossguard.Resource) float64 {
	const replicas = "replication.userManaged.replicas"
	if !r.IsKnown(replicas) {
		return mostLocations
	}
	return max(1, float64(r.Len(replicas)))
}

type costItem struct {
	name    string
	usd     float64
	assumed []string // the limits that are absent or unknown
}

// assume returns the largest possible value for a limit that is absent or unknown. It records the path.
func (c *costItem) assume(path string, most float64) float64 {
	c.assumed = append(c.assumed, fmt.Sprintf("%s counted as %v", path, most))
	return most
}

// describe lists items by cost, largest first. It names the limits that were missing for each item.
func describe(items []costItem) string {
	slices.SortStableFunc(items, func(a, b costItem) int { return cmp.Compare(b.usd, a.usd) })
	var texts []string
	for _, item := range items {
		text := fmt.Sprintf("%s %.2f", item.name, item.usd)
		if len(item.assumed) > 0 {
			text += fmt.Sprintf(" (no bound: %s)", strings.Join(item.assumed, ", "))
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

// computeCost returns the cost of a Cloud Run resource whose instances are all busy for a month.
func computeCost(r *crossguard.Resource) costItem {
	item := costItem{name: r.Name}
	cpu, memory, idle := 0.0, 0.0, r.Type == serviceV1 || r.Type == serviceV2
	path := templateOf(r) + ".containers"
	if !r.IsKnown(path) || r.Len(path) == 0 {
		cpu, memory = item.assume(path+"[0].resources.limits.cpu", mostCPU), item.assume(path+"[0].resources.limits.memory in GiB", mostGiB)
	} else {
		for i := range r.Len(path) {
			c := fmt.Sprintf("%s[%d].resources", path, i)
			if n, bounded := amount(r, c+".limits.cpu"); bounded {
				cpu += n
			} else {
				cpu += item.assume(c+".limits.cpu", mostCPU)
			}
			if n, bounded := amount(r, c+".limits.memory"); bounded {
				memory += n / gib
			} else {
				memory += item.assume(c+".limits.memory in GiB", mostGiB)
			}
			// An unknown allocation counts as idle if that costs more. An instance that is always busy costs more with CPU during
			// requests only.
			idle = idle && (r.Type == serviceV1 || !r.IsKnown(c+".cpuIdle") || r.BoolOr(c+".cpuIdle", false))
		}
	}
	if v1 := v1Template("run.googleapis.com/cpu-throttling"); r.Type == serviceV1 && r.IsKnown(v1) && !r.BoolOr(v1, true) {
		idle = false
	}
	billing, region := "run.instance", ""
	if idle { // when it is always busy, CPU during requests costs more
		billing = "run.request"
	}
	if r.IsKnown("location") {
		region = r.StringOr("location", "")
	}
	item.usd = item.instances(r) * secondsPerMonth * (cpu*price(billing+".cpu", region) + memory*price(billing+".memory", region))
	return item
}

// refuseGPU reports a GPU as a violation. It costs many times as much as its CPU, so a sum without it would not be a worst case.
func refuseGPU(r *crossguard.Resource) {
	refuse := func(o crossguard.Object, path string) {
		if text, set := o.String(path); set {
			r.Violation("%s is %s, and the price table has no GPU: remove it, or exempt the resource until it is priced", o.Path(path), text)
		}
	}
	accelerator := templateOf(r) + ".nodeSelector.accelerator"
	if r.Type == serviceV1 {
		accelerator = templateOf(r) + `.nodeSelector["run.googleapis.com/accelerator"]`
	}
	refuse(r.Object, accelerator)
	r.Each(templateOf(r)+".containers", func(c crossguard.Object) { refuse(c, `resources.limits["nvidia.com/gpu"]`) })
}

// amount reads an amount. bounded is false if it is absent, unknown or malformed.
func amount(r *crossguard.Resource, path string) (n float64, bounded bool) {
	if !r.IsKnown(path) {
		return 0, false
	}
	n, err := quantity(r.StringOr(path, ""))
	return n, err == nil
}

// instances returns the largest number of instances, or of tasks at once, that a resource can have.
func (c *costItem) instances(r *crossguard.Resource) float64 {
	if r.Type == job { // without a taskCount, a job has one task
		const tasks = "template.taskCount"
		if !r.IsKnown(tasks) {
			return c.assume(tasks, mostTasks)
		}
		return max(1, float64(r.IntOr(tasks, 1)))
	}
	caps, most, bounded := instanceCaps(r), float64(mostInstances), false
	for _, path := range caps {
		// Cloud Run treats 0 as absent.
		if r.IsKnown(path) && r.IntOr(path, 0) > 0 {
			most, bounded = min(most, float64(r.IntOr(path, 0))), true
		}
	}
	if !bounded {
		most = c.assume(caps[0], mostInstances)
	}
	for _, path := range manualCounts(r) { // it may exceed the cap
		if !r.IsKnown(path) {
			most = max(most, c.assume(path, mostInstances))
		} else if n, set := r.Int(path); set {
			most = max(most, float64(n))
		}
	}
	return most
}

// share reduces the cost of a job that runs all month to the cost of the time that it runs. It counts all its tasks, each with
// all its retries at full length, at every start.
func (c *costItem) share(r *crossguard.Resource, every map[string]float64, executions int64) {
	const timeout, retries = "template.template.timeout", "template.template.maxRetries"
	starts := float64(executions)
	if between, scheduled := every[serviceName(r)]; scheduled {
		starts = secondsPerMonth / between
	}
	if !r.IsKnown(timeout) || !r.IsKnown(retries) {
		return // all month
	}
	longest, err := seconds(r.StringOr(timeout, "600s"))
	if err != nil {
		return
	}
	c.usd *= starts * longest * float64(max(0, r.IntOr(retries, 3))+1) / secondsPerMonth
}

// byHour lists the types of pulumi-gcp that cost by the hour, or by what they store, even if they are not used.
var byHour = map[string]string{
	"activedirectory": "domain", "alloydb": "instance", "apigee": "instance", "appengine": "flexibleAppVersion standardAppVersion",
	"backupdisasterrecovery": "managementServer", "beyondcorp": "appGateway",
	"bigquery": "reservation biReservation capacityCommitment", "bigtable": "instance",
	"blockchainnodeengine": "blockchainNodes", "certificateauthority": "authority", "cloudfunctions": "function",
	"cloudfunctionsv2": "function", "cloudids": "endpoint", "colab": "runtime", "composer": "environment",
	"compute": "instance instanceFromTemplate instanceFromMachineImage instanceGroupManager regionInstanceGroupManager disk regionDisk " +
		"address globalAddress forwardingRule regionCommitment futureReservation resizeRequest regionResizeRequest " +
		"globalForwardingRule routerNat vPNTunnel interconnect interconnectAttachment reservation nodeGroup storagePool",
	"container": "cluster nodePool awsCluster azureCluster", "dataflow": "job flexTemplateJob pipeline", "datafusion": "instance",
	"dataproc": "cluster metastoreService", "datastream": "stream", "filestore": "instance", "integrationconnectors": "connection",
	"looker": "instance", "lustre": "instance", "managedkafka": "cluster connectCluster", "memcache": "instance",
	"memorystore": "instance", "netapp": "storagePool volume", "networksecurity": "firewallEndpoint",
	"networkservices": "gateway", "notebooks": "instance runtime",
	"oracledatabase": "autonomousDatabase cloudVmCluster cloudExadataInfrastructure", "parallelstore": "instance",
	"pubsub": "liteReservation liteTopic", "redis": "instance cluster", "securesourcemanager": "instance",
	"spanner": "instance instancePartition", "sql": "databaseInstance", "storage": "anywhereCache", "tpu": "node v2Vm v2QueuedResource",
	"vertex": "aiEndpoint aiIndexEndpoint aiFeatureOnlineStore aiTensorboard aiDeploymentResourcePool " +
		"aiEndpointWithModelGardenDeployment aiFeatureStore aiIndexEndpointDeployedIndex",
	"vmwareengine": "privateCloud cluster", "vpcaccess": "connector", "workbench": "instance",
	"workstations": "workstationCluster workstation",
}

func billedByHour(token string) bool { return among(byHour, token) }

// hourly returns the cost of a resource that is billed by the hour. The price is the user's price for the type, if they give one,
// and otherwise the table's.
func hourly(r *crossguard.Resource, priced map[string]float64) costItem {
	if usd, set := priced[r.Type]; set {
		return costItem{name: r.Name, usd: usd}
	}
	if r.Type == database {
		if item, known := databaseCost(r); known {
			return item
		}
	}
	r.Violation("is billed by the hour and the rule has no price for %s: add \"%s=USD\", the monthly cost of one, to priced of "+
		"worst-case-cost in policy/STACK.json, or exempt it", r.Type, r.Type)
	return costItem{name: r.Name}
}

// pricesOf returns the prices that users give for types.
func pricesOf(s *crossguard.Stack) map[string]float64 {
	prices := map[string]float64{}
	for _, entry := range s.Config.Strings("priced") {
		token, text, _ := strings.Cut(entry, "=")
		usd, err := strconv.ParseFloat(text, 64)
		if err != nil || !(usd >= 0) {
			s.Violation("priced of worst-case-cost has %q: write TYPE=USD", entry)
			continue
		}
		prices[token] = usd
	}
	return prices
}
