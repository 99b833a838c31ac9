package stacks

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// someJob returns a job with a schedule, for the minimal document's service.
func someJob() map[string]any {
	return map[string]any{"name": "shop-migrate", "service": "web", "runtimeAccount": "shop-migrate", "release": true,
		"deletionProtection": true,
		"schedule":           map[string]any{"cron": "0 3 * * *", "account": "shop-migrate-clock"}}
}

func TestJobs(t *testing.T) {
	t.Parallel()
	settings, err := parseChanged(t, prod, change{"jobs.migrate": someJob()})
	require.NoError(t, err)
	job := settings.Jobs["migrate"]
	assert.Equal(t, Job{Name: "shop-migrate", Service: "web", RuntimeAccount: "shop-migrate", CPU: "1", Memory: "512Mi", Tasks: 1,
		TimeoutSeconds: 600, Release: true, DeletionProtection: true, AlertOnFailure: new(true),
		Schedule: &Schedule{Cron: "0 3 * * *", TimeZone: "UTC", Account: "shop-migrate-clock"}}, job)
	for name, test := range map[string]struct {
		changes change
		want    []string
	}{
		"an unknown key": {change{"jobs.migrate.digest": someDigest}, []string{"jobs.migrate.digest: is not a setting; known here: " +
			"alertOnFailure, args, buckets, command, cpu, databases, deletionProtection, environment, lateAfterHours, maxRetries, memory, " +
			"name, parallelism, release, " +
			"runtimeAccount, schedule, secrets, service, tasks, timeoutSeconds, vpc"}},
		"a long name": {change{"jobs.migrate.name": strings.Repeat("a", 58)}, []string{"jobs.migrate.name: is not a job name; use at most 57 " +
			"lower-case letters, digits and hyphens, a letter first, no hyphen last"}},
		"the physical name of another job": {change{"jobs.other": func() any {
			job := someJob()
			job["runtimeAccount"] = "shop-other"
			delete(job,
				"schedule")
			return job
		}()},
			[]string{"jobs.other.name: is also the name of jobs.migrate; give each job its own"}},
		"no such service": {change{"jobs.migrate.service": "api"},
			[]string{"jobs.migrate.service: is not a key under services; use one of web: " +
				"the job runs its image"}},
		"its service's account": {change{"jobs.migrate.runtimeAccount": "shop-web"}, []string{"jobs.migrate.runtimeAccount: is also the " +
			"account of services.web; give each its own: so each has only the rights and secrets that it needs"}},
		"the job's account for its schedule": {change{"jobs.migrate.schedule.account": "shop-migrate"},
			[]string{"jobs.migrate.schedule.account: is also " +
				"the account of jobs.migrate; give each its own: so each has only the rights and secrets that it needs"}},
		"the pipeline's account": {change{"jobs.migrate.runtimeAccount": "github-actions-deploy"}, []string{"jobs.migrate.runtimeAccount: " +
			"begins like the pipeline's own accounts; use another name: the container would have the pipeline's rights"}},
		"a size that is not sold": {change{"jobs.migrate.cpu": "3"}, []string{`jobs.migrate.cpu: is not a number of vCPUs Cloud Run sells; ` +
			`use one of "1", "2", "4", "6", "8", in quotes`}},
		"numbers out of range": {change{"jobs.migrate.tasks": 10001, "jobs.migrate.maxRetries": 11, "jobs.migrate.timeoutSeconds": 0,
			"jobs.migrate.parallelism": -1, "jobs.migrate.lateAfterHours": 745}, []string{
			"jobs.migrate.lateAfterHours: is out of range; use 0 to 744 hours",
			"jobs.migrate.maxRetries: is out of range; use 0 to 10 retries",
			"jobs.migrate.parallelism: is out of range; use 0 to 10001 tasks at once",
			"jobs.migrate.tasks: is out of range; use 1 to 10000 tasks",
			"jobs.migrate.timeoutSeconds: is out of range; use 1 to 86400 seconds"}},
		"every number at its limit": {change{"jobs.migrate.tasks": 10000, "jobs.migrate.parallelism": 10000, "jobs.migrate.lateAfterHours": 25},
			nil},
		"more parallel tasks than tasks": {change{"jobs.migrate.parallelism": 2},
			[]string{"jobs.migrate.parallelism: is out of range; use 0 to 1 tasks at once"}},
		"a late alert no longer than the schedule's interval": {change{"jobs.migrate.lateAfterHours": 24},
			[]string{"jobs.migrate.lateAfterHours: is no longer than " +
				"the 24 hours between two starts; use more, or start the job more often: it would be late after each start"}},
		"a database and a bucket that are not declared": {change{"jobs.migrate.databases.DB": "main", "jobs.migrate.buckets.FILES": "files"},
			[]string{
				"jobs.migrate.buckets.FILES: names a bucket that is not declared; declare it under buckets at the top level",
				"jobs.migrate.databases.DB: names a database that is not declared; declare it under databases at the top level"}},
		"a database outside the job's network": {change{"databases.main.network": "default", "buckets.files.readers": []any{"web"},
			"jobs.migrate.databases.DB": "main", "jobs.migrate.buckets.FILES": "files"}, []string{
			"jobs.migrate.buckets.FILES: names a bucket that does not let the job in; add the job to its jobReaders or jobWriters",
			"jobs.migrate.databases.DB: is in a network that the job cannot reach; set vpc"}},
		"a database that the job reaches": {change{"databases.main.network": "default", "jobs.migrate.vpc.network": "default",
			"buckets.files.jobWriters": []any{"migrate"}, "jobs.migrate.databases.DB": "main", "jobs.migrate.buckets.FILES": "files"}, nil},
		"a bucket's reader that is no job": {change{"buckets.files.jobReaders": []any{"web", "migrate"},
			"buckets.files.jobWriters": []any{"migrate"}},
			[]string{"buckets.files.jobReaders[0]: names a job that is not there; use the key of one under jobs",
				"buckets.files.jobReaders[1]: is there twice; keep one: a writer reads too"}},
		"variables that a database sets": {change{"databases.main.network": "default", "jobs.migrate.vpc.network": "default",
			"jobs.migrate.databases.RELEASE": "main", "jobs.migrate.environment.RELEASE_HOST": "x"}, []string{
			"jobs.migrate.databases.RELEASE: has a second source under environment; keep one of the two",
			"jobs.migrate.databases.RELEASE: is set by Cloud Run or by a release; choose a name without CLOUD_RUN_ or RELEASE_ before it",
			"jobs.migrate.databases.RELEASE: is set by Cloud Run or by a release; choose a name without CLOUD_RUN_ or RELEASE_ before it",
			"jobs.migrate.databases.RELEASE: is set by Cloud Run or by a release; choose a name without CLOUD_RUN_ or RELEASE_ before it",
			"jobs.migrate.databases.RELEASE: is set by Cloud Run or by a release; choose a name without CLOUD_RUN_ or RELEASE_ before it",
			"jobs.migrate.environment.RELEASE_HOST: is set by Cloud Run or by a release; choose a name without CLOUD_RUN_ or RELEASE_ before it",
		}},
		"no network": {change{"jobs.migrate.vpc.tags": []any{"a"}}, []string{"jobs.migrate.vpc: names no network; set network, " +
			"subnetwork or both"}},

		"variables that Cloud Run and the release set": {change{"jobs.migrate.environment.CLOUD_RUN_JOB": "x",
			"jobs.migrate.environment.RELEASE_HOOK": "x"}, []string{
			"jobs.migrate.environment.CLOUD_RUN_JOB: is set by Cloud Run or by a release; choose a name without CLOUD_RUN_ or RELEASE_ before it",
			"jobs.migrate.environment.RELEASE_HOOK: is set by Cloud Run or by a release; choose a name without CLOUD_RUN_ or RELEASE_ before it"}},
		"a secret that nobody declared": {change{"jobs.migrate.secrets.A": "b"}, []string{"jobs.migrate.secrets.A: names a secret that is not " +
			"declared; declare it under secrets at the top level"}},
		"no schedule": {change{"jobs.migrate.schedule.cron": "every night", "jobs.migrate.schedule.timeZone": "over there"}, []string{
			`jobs.migrate.schedule.cron: does not have five fields; use five fields, minute first: "0 3 * * *" is each night at three, ` +
				`"0 3 * * MON" each Monday`,
			"jobs.migrate.schedule.timeZone: is not a time zone; use a name such as Europe/Berlin or UTC"}},
		"a service of that name": {change{"services.job-migrate": func() any {
			service := minimal(prod)["services"].(map[string]any)["web"].(map[string]any)
			service["name"], service["runtimeAccount"] = "shop-other", "shop-other"
			return service
		}()}, []string{"jobs.migrate: has accounts that would be named like those of services.job-migrate; give one of the two another key"}},
		"unprotected in prod": {change{"jobs.migrate.deletionProtection": false}, []string{"jobs.migrate.deletionProtection: is off in prod " +
			"for a job that releases need; write true: one wrong change must not delete the job"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document := minimal(prod)
			put(document, "jobs.migrate", someJob())
			for _, path := range sortedKeys(test.changes) {
				put(document, path, test.changes[path])
			}
			_, err := Parse(toJSON(t, document), prod)
			assert.Equal(t, test.want, lines(t, err))
		})
	}
}

