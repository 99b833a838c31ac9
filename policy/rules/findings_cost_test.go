package rules

import (
	"fmt"

	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

func costFindings() []findings {
	money := res(budget, ct.Properties{"thresholdRules": []any{object{"thresholdPercent": 0.5}},
		"budgetFilter": object{"projects": []any{"projects/1"}}, "amount": object{"specifiedAmount": object{"units": "10"}}})
	threshold := func(shares ...any) ct.Resource {
		var rules []any
		for _, share := range shares {
			rules = append(rules, object{"thresholdPercent": share})
		}
		return changed(money, change{path: "thresholdRules", to: rules})
	}
	at := func(urls any) ct.Resource { return changed(v2(), change{path: "urls", to: urls}) }
	elsewhere := func(where string) []string {
		return []string{"budgetFilter.projects is projects/1, and the services run in " + where + ": name that project"}
	}
	inProject := func(project string) ct.Resource {
		return changed(money, change{path: "budgetFilter.projects", to: []any{"projects/" + project}})
	}
	scheduled := func(timeout string, schedules ...string) []ct.Resource {
		all := []ct.Resource{changed(task(), change{path: "name", to: "nightly"}, change{path: "template.template.maxRetries", to: 0},
			change{path: "template.template.timeout", to: timeout})}
		for _, schedule := range schedules {
			all = append(all, named(res(schedulerJob, ct.Properties{"schedule": schedule,
				"httpTarget": object{"uri": "https://x/jobs/nightly:run"}}), schedule))
		}
		return all
	}
	tooLong := []string{"is started every 900 s and may run for 901 s with its retries, so that 2 executions run side by side: start it " +
		"less often, lower template.template.timeout, or raise template.parallelism"}
	public := changed(v2(), change{path: "ingress", to: "INGRESS_TRAFFIC_ALL"})
	answers := func(tls bool, statuses ...any) ct.Resource {
		var codes []any
		for _, status := range statuses {
			codes = append(codes, object{"statusValue": status})
		}
		return res(uptimeCheck, ct.Properties{"httpCheck": object{"useSsl": tls, "validateSsl": tls, "acceptedResponseStatusCodes": codes},
			"monitoredResource": object{"labels": object{"host": "web-x-uc.a.run.app"}}})
	}
	front := named(res(forwardingRule, ct.Properties{"loadBalancingScheme": "EXTERNAL"}), "front")
	starts := func(changes ...change) []ct.Resource {
		every := res(schedulerJob, ct.Properties{"schedule": "* * * * *", "httpTarget": object{"uri": "https://x/jobs/nightly:run"}})
		return []ct.Resource{changed(task(), change{path: "name", to: "nightly"}), changed(every, changes...)}
	}
	errors := []string{"httpCheck.acceptedResponseStatusCodes accepts error statuses, so the check cannot fail: remove them",
		unchecked}
	clear := []string{"httpCheck.useSsl and httpCheck.validateSsl are not both true: set them", unchecked}
	all := []findings{
		of(budgetExists, "as large as it may be", nil, v2(), changed(money, change{path: "amount.specifiedAmount.units", to: "1000"})),
		of(budgetExists, "a share of nothing", []string{"thresholdRules[0].thresholdPercent is 0, which is 0 %: write 0.5 for 50 %"},
			v2(), threshold(0)),
		of(budgetExists, "a percent for a share", []string{"thresholdRules[0].thresholdPercent is 50, which is 5000 %: write 0.5 for 50 %"},
			v2(), threshold(50)),
		of(budgetExists, "five times the budget as well", nil, v2(), threshold(0.9, 5)),
		of(budgetExists, "too late", []string{
			"thresholdRules has no threshold of 1.0 or less, so nobody is told before the budget is overspent: add one"}, v2(), threshold(1.5)),
		of(budgetExists, "by id, where nothing says the project", nil, v2(), inProject("procureflow-dev")),
		of(budgetExists, "by the id of the project", nil, changed(v2(), change{path: "project", to: "procureflow-dev"}),
			inProject("procureflow-dev")),
		of(budgetExists, "of an address that is not known yet", nil, at(ct.Unknown), money),
		of(budgetExists, "of another project by number", elsewhere("123456789"), at([]any{
			"https://procureflow-web-123456789.us-central1.run.app"}), money),
		of(budgetExists, "of an address without a number", nil, at([]any{"https://procureflow-web-abcdefghij-uc.a.run.app",
			"https://procureflow-web-2024.example.com"}), money),

		of(jobBounds, "that is done when the next starts", nil, scheduled("900s", "*/15 * * * *")...),
		of(jobBounds, "that is not done when the next starts", tooLong, scheduled("901s", "*/15 * * * *")...),

		of(jobBounds, "started twice, the shorter time counts", tooLong, scheduled("901s", "0 3 * * *", "*/15 * * * *")...),
		of(jobBounds, "started twice, in whatever order", tooLong, scheduled("901s", "*/15 * * * *", "0 3 * * *")...),
		of(jobBounds, "a schedule that is not known yet", nil, starts(change{path: "schedule", to: ct.Unknown})...),
		of(jobBounds, "a schedule of an address that is not known yet", nil, starts(change{path: "httpTarget.uri", to: ct.Unknown})...),
		of(jobBounds, "a schedule that is paused", nil, starts(change{path: "paused", to: true})...),
		of(jobBounds, "a schedule that reads the job", nil, starts(change{path: "httpTarget.uri", to: "https://x/jobs/nightly"})...),

		of(runIngress, "a load balancer to another service, with an empty mask", nil, changed(v2(), change{path: "ingress",
			to: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"}), front, res(endpointGroup, ct.Properties{"cloudRun": object{
			"service": "procureflow-api", "urlMask": ""}})),
		of(runIngress, "a load balancer by Terraform's provider", []string{"an external load balancer leads to procureflow-web, which is not " +
			"among the public services (none): make the load balancer internal, or add the service to publicServices of run-ingress in " +
			"policy/STACK.json"}, changed(v2(), change{path: "ingress", to: "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"}),
			named(res("google:index/computeGlobalForwardingRule:ComputeGlobalForwardingRule", nil), "front"),
			res("google:index/computeRegionNetworkEndpointGroup:ComputeRegionNetworkEndpointGroup", ct.Properties{
				"cloudRun": object{"service": "procureflow-web"}})),
		of(trafficOwner, "a service of a Terraform module", []string{"is made by web, whose properties this rule cannot read: make it by the " +
			"provider gcp", "ignoreChanges is empty: add traffics"}, res("web:tf:google_cloud_run_v2_service", nil)),

		of(uptimeExists, "the last success", nil, public, answers(true, 200, 299)),
		of(uptimeExists, "a redirect", nil, public, answers(true, 300, 399)),
		of(uptimeExists, "the first error", errors, public, answers(true, 400)),
		of(uptimeExists, "what is not done yet", errors, public, answers(true, 199)),
		of(uptimeExists, "without TLS, a redirect to it", []string{unchecked}, public, answers(false, 300, 301)),
		of(uptimeExists, "without TLS, a redirect or success", clear, public, answers(false, 200, 301)),
		of(uptimeExists, "each quarter of an hour", []string{"period is 900s: set it to 300 seconds or less", unchecked}, public,
			changed(answers(true), change{path: "period", to: "900s"})),
		of(uptimeExists, "each five minutes", nil, public, changed(answers(true), change{path: "period", to: "300s"})),
		of(uptimeExists, "a URL of its own", []string{"monitoredResource.labels.host is https://web-x-uc.a.run.app: write the host alone",
			unchecked}, public, changed(answers(true), change{path: "monitoredResource.labels.host", to: "https://web-x-uc.a.run.app"})),
		of(uptimeExists, "without TLS, which is the default", clear, public, changed(answers(true), change{path: "httpCheck",
			to: object{"validateSsl": true}})),
		of(uptimeExists, "with a certificate of anybody", clear, public, changed(answers(true), change{path: "httpCheck",
			to: object{"useSsl": true}})),
		of(uptimeExists, "a domain of a certificate", nil, public, changed(answers(true),
			change{path: "monitoredResource.labels.host", to: "shop.example.com"}), res(
			"gcp:compute/managedSslCertificate:ManagedSslCertificate", ct.Properties{"managed": object{"domains": []any{"Shop.example.com."}}})),

		of(trafficOwner, "a pool's splits that a release would change", []string{"ignoreChanges is empty: add instanceSplits"},
			changed(worker(), change{path: "instanceSplits", to: []any{object{"revision": "queue-1", "percent": 100}}})),
	}
	for name, settings := range map[string]object{"a size that is not known yet": {"tier": ct.Unknown, "diskAutoresizeLimit": 100},
		"an edition that is not known yet": {"tier": "db-custom-1-3840", "edition": ct.Unknown, "diskAutoresizeLimit": 100},
		"a dearer edition":                 {"tier": "db-custom-1-3840", "edition": "ENTERPRISE_PLUS", "diskAutoresizeLimit": 100},
		"a size without a price":           {"tier": "db-perf-optimized-N-2", "diskAutoresizeLimit": 100}} {
		all = append(all, of(worstCaseCost, name, unpriced(database), res(database, ct.Properties{"settings": settings})))
	}
	instance := []ct.Resource{res("gcp:redis/instance:Instance", nil)}
	all = append(all, findings{policy: worstCaseCost, name: "as much as the ceiling", resources: instance,
		config: `"ceiling": 100, "priced": ["gcp:redis/instance:Instance=100"]`}, findings{policy: worstCaseCost, name: "what costs nothing",
		resources: instance, config: `"priced": ["gcp:redis/instance:Instance=0"]`})
	return append(all, findings{policy: worstCaseCost, name: "a type without its price", resources: instance,
		config: `"priced": ["gcp:redis/instance:Instance"]`, want: []string{
			`priced of worst-case-cost has "gcp:redis/instance:Instance": write TYPE=USD`,
			unpriced("gcp:redis/instance:Instance")[0]}})
}

func unpriced(token string) []string {
	return []string{fmt.Sprintf("is billed by the hour and the rule has no price for %s: add \"%s=USD\", the monthly cost of one, to "+
		"priced of worst-case-cost in policy/STACK.json, or exempt it", token, token)}
}
