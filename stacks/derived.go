package stacks

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
)

// This file computes the names that follow from the settings. The program makes resources with these names, and workflows
// need them before they ask a cloud anything, so both get them here.

// The accounts of the pipeline, and the keys under [OutputAccounts].
const (
	AccountCI      = "ci"
	AccountPreview = "preview"
	AccountDeploy  = "deploy"
	AccountInfra   = "infra"
	// AccountSlots puts pull requests' images into slots. It exists if the settings have previews.
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

// attestorID is the id of the attestor that signs promoted images, and of its key.
const attestorID = "release"

// GitHubEnvironment returns the environment that deployments run in: the last one that they pass.
func (s Settings) GitHubEnvironment() string {
	gates := s.GitHub.Environments
	return gates[len(gates)-1].Name
}

// BuildsImages reports whether images are built for this environment. That is dev; the others get images by promotion.
func (s Settings) BuildsImages() bool { return s.Environment == dev }

// SeparateProviders reports whether each account has its own identity provider. Only prod's accounts do.
func (s Settings) SeparateProviders() bool { return s.Environment == prod }

// ProviderID returns the id of the provider that an account's jobs authenticate with.
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

// ProviderName returns the resource name of that provider, for the authentication step of a workflow.
func (s Settings) ProviderName(account string) string {
	return naming.PoolName(s.Project.Number, Pool) + "/providers/" + s.ProviderID(account)
}

// AccountEmail returns the address of an account of the pipeline.
func (s Settings) AccountEmail(account string) string {
	return naming.AccountEmail(PipelineAccountPrefix+account, s.Project.ID)
}

// ImagePrefix returns the text before /IMAGE@DIGEST: HOST/PROJECT/REPOSITORY.
func (s Settings) ImagePrefix() string {
	return naming.ImagePrefix(s.Project.Region, s.Project.ID, s.Registry.ID)
}

// The ends of the names of slots, and of the repository of their images.
const (
	slotSuffix     = "-preview-"
	previewsSuffix = "-previews"
)

// SlotNames returns the names of a service's slots, in order. A service without previews has none.
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

// PreviewRepository returns the id of the repository of pull requests' images. Nothing in it is ever released.
func (s Settings) PreviewRepository() string { return s.Registry.ID + previewsSuffix }

// PreviewDays returns for how many days such an image is kept: the time for which a pull request may have a slot, in
// whole days, and one day more.
func (s Settings) PreviewDays() int {
	kept, _ := time.ParseDuration(s.Previews.TimeToLive) // Parse has refused everything else.
	return int(math.Ceil(kept.Hours()/24)) + 1
}

// AttestorName returns the attestor's resource name, or "" if nothing has to be signed.
func (s Settings) AttestorName() string {
	if s.BinaryAuthorization == nil {
		return ""
	}
	return "projects/" + s.Project.ID + "/attestors/" + attestorID
}

// AttestorKeyVersion returns the version of the key that signs, or "" if nothing has to be signed.
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
		s.Project.ID, s.Project.Region, b.KeyRing, attestorID, version)
}

// Described holds the facts about a service that a release needs.
type Described struct {
	// Image is the image's name in the registry, without the digest.
	Image string `json:"image"`
	// Name is the service's id in Cloud Run.
	Name string `json:"name"`
	// SmokePaths are the paths that a release probes.
	SmokePaths []string `json:"smokePaths"`
	// URL is the address that the service has, or will have.
	URL string `json:"url"`
}

// Describe returns the facts about each service that a release needs, by the service's key.
func (s Settings) Describe() map[string]Described {
	services := map[string]Described{}
	for key, service := range s.Services {
		services[key] = Described{Image: service.Image, Name: service.Name, SmokePaths: service.SmokePaths,
			URL: naming.ServiceURL(service.Name, s.Project.Number, s.Project.Region)}
	}
	return services
}

// SecretIDs returns the ids of the secrets that a service's containers read, as variables or as files, sorted.
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

// Reachable reports whether requests from the internet reach the service, even if it refuses them.
func (s Service) Reachable() bool { return s.Ingress == "all" }

// Instance returns the name of a database's instance.
func (d Database) Instance(key string) string { return cmp.Or(d.Existing, d.Name, key) }

// BySocket reports whether services reach a database through Cloud Run's own connection, a socket below /cloudsql, and not
// through a network.
func (d Database) BySocket() bool { return d.PublicAddress || d.Existing != "" && d.Host == "" }

// BucketName returns the name of a bucket.
func (b Bucket) BucketName(key, project string) string {
	return cmp.Or(b.Existing, b.Name, project+"-"+key)
}
