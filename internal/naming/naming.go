// Package naming spells the names that Google Cloud computes and that several packages have to agree on: accounts, registries,
// service URLs and federated principals. It works on text alone.
//
// Google spells the names of projects that belong to a domain (example.com:project) differently. The platform does not support
// those.
package naming

import (
	"regexp"
	"strings"
)

// AccountEmail is a service account's address, ACCOUNT@PROJECT.iam.gserviceaccount.com.
func AccountEmail(account, project string) string {
	return account + "@" + project + ".iam.gserviceaccount.com"
}

// AccountName is a service account's resource name, by which its own IAM policy is addressed.
func AccountName(account, project string) string {
	return "projects/" + project + "/serviceAccounts/" + AccountEmail(account, project)
}

// AccountMember returns a service account as the member of a grant.
func AccountMember(email string) string { return "serviceAccount:" + email }

// RegistryHost returns the host that serves a location's Docker repositories, for docker login.
func RegistryHost(location string) string { return location + "-docker.pkg.dev" }

// ImagePrefix returns the text before /IMAGE@DIGEST for the images of a repository, without a slash at its end.
func ImagePrefix(location, project, repository string) string {
	return RegistryHost(location) + "/" + project + "/" + repository
}

// ServiceHost is the deterministic host of a Cloud Run service, known before the service exists. A label of a host holds
// 63 characters, so service and project number together may have at most 62.
func ServiceHost(service, projectNumber, region string) string {
	return service + "-" + projectNumber + "." + region + ".run.app"
}

// ServiceURL is the deterministic URL of a Cloud Run service: HTTPS, no slash at its end.
func ServiceURL(service, projectNumber, region string) string {
	return "https://" + ServiceHost(service, projectNumber, region)
}

// PoolName is a workload identity pool's resource name. It has the project's number, not its id.
func PoolName(projectNumber, pool string) string {
	return "projects/" + projectNumber + "/locations/global/workloadIdentityPools/" + pool
}

// PrincipalSet returns the member that stands for all callers of a pool whose attribute (without the prefix
// "attribute.") has exactly this value. poolName is [PoolName] or the pool's name output.
func PrincipalSet(poolName, attribute, value string) string {
	return "principalSet://iam.googleapis.com/" + poolName + "/attribute." + attribute + "/" + value
}

// The annotations of a slot, which is a Cloud Run service that pull requests' images run in. The first names the image that the slot
// runs while it is free; the program writes it. The others name the pull request that has the slot, the commit of its image, and when the
// slot is taken back; `release preview` writes them.
const (
	SlotFreeImage   = "slot-free-image"
	SlotPullRequest = "slot-pull-request"
	SlotCommit      = "slot-commit"
	SlotExpires     = "slot-expires"
)

// SlotApp is the container of a slot that runs the image. The other one is its front.
const SlotApp = "app"

// NoEnvironment is the value of the mapped attributes for jobs that run in no GitHub environment. An environment of that
// name would trust those jobs too.
const NoEnvironment = "none"

// Slug turns a role or an id into a part of a logical name: lower case, with one hyphen for every run of other characters. Different
// texts can have the same slug, so code that uses slugs as keys has to refuse duplicates.
func Slug(text string) string {
	var slug strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			slug.WriteRune(r)
		case slug.Len() > 0 && !strings.HasSuffix(slug.String(), "-"):
			slug.WriteByte('-')
		}
	}
	return strings.TrimSuffix(slug.String(), "-")
}

var key = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)

// IsKey reports whether text can be a part of a logical name without a change: it has only lower-case letters, digits and hyphens,
// begins with a letter, and does not end with a hyphen.
func IsKey(text string) bool { return key.MatchString(text) }
