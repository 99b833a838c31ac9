package stacks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
)

var (
	serviceKey     = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$`)
	serviceName    = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)
	revisionName   = regexp.MustCompile(`^[a-z0-9-]*[a-z0-9]$`)
	imageName      = regexp.MustCompile(`^[a-z0-9]+([._/-]+[a-z0-9]+)*$`)
	imageUser      = regexp.MustCompile(`^[^@\s]+@(sha256:[0-9a-f]{64})$`)
	imageReference = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+(/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}$`)
	variableName   = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`)
	urlPath        = regexp.MustCompile(`^/([^/\s#][^\s#]*)?$`)
)

// candidateTag is the traffic tag the release controller gives a revision on trial.
const candidateTag = "candidate"

// Limits on names. A tag URL is https://TAG---SERVICE-..., whose first label holds tag and service together.
const (
	maxTagAndServiceName = 46
	maxRevisionName      = 63
)

func validateServices(s Settings, stack string, accounts owners, found *findings) {
	if len(s.Services) == 0 {
		found.add("services", "is empty", "add a service")
	}
	names := map[string]string{}
	for _, key := range sortedKeys(s.Services) {
		service, path := s.Services[key], join("services", key)
		found.shape(path, key, serviceKey, "has a key that is not a short name",
			"use at most 30 lower-case letters, digits and hyphens, a letter first, no hyphen last")
		validateIdentity(service, path, found)
		if other, taken := names[service.Name]; taken {
			found.add(path+".name", "is also the name of "+other, "give each service its own")
		}
		names[service.Name] = path
		accounts.claim(path+".runtimeAccount", service.RuntimeAccount, path, found)
		validateContainer(service, path, found)
		validateVariables(key, s, path, found)
		validateStartup(service.Startup, path+".startup", found)
		validateLiveness(service.Liveness, path+".liveness", found)
		validateSidecars(service, path, s, found)
		validateVolumes(service, path, s, found)
		validateCallers(key, s, found)
		if service.VPC != nil {
			validateVPC(*service.VPC, s.Project, path+".vpc", found)
		}
		validateTraffic(service, path, found)
		validateObjectives(service, path, found)
		if stack == prod && service.DeletionProtection == nil {
			found.add(path+".deletionProtection", "is missing in prod", "write true: one wrong change must not delete the service")
		}
	}
}

// validateIdentity checks the names of a service, its images and its account.
func validateIdentity(s Service, path string, found *findings) {
	longest := maxTagAndServiceName - len(candidateTag)
	switch {
	case !serviceName.MatchString(s.Name):
		found.add(path+".name", "is not a service name", "use lower-case letters, digits and hyphens, a letter first, no hyphen last")
	case len(s.Name) > limits.MaxServiceName:
		found.add(path+".name", fmt.Sprintf("is over the %d characters of a service name", limits.MaxServiceName),
			fmt.Sprintf("use at most %d", longest))
	case len(s.Name) > longest:
		found.add(path+".name", fmt.Sprintf("is too long to carry the traffic tag %q", candidateTag),
			fmt.Sprintf("use at most %d characters: tag and name have %d together", longest, maxTagAndServiceName))
	}
	found.shape(path+".image", s.Image, imageName, "is not an image name",
		"use the name in the registry, for example web, without host, tag and digest")
	if s.Digest != "" {
		found.shape(path+".digest", s.Digest, limits.Digest, "is not a digest",
			"use sha256: and 64 lower-case hex digits, the digest of the manifest")
	}
	if s.ImageUser != "" {
		if user := imageUser.FindStringSubmatch(s.ImageUser); user == nil {
			found.add(path+".imageUser", "is not a user of an image", "use USER@sha256:DIGEST, as `release verify` prints it")
		} else if user[1] != s.Digest {
			found.add(path+".imageUser", "belongs to another image than digest", "set both together, as deploy.yml does, or remove imageUser")
		}
	}
	found.imageByDigest(path+".bootstrapImage", s.BootstrapImage)
}

// imageByDigest reports an image of another registry that is not named by its digest.
func (f *findings) imageByDigest(path, image string) {
	f.shape(path, image, imageReference, "is not an image by digest", "use HOST/PATH@sha256:DIGEST without a tag, because what a tag names "+
		"can change; "+limits.ShowDigest)
}

// owners maps each service account to the service or job that has it.
type owners map[string]string

// claim checks the account of a service or job, which no other may share.
func (o owners) claim(at, account, owner string, found *findings) {
	found.shape(at, account, limits.AccountID, "is not a service account id",
		"use 6-30 lower-case letters, digits and hyphens, a letter first, no hyphen last; without @ and the domain")
	if other, taken := o[account]; taken {
		found.add(at, "is also the account of "+other, "give each its own: so each has only the rights and secrets that it needs")
	}
	if strings.HasPrefix(account, PipelineAccountPrefix) {
		found.add(at, "begins like the pipeline's own accounts", "use another name: the container would have the pipeline's rights")
	}
	o[account] = owner
}

// validateContainer checks size, scale and reach.
func validateContainer(s Service, path string, found *findings) {
	found.between(path+".port", s.Port, 1, limits.MaxPort, "as the port")
	validateSize(s, path, found)
	found.between(path+".concurrency", s.Concurrency, 1, limits.MaxConcurrency, "requests")
	found.between(path+".timeoutSeconds", s.TimeoutSeconds, 1, limits.MaxRequestSeconds, "seconds")
	found.atLeast(path+".minInstances", s.MinInstances, 0)
	found.atLeast(path+".maxInstances", s.MaxInstances, 1)
	if s.MaxInstances >= 1 && s.MinInstances > s.MaxInstances {
		found.add(path+".minInstances", "is over maxInstances", "lower it, or raise maxInstances")
	}
	if !slices.Contains([]string{"all", "internal", "internal-and-cloud-load-balancing"}, s.Ingress) {
		found.add(path+".ingress", "is not a kind of ingress", "use all, internal or internal-and-cloud-load-balancing")
	}
	found.atLeast(path+".attempt", s.Attempt, 0)
	if !slices.Contains([]string{firstGeneration, "gen2"}, s.ExecutionEnvironment) {
		found.add(path+".executionEnvironment", "is not an execution environment", "use gen1 or gen2")
	}
	for i, audience := range s.Audiences {
		at := fmt.Sprintf("%s.audiences[%d]", path, i)
		found.shape(at, audience, limits.Audience, "is not an audience", "use one word, for example https://api.example.com")
		if slices.Contains(s.Audiences[:i], audience) {
			found.add(at, "is there twice", "remove one of the two")
		}
	}
}

// validateTraffic checks the split at the service's creation.
func validateTraffic(s Service, path string, found *findings) {
	if s.Traffic == nil || !found.readable(path+".traffic") {
		return
	}
	sum := 0
	for _, target := range sortedKeys(s.Traffic) {
		at := join(path+".traffic", target)
		if !found.readable(at) {
			return
		}
		revision := strings.HasPrefix(target, s.Name+"-") && len(target) <= maxRevisionName && revisionName.MatchString(target)
		if target != "LATEST" && !revision && found.readable(path+".name") {
			found.add(at, "is not a revision of this service", "use LATEST, or a revision's name: the service's name, a hyphen and a suffix")
		}
		found.between(at, s.Traffic[target], 1, 100, "percent")
		sum += s.Traffic[target]
	}
	if sum != 100 {
		found.add(path+".traffic", "does not sum to 100", "let the percentages sum to 100, or remove the key")
	}
}

// validateObjectives checks the smoke paths, the uptime check, the objectives and the load.
func validateObjectives(s Service, path string, found *findings) {
	found.count(path+".smokePaths", len(s.SmokePaths), 1, 0, "paths a release probes")
	for i, smoke := range s.SmokePaths {
		at := fmt.Sprintf("%s.smokePaths[%d]", path, i)
		found.path(at, smoke)
		if slices.Contains(s.SmokePaths[:i], smoke) {
			found.add(at, "is there twice", "remove one of the two")
		}
	}
	validateUptime(s, path+".uptime", found)
	if s.SLO.AvailabilityPercent <= 0 || s.SLO.AvailabilityPercent > limits.MaxObjectivePercent {
		found.add(path+".slo.availabilityPercent", "is out of range",
			"use a percentage over 0 and at most 99.9: a higher goal allows too few failures to alert on")
	}
	found.between(path+".slo.windowDays", s.SLO.WindowDays, 1, limits.MaxObjectiveDays, "days")
	if latency := s.SLO.Latency; latency != nil {
		if latency.Percent <= 0 || latency.Percent > limits.MaxObjectivePercent {
			found.add(path+".slo.latency.percent", "is out of range",
				"use a percentage over 0 and at most 99.9: a higher goal allows too few failures to alert on")
		}
		found.between(path+".slo.latency.milliseconds", latency.Milliseconds, 1, 60000, "milliseconds")
	}
	if s.Load != nil {
		found.between(path+".load.requestsPerMonth", s.Load.RequestsPerMonth, 0, 1_000_000_000_000, "requests")
		found.between(path+".load.millisecondsPerRequest", s.Load.MillisecondsPerRequest, 1, 3_600_000, "milliseconds")
	}
}

// validateUptime checks the uptime check. Only a service that the internet reaches has one.
func validateUptime(s Service, path string, found *findings) {
	if s.Uptime.Path == "" && found.readable(path, path+".path") {
		if s.Reachable() {
			found.add(path, "is missing", "add a path such as {path: /}: the service can be reached from the internet")
		}
		return
	}
	found.path(path+".path", s.Uptime.Path)
	if !slices.Contains(limits.UptimePeriods, s.Uptime.PeriodSeconds) {
		found.add(path+".periodSeconds", "is not a period of uptime checks", "use 60, 300, 600 or 900 seconds")
	}
	found.between(path+".timeoutSeconds", s.Uptime.TimeoutSeconds, 1, limits.MaxUptimeSeconds, "seconds")
}

// path reports a text that is not a path of a URL.
func (f *findings) path(at, value string) {
	f.shape(at, value, urlPath, "is not a path", "begin with one slash, for example /api/health; no host, spaces or #")
}
