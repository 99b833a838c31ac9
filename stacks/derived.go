package stacks

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
)

// What follows from the settings and stands nowhere. The program makes resources of these names, and workflows are told them
// before anything is asked of a cloud, so both ask here.

// The accounts of the pipeline, and the keys under [OutputAccounts].
const (
	AccountCI      = "ci"
	AccountPreview = "preview"
	AccountDeploy  = "deploy"
	AccountInfra   = "infra"
	// AccountSlots puts pull requests' images into slots; it is there where the settings have previews.
	AccountSlots = "slots"
)

// The identity pool and its providers. Only prod has more than the first provider.
const (
	Pool              = "github"
	DeployProvider    = "github-oidc"
	PromotionProvider = "github-promote"
	InfraProvider     = "github-infra"
	PreviewProvider   = "github-preview"
)

// Attestor is the id of the attestor that signs what is promoted, and of its key.
const Attestor = "release"

// GitHubEnvironment is the one that deployments run in, the last of those they pass.
func (s Settings) GitHubEnvironment() string {
	gates := s.GitHub.Environments
	return gates[len(gates)-1].Name
}

// BuildsImages tells dev from the rest: images are built there, and from there they are promoted.
func (s Settings) BuildsImages() bool { return s.Environment == dev }

// SeparateProviders tells prod from the rest: each way in has a provider of its own.
func (s Settings) SeparateProviders() bool { return s.Environment == prod }

// ProviderID is the id of the provider that an account's jobs authenticate with.
func (s Settings) ProviderID(account string) string {
	if s.SeparateProviders() {
		switch account {
		case AccountCI:
			return PromotionProvider
		case AccountInfra:
			return InfraProvider
		case AccountPreview:
			return PreviewProvider
		}
	}
	return DeployProvider
}

// ProviderName is its resource name, which the authentication step of a workflow takes.
func (s Settings) ProviderName(account string) string {
	return naming.PoolName(s.Project.Number, Pool) + "/providers/" + s.ProviderID(account)
}

// AccountEmail is the address of an account of the pipeline.
func (s Settings) AccountEmail(account string) string {
	return naming.AccountEmail(PipelineAccountPrefix+account, s.Project.ID)
}

// ImagePrefix is what precedes /IMAGE@DIGEST.
func (s Settings) ImagePrefix() string {
	return naming.ImagePrefix(s.Project.Region, s.Project.ID, s.Registry.ID)
}

// What slots and the repository of their images are called, behind the names of the service and of the registry.
const (
	slotSuffix     = "-preview-"
	previewsSuffix = "-previews"
)

// SlotNames are the names of the services that pull requests' images of a service run in, in order; none where there are no previews of it.
func (s Settings) SlotNames(key string) []string {
	if s.Previews == nil || !slices.Contains(s.Previews.Services, key) {
		return nil
	}
	var names []string
	for i := range s.Previews.Slots {
		names = append(names, fmt.Sprintf("%s%s%d", s.Services[key].Name, slotSuffix, i+1))
	}
	return names
}

// PreviewRepository is the id of the repository that holds pull requests' images, and nothing that is ever released.
func (s Settings) PreviewRepository() string { return s.Registry.ID + previewsSuffix }

// PreviewDays is how many days such an image is kept: as long as a slot may be one's, in whole days, and a day more.
func (s Settings) PreviewDays() int {
	kept, _ := time.ParseDuration(s.Previews.TimeToLive) // Parse refused what is none.
	return int(math.Ceil(kept.Hours()/24)) + 1
}

// AttestorName is the attestor's resource name, and empty where nothing has to be signed.
func (s Settings) AttestorName() string {
	if s.BinaryAuthorization == nil {
		return ""
	}
	return "projects/" + s.Project.ID + "/attestors/" + Attestor
}

// AttestorKeyVersion is the version of the key that signs, and empty where nothing has to be signed.
func (s Settings) AttestorKeyVersion() string {
	b := s.BinaryAuthorization
	if b == nil {
		return ""
	}
	version := 1
	if count := len(b.KeyVersions); count > 0 {
		version = b.KeyVersions[count-1]
	}
	return fmt.Sprintf("projects/%s/locations/%s/keyRings/%s/cryptoKeys/%s/cryptoKeyVersions/%d",
		s.Project.ID, s.Project.Region, b.KeyRing, Attestor, version)
}

// Described is what a release has to know of a service.
type Described struct {
	Image      string   `json:"image"`
	Name       string   `json:"name"`
	SmokePaths []string `json:"smokePaths"`
	URL        string   `json:"url"`
}

// Describe is what a release has to know of each service, by key.
func (s Settings) Describe() map[string]Described {
	services := map[string]Described{}
	for key, service := range s.Services {
		services[key] = Described{Image: service.Image, Name: service.Name, SmokePaths: service.SmokePaths,
			URL: naming.ServiceURL(service.Name, s.Project.Number, s.Project.Region)}
	}
	return services
}

// SecretIDs are the secrets that a service's containers read, as variables or as files, sorted.
func (s Service) SecretIDs() []string {
	ids := map[string]bool{}
	collect := func(secrets map[string]string) {
		for _, id := range secrets {
			ids[id] = true
		}
	}
	collect(s.Secrets)
	for _, sidecar := range s.Sidecars {
		collect(sidecar.Secrets)
	}
	for _, volume := range s.Volumes {
		if volume.Secret != "" {
			ids[volume.Secret] = true
		}
	}
	return sortedKeys(ids)
}

// Reachable says whether requests from the internet arrive, be they refused or not.
func (s Service) Reachable() bool { return s.Ingress == "all" }

// Instance is the name of a database's instance.
func (d Database) Instance(key string) string { return cmp.Or(d.Existing, d.Name, key) }

// BySocket says whether services reach a database by Cloud Run's own connection, a socket below /cloudsql, and not in a network.
func (d Database) BySocket() bool { return d.PublicAddress || d.Existing != "" && d.Host == "" }

// BucketName is the name of a bucket.
func (b Bucket) BucketName(key, project string) string {
	return cmp.Or(b.Existing, b.Name, project+"-"+key)
}
