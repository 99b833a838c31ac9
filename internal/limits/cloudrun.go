// Package limits holds the limits of Google Cloud and GitHub: numbers, forms of names, and reserved names. The settings
// are checked against them before anything runs. Components check again, for people who use them alone. A limit that
// only one package needs is in that package, next to its check.
//
// The policy pack and the emulated APIs have their own limits, because they judge what settings and components make.
package limits

import (
	"regexp"
	"slices"
	"strings"
)

// Numbers of Cloud Run. Sources: https://cloud.google.com/run/quotas and, below https://cloud.google.com/run/docs/,
// about-concurrency, configuring/request-timeout, configuring/task-timeout, configuring/max-retries and
// configuring/healthchecks.
const (
	MaxPort        = 65535
	MaxConcurrency = 1000
	// MaxRequestSeconds is how long a service may take for one request.
	MaxRequestSeconds = 3600
	// MaxTaskSeconds is how long one attempt of a job's task may take: a day. Google has longer ones as a preview.
	MaxTaskSeconds = 86400
	// MaxTasks is how many tasks an execution of a job may have.
	MaxTasks = 10000
	// MaxTaskRetries is how often a job's task is tried again.
	MaxTaskRetries = 10
	// MaxStartupSeconds is how long Cloud Run lets an instance start. It bounds a startup probe's delay, its period, and
	// its period times its threshold.
	MaxStartupSeconds = 240
	// MaxLivenessSeconds bounds a liveness probe's delay and its period.
	MaxLivenessSeconds = 3600
)

// Lengths of Cloud Run's names (run/v2, serviceId and jobId). A job's name leaves room for the hyphen and the five
// characters that its executions have after it.
const (
	MaxServiceName = 49
	MaxJobName     = 57
)

var (
	runName = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)

	// Digest is the digest of a manifest, and ImageByDigest an image that cannot change under its name.
	// Source: https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests, of which Google takes SHA-256.
	Digest        = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	ImageByDigest = regexp.MustCompile(`^[^@\s]+@sha256:[0-9a-f]{64}$`)
)

// ShowDigest tells a person who named an image by its tag how to find its digest, in any registry.
const ShowDigest = "`docker buildx imagetools inspect NAME:TAG` shows the digest"

// IsServiceName reports whether Cloud Run accepts a service of that name.
func IsServiceName(name string) bool { return len(name) <= MaxServiceName && runName.MatchString(name) }

// IsJobName reports whether Cloud Run accepts a job of that name.
func IsJobName(name string) bool { return len(name) <= MaxJobName && runName.MatchString(name) }

// IsServiceVariable reports whether Cloud Run itself sets a variable in the containers of a service. The container that
// takes the requests also gets PORT ([PortVariable]). Source:
// https://cloud.google.com/run/docs/container-contract#services-env-vars, and EnvVar.name of run/v2.
func IsServiceVariable(name string) bool {
	return slices.Contains([]string{"K_SERVICE", "K_REVISION", "K_CONFIGURATION"}, name) || strings.HasPrefix(name, "X_GOOGLE_")
}

// PortVariable is the variable that tells the container with a service's requests its port.
const PortVariable = "PORT"

// IsJobVariable reports whether Cloud Run itself sets a variable in a job. Source:
// https://cloud.google.com/run/docs/container-contract#jobs-env-vars
func IsJobVariable(name string) bool { return strings.HasPrefix(name, "CLOUD_RUN_") }
