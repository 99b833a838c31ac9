package rules

import (
	"fmt"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// runSiblings are cases of Cloud Run settings that have another effect than their presence suggests.
func runSiblings() []sibling {
	var all []sibling
	add := func(rule, config, expected, desc string, resources ...ct.Resource) {
		all = append(all, sibling{rule, desc, expected, resources, config})
	}
	with := func(r ct.Resource, path string, to any) ct.Resource { return changed(r, change{path: path, to: to}) }
	for _, r := range []ct.Resource{v2(), worker()} {
		add("run-min-instances", "", must, "manual count of "+r.Type, with(r, "scaling.manualInstanceCount", 2))
		add("run-min-instances", "", pass, "one by hand of "+r.Type, with(r, "scaling.manualInstanceCount", 1))
		add("run-min-instances", "", pass, "stopped by hand of "+r.Type, with(r, "scaling.manualInstanceCount", 0))
	}
	for _, r := range []ct.Resource{v1(), v2()} {
		c := containerOf(r)
		add("run-probes", "", must, "empty startup probe of "+r.Type, with(r, c+".startupProbe", object{}))
		add("run-probes", "", must, "probe without a handler of "+r.Type,
			with(r, c+".livenessProbe", object{"periodSeconds": 10, "failureThreshold": 3}))
		add("run-probes", "", must, "handler that is null of "+r.Type, with(r, c+".livenessProbe", object{"httpGet": nil}))
		add("run-probes", "", pass, "probe by grpc of "+r.Type, with(r, c+".livenessProbe", object{"grpc": object{}}))
		second := changed(r, change{path: c + ".ports", to: []any{object{"containerPort": 80}}},
			change{path: c[:len(c)-3] + "[1]", to: object{"image": image}})
		add("run-probes", "", pass, "sidecar without a port of "+r.Type, second)
		add("run-probes", "", must, "two containers without a port of "+r.Type, with(r, c[:len(c)-3]+"[1]", object{"image": image}))
	}
	protected := v1()
	protected.Options.Protect = true
	add("run-deletion-protection", "prod", pass, "v1 with protect", protected)
	add("run-deletion-protection", "prod", must, "v1 without protect", v1())
	v1Policy := `metadata.annotations["run.googleapis.com/binary-authorization"]`
	for _, value := range []any{"none", "true", "Default", "projects/p", false, "projects//platforms/cloudRun/policies/x"} {
		add("run-binauthz", "prod", must, "v1 annotation", with(v1(), v1Policy, value))
	}
	add("run-binauthz", "prod", pass, "v1 policy", with(v1(), v1Policy, "projects/p/platforms/cloudRun/policies/x"))
	add("run-binauthz", "prod", must, "v2 policy with a name that is not a path", with(v2(), "binaryAuthorization", object{"policy": "none"}))
	for _, r := range []ct.Resource{v1(), v2(), task(), worker()} {
		path := templateOfType(r) + ".serviceAccount"
		if r.Type == serviceV1 {
			path += "Name"
		}
		for _, account := range []string{"service-1@gcp-sa-artifactregistry.iam.gserviceaccount.com",
			"1@cloudservices.gserviceaccount.com", "Firebase-Adminsdk-x@p.iam.gserviceaccount.com",
			"github-actions-deploy@procureflow-dev.iam.gserviceaccount.com",
			"projects/p/serviceAccounts/github-actions-ci@procureflow-dev.iam.gserviceaccount.com",
			"service-1@serverless-robot-prod.iam.gserviceaccount.com"} {
			add("run-dedicated-sa", "", must, account+" of "+r.Type, with(r, path, account))
		}
		add("run-dedicated-sa", "", pass, "an account called service-web of "+r.Type,
			with(r, path, "service-web@procureflow-dev.iam.gserviceaccount.com"))
	}
	for _, version := range []any{"latest", "LATEST", "", nil, "live", "projects/p/secrets/s/versions/latest"} {
		add("run-secret-pinned", "", must, "v2 version", with(v2(), "template.containers[0].envs[1].valueSource.secretKeyRef.version", version))
		add("run-secret-pinned", "", must, "v1 key", with(v1(), "template.spec.containers[0].envs[1].valueFrom.secretKeyRef.key", version))
		add("run-secret-pinned", "", must, "volume", with(v2(), "template.volumes",
			[]any{object{"name": "s", "secret": object{"secret": "s", "items": []any{object{"path": "a", "version": version}}}}}))
		add("run-secret-pinned", "", must, "function", res(functionV2,
			ct.Properties{"serviceConfig": object{"secretEnvironmentVariables": []any{object{"key": "A", "secret": "s", "version": version}}}}))
		add("run-secret-pinned", "", must, "function v1", res(functionV1,
			ct.Properties{"secretEnvironmentVariables": []any{object{"key": "A", "secret": "s", "version": version}}}))
	}
	add("run-secret-pinned", "", must, "volume without items", with(v2(), "template.volumes",
		[]any{object{"name": "s", "secret": object{"secret": "s"}}}))
	add("run-secret-pinned", "", must, "v1 volume", with(v1(), "template.spec.volumes",
		[]any{object{"name": "s", "secret": object{"secretName": "s", "items": []any{object{"path": "a", "key": "latest"}}}}}))
	add("run-secret-pinned", "", pass, "numbers", v1(), v2(), with(v2(), "template.volumes",
		[]any{object{"name": "s", "secret": object{"secret": "s", "items": []any{object{"path": "a", "version": "12"}}}},
			object{"name": "t", "emptyDir": object{}}}))
	for _, f := range []struct{ token, prefix, most, least string }{{functionV1, "", "maxInstances", "minInstances"},
		{functionV2, "serviceConfig.", "maxInstanceCount", "minInstanceCount"}} {
		good := changed(res(f.token, ct.Properties{"name": "f"}), change{path: f.prefix + f.most, to: 2},
			change{path: f.prefix + "serviceAccountEmail", to: "f@procureflow-dev.iam.gserviceaccount.com"}, change{path: f.prefix +
				"ingressSettings", to: "ALLOW_INTERNAL_ONLY"})
		for rule, bad := range map[string]change{"run-max-instances": {path: f.prefix + f.most, to: gone{}},
			"run-min-instances": {path: f.prefix + f.least, to: 3}, "run-dedicated-sa": {path: f.prefix + "serviceAccountEmail",
				to: gone{}}, "run-ingress": {path: f.prefix + "ingressSettings", to: "ALLOW_ALL"}} {
			add(rule, "", pass, "a good "+f.token, good)
			add(rule, "", must, "a bad "+f.token, changed(good, bad))
		}
	}
	for _, t := range functionIAM {
		add("run-no-public-invoker", "", must, "everybody on "+t, changed(grantOf(t, "roles/cloudfunctions.invoker", "allUsers"),
			change{path: "cloudFunction", to: "f"}))
	}
	latest := []any{object{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 10},
		object{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "web-1", "percent": 90}}
	add("traffic-owner", "", must, "a tenth to the newest", ignoring(with(v2(), "traffics", latest), "traffics"))
	add("traffic-owner", "", must, "v1 newest", ignoring(with(v1(), "traffics", []any{object{"latestRevision": true, "percent": 100}}),
		"traffics"))
	add("traffic-owner", "", pass, "a tag on the newest", ignoring(with(v2(), "traffics",
		[]any{object{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "tag": "next"},
			object{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "web-1", "percent": 100}}), "traffics"))
	add("traffic-owner", "", pass, "a pool without splits", worker())
	add("traffic-owner", "", pass, "a pool's named splits", ignoring(with(worker(), "instanceSplits",
		[]any{object{"revision": "a", "percent": 100}}), "instanceSplits"))
	add("traffic-owner", "", must, "a pool's newest", ignoring(with(worker(), "instanceSplits",
		[]any{object{"type": "INSTANCE_SPLIT_ALLOCATION_TYPE_LATEST", "percent": 100}}), "instanceSplits"))
	return all
}

func templateOfType(r ct.Resource) string { return templateOf(&crossguard.Resource{Type: r.Type}) }

// stackSiblings are cases for rules that look at several resources of a stack.
func stackSiblings() []sibling {
	var all []sibling
	add := func(rule, expected, desc string, resources ...ct.Resource) {
		all = append(all, sibling{rule, desc, expected, resources, ""})
	}
	money := res(budget, ct.Properties{"thresholdRules": []any{object{"thresholdPercent": 0.5}},
		"budgetFilter": object{"projects": []any{"projects/1"}}, "amount": object{"specifiedAmount": object{"units": "10"}}})
	with := func(r ct.Resource, path string, to any) ct.Resource { return changed(r, change{path: path, to: to}) }
	for _, shares := range [][]any{{50}, {0}, {-1}, {1.5}, {10, 20}, {nil}, {0, 0}} {
		var rules []any
		for _, share := range shares {
			rules = append(rules, object{"thresholdPercent": share})
		}
		add("budget-exists", must, "thresholds nobody hears of", v2(), with(money, "thresholdRules", rules))
	}
	add("budget-exists", pass, "one above the budget as well", v2(), with(money, "thresholdRules",
		[]any{object{"thresholdPercent": 0.9}, object{"thresholdPercent": 1.2}}))
	add("budget-exists", pass, "forecast", v2(), with(money, "thresholdRules",
		[]any{object{"thresholdPercent": 1, "spendBasis": "FORECASTED_SPEND"}}))
	add("budget-exists", must, "of an empty object", v2(), with(money, "thresholdRules", object{}))
	add("budget-exists", must, "as large as nothing reaches", v2(), with(money, "amount.specifiedAmount.units", "1000000"))
	add("budget-exists", must, "of another project by id", with(v2(), "project", "procureflow-dev"),
		with(money, "budgetFilter.projects", []any{"projects/other"}))
	add("budget-exists", must, "of another project by number", changed(v2(), change{path: "project", to: "procureflow-dev"},
		change{path: "urls", to: []any{"https://procureflow-web-100000000001.us-central1.run.app"}}), money)
	add("budget-exists", pass, "of the project by number", changed(v2(),
		change{path: "urls", to: []any{"https://procureflow-web-100000000001.us-central1.run.app"}}),
		with(money, "budgetFilter.projects", []any{"projects/100000000001"}))
	add("budget-exists", must, "of another service", v2(), with(money, "budgetFilter.services", []any{"services/24E6-581D-38E5"}))
	add("budget-exists", pass, "of a label that all have", v2(), with(money, "budgetFilter.labels", object{"app": "procureflow"}))
	add("budget-exists", must, "without an amount", v2(), with(money, "amount", gone{}))
	add("budget-exists", pass, "of what the last month cost", v2(), with(money, "amount", object{"lastPeriodAmount": true}))
	add("budget-exists", must, "of the organization", v2(), with(money, "budgetFilter", object{"resourceAncestors": []any{"organizations/1"}}))
	public := func(name string) ct.Resource {
		return named(changed(v2(), change{path: "ingress", to: "INGRESS_TRAFFIC_ALL"}, change{path: "name", to: name}), name)
	}
	check := func(name, host string) ct.Resource {
		return named(res(uptimeCheck, ct.Properties{"httpCheck": object{"useSsl": true, "validateSsl": true},
			"monitoredResource": object{"labels": object{"host": host}}}), name)
	}
	add("uptime-exists", pass, "each checked", public("a"), public("b"), check("1", "a-1.us-central1.run.app"), check("2", "b-x-uc.a.run.app"))
	add("uptime-exists", must, "one host in two spellings", public("a"), public("b"), check("1", "a-1.us-central1.run.app"),
		check("2", "A-1.us-central1.run.app"))
	add("uptime-exists", pass, "the host with the dot of its root", public("a"), check("1", "a-1.us-central1.run.app."))
	add("uptime-exists", pass, "a preview, which nobody is woken for", with(slot(), "ingress", "INGRESS_TRAFFIC_ALL"))
	newest := []any{object{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}}
	add("traffic-owner", pass, "the newest of a slot", ignoring(with(slot(), "traffics", newest), "traffics"))
	add("traffic-owner", must, "the newest of a slot that does not ignore", with(slot(), "traffics", newest))
	account := "serviceAccount:previews@procureflow-dev.iam.gserviceaccount.com"
	add("run-preview", pass, "a secret of its account", slot(), grantOf("gcp:secretmanager/secretIamMember:SecretIamMember",
		"roles/secretmanager.secretAccessor", account))
	add("run-preview", must, "a grant of its account", slot(), grantOf("gcp:projects/iAMMember:IAMMember", "roles/datastore.user", account))
	add("run-preview", must, "a policy with its account", slot(), grantOf("gcp:storage/bucketIAMBinding:BucketIAMBinding",
		"roles/storage.objectViewer", strings.ToUpper(account[:1])+account[1:]))
	add("run-preview", pass, "a grant of another account", slot(), grantOf("gcp:projects/iAMMember:IAMMember", "roles/datastore.user",
		"serviceAccount:web@procureflow-dev.iam.gserviceaccount.com"))
	add("run-preview", must, "a service that shares its account", slot(), named(with(v2(), "template.serviceAccount",
		"previews@procureflow-dev.iam.gserviceaccount.com"), "web"))
	add("run-preview", pass, "two slots of one account", slot(), named(with(slot(), "name", "procureflow-web-preview-2"), "slot-2"))
	add("uptime-exists", must, "by TCP", public("a"), named(res(uptimeCheck,
		ct.Properties{"tcpCheck": object{"port": 443}, "monitoredResource": object{"labels": object{"host": "a.run.app"}}}), "1"))
	add("uptime-exists", must, "of an IP address", public("a"), check("1", "8.8.8.8"))
	add("uptime-exists", must, "that takes errors", public("a"), with(check("1", "a.run.app"), "httpCheck.acceptedResponseStatusCodes",
		[]any{object{"statusValue": 200}, object{"statusValue": 500}}))
	add("uptime-exists", must, "that takes any class", public("a"), with(check("1", "a.run.app"), "httpCheck.acceptedResponseStatusCodes",
		[]any{object{"statusClass": "STATUS_CLASS_5XX"}}))
	add("uptime-exists", pass, "that takes success", public("a"), with(check("1", "a.run.app"), "httpCheck.acceptedResponseStatusCodes",
		[]any{object{"statusClass": "STATUS_CLASS_2XX"}, object{"statusValue": 302}}))
	add("uptime-exists", must, "each quarter of an hour", public("a"), with(check("1", "a.run.app"), "period", "900s"))
	add("uptime-exists", must, "from inside", public("a"), with(check("1", "a.run.app"), "checkerType", "VPC_CHECKERS"))
	add("uptime-exists", pass, "of a mapped domain", public("a"), check("1", "shop.example.com"),
		res("gcp:cloudrun/domainMapping:DomainMapping", ct.Properties{"name": "shop.example.com", "location": "us-central1"}))
	add("uptime-exists", pass, "of which nothing is known yet", public("a"),
		changed(check("1", ""), change{path: "monitoredResource", to: ct.Unknown}, change{path: "httpCheck", to: ct.Unknown},
			change{path: "period", to: ct.Unknown}))
	add("uptime-exists", pass, "of a host that is not known yet", public("a"),
		with(check("1", ""), "monitoredResource.labels.host", ct.Unknown))
	balanced := with(v2(), "ingress", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER")
	group := named(res(endpointGroup, ct.Properties{"cloudRun": object{"service": "procureflow-web"}}), "neg")
	front := func(scheme string) ct.Resource {
		return named(res(forwardingRule, ct.Properties{"loadBalancingScheme": scheme}), "front")
	}
	mask := named(res(endpointGroup, ct.Properties{"cloudRun": object{"urlMask": "<service>.example.com"}}), "neg")
	other := with(balanced, "name", "procureflow-api")
	add("uptime-exists", must, "behind a load balancer", balanced, group, front("EXTERNAL"))
	for _, s := range []ct.Resource{other, changed(v1(), change{path: "name", to: "procureflow-api"},
		change{path: `metadata.annotations["run.googleapis.com/ingress"]`, to: "internal-and-cloud-load-balancing"})} {
		toOther := with(group, "cloudRun.service", "procureflow-api")
		add("run-ingress", must, "behind an external load balancer "+s.Type, s, toOther, front("EXTERNAL_MANAGED"))
		add("run-ingress", must, "behind a regional one "+s.Type, s, toOther,
			named(res(forwardingRules[1], ct.Properties{"loadBalancingScheme": "EXTERNAL"}), "front"))
		add("run-ingress", must, "by a mask "+s.Type, s, mask, front("EXTERNAL"))
		add("run-ingress", pass, "behind an internal one "+s.Type, s, toOther, front("INTERNAL_MANAGED"))
	}
	add("run-ingress", pass, "a public service behind one", balanced, group, front("EXTERNAL_MANAGED"))
	add("run-ingress", pass, "internal only", changed(other, change{path: "ingress", to: "INGRESS_TRAFFIC_INTERNAL_ONLY"}),
		with(group, "cloudRun.service", "procureflow-api"), front("EXTERNAL"))
	cron := func(schedule string) ct.Resource {
		return named(res(schedulerJob, ct.Properties{"region": "us-central1", "schedule": schedule,
			"httpTarget": object{"uri": "https://us-central1-run.googleapis.com/apis/run.googleapis.com/v1/namespaces/p/jobs/nightly:run"}}), "cron")
	}
	short := changed(task(), change{path: "name", to: "nightly"}, change{path: "template.template.maxRetries", to: 0})
	for _, schedule := range []string{"* * * * *", "*/5 * * * *", "0,5 3 * * *", "0-59/9 * * * *", "every 5 minutes", "every 1 mins",
		"what", "0,1 * * * *", "59 23 * * *"} {
		expected := must
		if schedule == "59 23 * * *" {
			expected = pass
		}
		add("job-bounds", expected, "started "+schedule, short, cron(schedule))
	}
	for _, schedule := range []string{"0 3 * * *", "0 * * * *", "*/15 * * * *", "every 24 hours", "0 0 1 * *"} {
		add("job-bounds", pass, "started "+schedule, short, cron(schedule))
	}
	for atOnce, expected := range map[any]string{2: must, 4: pass, 5: pass, 0: pass, (gone{}): pass} {
		tasks := changed(short, change{path: "template.taskCount", to: 4}, change{path: "template.parallelism", to: atOnce})
		add("job-bounds", expected, fmt.Sprintf("four tasks each quarter of an hour, %v at once", atOnce), tasks, cron("*/15 * * * *"))
	}
	add("job-bounds", pass, "another job's schedule", short, with(cron("* * * * *"), "httpTarget.uri", "https://x/jobs/other:run"))
	add("worst-case-cost", must, "a job that runs all the time", changed(short, change{path: "template.taskCount", to: 10},
		change{path: "template.template.timeout", to: "3600s"}, change{path: "template.template.containers[0].resources.limits.cpu",
			to: "8"}), cron("* * * * *"))
	add("worst-case-cost", pass, "one service of the largest", changed(v2(), change{path: "template.scaling.maxInstanceCount", to: 5},
		change{path: "template.containers[0].resources.limits", to: object{"cpu": "2", "memory": "2Gi"}}))
	add("worst-case-cost", must, "two of the largest", changed(v2(), change{path: "template.scaling.maxInstanceCount", to: 5},
		change{path: "template.containers[0].resources.limits", to: object{"cpu": "2", "memory": "2Gi"}}),
		named(changed(v2(), change{path: "template.scaling.maxInstanceCount", to: 5},
			change{path: "template.containers[0].resources.limits", to: object{"cpu": "2", "memory": "2Gi"}}), "b"))
	for _, t := range []string{"gcp:redis/instance:Instance", "gcp:vpcaccess/connector:Connector",
		"gcp:cloudfunctionsv2/function:Function", "gcp:container/cluster:Cluster", "gcp:compute/routerNat:RouterNat",
		"gcp:alloydb/instance:Instance", "gcp:compute/globalForwardingRule:GlobalForwardingRule", "google:index/redisInstance:RedisInstance"} {
		add("worst-case-cost", must, "unpriced "+t, v2(), res(t, nil))
	}
	sql := func(settings object) ct.Resource { return res(database, ct.Properties{"settings": settings}) }
	add("worst-case-cost", pass, "a database that is priced", v2(), sql(object{"tier": "db-custom-1-3840", "diskAutoresizeLimit": 100}))
	add("worst-case-cost", must, "a database that is there twice", v2(), sql(object{"tier": "db-custom-8-30720", "diskAutoresizeLimit": 100,
		"availabilityType": "REGIONAL"}))
	add("worst-case-cost", must, "a disk without a limit", v2(), sql(object{"tier": "db-f1-micro"}))
	add("worst-case-cost", must, "a size that nobody priced", v2(), sql(object{"tier": "db-perf-optimized-N-2", "diskAutoresizeLimit": 100}))
	all = append(all, sibling{"worst-case-cost", "a price of one's own", pass, []ct.Resource{v2(), res(database, nil)},
		`{"worst-case-cost": {"priced": ["gcp:sql/databaseInstance:DatabaseInstance=50"]}}`},
		sibling{"worst-case-cost", "a price above the ceiling", must, []ct.Resource{v2(), res(database, nil)},
			`{"worst-case-cost": {"priced": ["gcp:sql/databaseInstance:DatabaseInstance=5000"]}}`},
		sibling{"worst-case-cost", "a type without its price", must, []ct.Resource{v2(), res(database, nil)},
			`{"worst-case-cost": {"priced": ["gcp:sql/databaseInstance:DatabaseInstance"]}}`})
	return all
}