func TestChannels(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		channel map[string]any
		want    []string
	}{
		"slack":              {channel: map[string]any{"kind": "slack", "target": "#alerts", "secret": marker}},
		"pagerduty":          {channel: map[string]any{"kind": "pagerduty", "secret": marker}},
		"a webhook by token": {channel: map[string]any{"kind": "webhook", "target": "https://hooks.example.com/a", "secret": marker}},
		"a webhook by name": {channel: map[string]any{"kind": "webhook", "target": "https://hooks.example.com/a", "user": "u",
			"secret": marker}},
		"pubsub": {channel: map[string]any{"kind": "pubsub", "target": "projects/shop-project/topics/alerts"}},
		"sms":    {channel: map[string]any{"kind": "sms", "target": "+4930123456"}},
		"mail": {map[string]any{"kind": "email", "target": "a@b.c"},
			[]string{"monitoring.channels.c.kind: is not a kind of channel; use slack, pagerduty, webhook, pubsub or sms; mail goes to " +
				"alertEmails"}},
		"no secret": {map[string]any{"kind": "slack", "target": "alerts"}, []string{
			"monitoring.channels.c.secret: is missing for this kind; set it: pulumi config set --secret --path " +
				"'platform.monitoring.channels.c.secret'",
			"monitoring.channels.c.target: is not a channel; use its name, such as #alerts"}},
		"a secret in the address": {map[string]any{"kind": "webhook", "target": "https://hooks.example.com/a?auth_token=" + marker,
			"secret": marker}, []string{
			"monitoring.channels.c.target: is not an address of a webhook; use https://HOST/PATH " +
				"without a user or a query: put the secret part into secret"}},
		"over plain http": {map[string]any{"kind": "webhook", "target": "http://hooks.example.com/a", "secret": marker}, []string{
			"monitoring.channels.c.target: is not an address of a webhook; use https://HOST/PATH " +
				"without a user or a query: put the secret part into secret"}},
		"values of another kind": {map[string]any{"kind": "sms", "target": "030 1", "secret": marker, "user": "u"}, []string{
			"monitoring.channels.c.secret: does not apply to this kind; remove it, and revoke it where it came from",
			"monitoring.channels.c.target: is not a telephone number; use the international form, such as +4930123456",
			"monitoring.channels.c.user: is set, and only a webhook has a user name; remove it"}},
		"a target for pagerduty": {map[string]any{"kind": "pagerduty", "target": "x", "secret": marker},
			[]string{"monitoring.channels.c.target: does not apply to this kind; remove it: the integration key names the receiver"}},
		"no topic": {map[string]any{"kind": "pubsub", "target": "alerts"}, []string{"monitoring.channels.c.target: is not a topic; use " +
			"projects/PROJECT/topics/TOPIC"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parseChanged(t, dev, change{"monitoring.channels.c": test.channel})
			assert.Equal(t, test.want, lines(t, err))
			requireNoMarker(t, err)
		})
	}
}
