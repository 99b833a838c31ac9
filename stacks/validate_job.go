package stacks

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/cron"
	"github.com/guiofsaints/procureflow-platform/internal/limits"
)

// releaseVariables begin the names of variables that a release sets in a job that it runs.
const releaseVariables = "RELEASE_"

var timeZone = regexp.MustCompile(`^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$`)

func validateJobs(s Settings, stack string, accounts owners, found *findings) {
	names := map[string]string{}
	for _, key := range sortedKeys(s.Jobs) {
		job, path := s.Jobs[key], join("jobs", key)
		found.shape(path, key, serviceKey, "has a key that is not a short name",
			"use at most 30 lower-case letters, digits and hyphens, a letter first, no hyphen last")
		for _, prefix := range []string{"job-", "schedule-"} {
			if _, taken := s.Services[prefix+key]; taken {
				found.add(path, "has accounts that would be named like those of "+join("services", prefix+key), "give one of the two another key")
			}
		}
		if !limits.IsJobName(job.Name) {
			found.add(path+".name", "is not a job name", fmt.Sprintf("use at most %d lower-case letters, digits and hyphens, a letter first, "+
				"no hyphen last", limits.MaxJobName))
		}
		if other, taken := names[job.Name]; taken {
			found.add(path+".name", "is also the name of "+other, "give each job its own")
		}
		names[job.Name] = path
		if _, known := s.Services[job.Service]; !known && found.readable("services") {
			found.add(path+".service", "is not a key under services", "use one of "+strings.Join(sortedKeys(s.Services),
				", ")+": the job runs its image")
		}
		accounts.claim(path+".runtimeAccount", job.RuntimeAccount, path, found)
		validateSize(Service{CPU: job.CPU, Memory: job.Memory}, path, found)
		found.between(path+".tasks", job.Tasks, 1, limits.MaxTasks, "tasks")
		found.between(path+".parallelism", job.Parallelism, 0, max(0, job.Tasks), "tasks at once")
		found.between(path+".maxRetries", job.MaxRetries, 0, limits.MaxTaskRetries, "retries")
		found.between(path+".timeoutSeconds", job.TimeoutSeconds, 1, limits.MaxTaskSeconds, "seconds")
		validateJobVariables(key, s, path, found)
		if job.VPC != nil {
			validateVPC(*job.VPC, s.Project, path+".vpc", found)
		}
		validateStarts(job, path, accounts, found)
		if stack == prod && job.Release && !job.DeletionProtection {
			found.add(path+".deletionProtection", "is off in prod for a job that releases need", "write true: one wrong change must not delete "+
				"the job")
		}
	}
}

// validateJobVariables checks a job's variables, and the data that it uses.
func validateJobVariables(key string, all Settings, path string, found *findings) {
	job := all.Jobs[key]
	named := variableNames{job.Environment, job.Secrets, nil}.validate(path, all.Secrets, found)
	reserved := func(variable, at string) {
		if limits.IsJobVariable(variable) || strings.HasPrefix(variable, releaseVariables) {
			found.add(at, "is set by Cloud Run or by a release", "choose a name without CLOUD_RUN_ or RELEASE_ before it")
		}
	}
	for _, variable := range sortedKeys(job.Environment) {
		reserved(variable, join(path+".environment", variable))
	}
	for _, variable := range sortedKeys(job.Secrets) {
		reserved(variable, join(path+".secrets", variable))
	}
	validateData(dataUser{kind: "job", key: key, databases: job.Databases, buckets: job.Buckets, vpc: job.VPC}, all, path,
		func(variable, group, at string) {
			named(variable, group, at)
			reserved(variable, at)
		}, found)
}

// validateStarts checks what starts a job, and when people are told that nothing started it.
func validateStarts(job Job, path string, accounts owners, found *findings) {
	at := path + ".lateAfterHours"
	found.between(at, job.LateAfterHours, 0, limits.MaxLateHours, "hours")
	if job.Schedule == nil {
		return
	}
	schedule, path := *job.Schedule, path+".schedule"
	found.shape(path+".timeZone", schedule.TimeZone, timeZone, "is not a time zone", "use a name such as Europe/Berlin or UTC")
	accounts.claim(path+".account", schedule.Account, path, found)
	parsed, wrong := cron.Parse(schedule.Cron)
	if wrong != "" {
		found.add(path+".cron", wrong, `use five fields, minute first: "0 3 * * *" is each night at three, "0 3 * * MON" each Monday`)
		return
	}
	late := time.Duration(job.LateAfterHours) * time.Hour
	if gap := parsed.LongestGap(); late > 0 && late <= gap {
		found.add(at, fmt.Sprintf("is no longer than the %s between two starts", hours(gap)),
			"use more, or start the job more often: it would be late after each start")
	}
}

func hours(d time.Duration) string { return fmt.Sprintf("%g hours", float64(int(d.Hours()*10))/10) }
