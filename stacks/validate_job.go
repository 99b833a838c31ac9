package stacks

import (
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
)

// releaseVariables begin the names of variables that a release sets in a job that it runs.
const releaseVariables = "RELEASE_"

var (
	cronField = regexp.MustCompile(`^[0-9A-Za-z*/,-]+$`)
	timeZone  = regexp.MustCompile(`^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$`)
)

func validateJobs(s Settings, stack string, accounts owners, found *findings) {
	names := map[string]string{}
	for _, key := range sortedKeys(s.Jobs) {
		job, path := s.Jobs[key], join("jobs", key)
		found.shape(path, key, serviceKey, "has a key that is no short name",
			"use at most 30 lower-case letters, digits and hyphens, a letter first, no hyphen last")
		for _, prefix := range []string{"job-", "schedule-"} {
			if _, taken := s.Services[prefix+key]; taken {
				found.add(path, "has accounts that would be named like those of "+join("services", prefix+key), "give one of the two another key")
			}
		}
		if !limits.IsJobName(job.Name) {
			found.add(path+".name", "is not a job name", "use at most 57 lower-case letters, digits and hyphens, a letter first, no hyphen last")
		}
		if other, taken := names[job.Name]; taken {
			found.add(path+".name", "is also the name of "+other, "give each job its own")
		}
		names[job.Name] = path
		if _, known := s.Services[job.Service]; !known && found.readable("services") {
			found.add(path+".service", "is no key under services", "use one of "+strings.Join(sortedKeys(s.Services),
				", ")+": the job runs its image")
		}
		accounts.claim(path+".runtimeAccount", job.RuntimeAccount, path, found)
		validateSize(Service{CPU: job.CPU, Memory: job.Memory}, path, found)
		found.between(path+".tasks", job.Tasks, 1, 100, "tasks")
		found.between(path+".maxRetries", job.MaxRetries, 0, limits.MaxTaskRetries, "retries")
		found.between(path+".timeoutSeconds", job.TimeoutSeconds, 1, limits.MaxTaskSeconds, "seconds")
		validateNames(job.Environment, job.Secrets, nil, path, s.Secrets, found)
		for _, group := range []struct {
			name  string
			names []string
		}{{".environment", sortedKeys(job.Environment)}, {".secrets", sortedKeys(job.Secrets)}} {
			for _, variable := range group.names {
				if limits.IsJobVariable(variable) || strings.HasPrefix(variable, releaseVariables) {
					found.add(join(path+group.name, variable), "is set by Cloud Run or by a release", "choose a name without CLOUD_RUN_ or RELEASE_ "+
						"before it")
				}
			}
		}
		if job.Schedule != nil {
			validateSchedule(*job.Schedule, path+".schedule", accounts, found)
		}
		if stack == prod && job.Release && !job.DeletionProtection {
			found.add(path+".deletionProtection", "is off in prod for a job that releases need", "write true: one wrong change must not delete "+
				"the job")
		}
	}
}

// validateSchedule judges the form. Which times a field takes is Cloud Scheduler's to say.
// Source: https://cloud.google.com/scheduler/docs/configuring/cron-job-schedules
func validateSchedule(s Schedule, path string, accounts owners, found *findings) {
	fields := strings.Fields(s.Cron)
	if len(fields) != 5 || slices.ContainsFunc(fields, func(field string) bool { return !cronField.MatchString(field) }) {
		found.add(path+".cron", "is no schedule", `use five fields, minute first: "0 3 * * *" is each night at three`)
	}
	found.shape(path+".timeZone", s.TimeZone, timeZone, "is no time zone", "use a name such as Europe/Berlin or UTC")
	accounts.claim(path+".account", s.Account, path, found)
}
