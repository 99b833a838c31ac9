package program

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/cloudrun"
	"github.com/guiofsaints/procureflow-platform/components/identity"
	"github.com/guiofsaints/procureflow-platform/components/project"
	"github.com/guiofsaints/procureflow-platform/components/registry"
	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

// Pull requests' images run in slots: services that the program makes. The slots account changes only their image. A
// service for each pull request would need the right to make and delete every service, because Cloud Run has no IAM
// condition on a service's name (docs/adr/0037).

// previews holds what slots have in common; it is empty if there are none.
type previews struct {
	runtime  *identity.Identity
	registry *registry.Registry
	slots    map[string]*cloudrun.Service // by the service's name
}

const slotKeeperRole = "SlotKeeper"

// previewRoles are the custom roles for slots, if the settings have previews.
var previewRoles = map[string]project.Role{
	slotKeeperRole: {
		Title:       "Slot keeper",
		Reason:      "Changes the image of the slots that it is granted on. It may not change who may open them.",
		Permissions: []string{"run.services.get", "run.services.update"},
	},
}

// The marks of a slot. Policies recognize a slot by the label.
const (
	slotLabel   = "purpose"
	slotPurpose = "preview"
	frontPort   = 8080
)

// noIndex is the header that keeps search engines from listing a page. Caddy cuts the value of its flag at commas.
const noIndex = "X-Robots-Tag: noindex"

// writePreviewAccount makes the account that slots run as. It may read only the secrets that the settings give to pull
// requests.
func (p *platform) writePreviewAccount(ctx *pulumi.Context) (err error) {
	if p.settings.Previews == nil {
		return nil
	}
	p.previews.runtime, err = identity.NewIdentity(ctx, "runtime-previews", &identity.IdentityArgs{
		Project: p.projectID(), AccountID: p.settings.Previews.RuntimeAccount, DisplayName: pulumi.String("previews"),
		Description: pulumi.String("Pull requests' images run as this account."),
	}, p.inProject()...)
	return err
}

// writePreviewRegistry makes the repository of pull requests' images. Nothing is released or promoted from it: its images have no
// provenance, only a slot may run them, and they are deleted when no slot can be running them any more.
func (p *platform) writePreviewRegistry(ctx *pulumi.Context) (err error) {
	if p.settings.Previews == nil {
		return nil
	}
	p.previews.registry, err = registry.NewRegistry(ctx, "previews-registry", &registry.RegistryArgs{
		Project: p.projectID(), Location: p.region(), RepositoryID: p.settings.PreviewRepository(), Labels: p.labels(),
		Description: pulumi.String("Images of pull requests, which are never released."),
		// They are pushed by digest and have no tag.
		UntaggedRetentionDays: p.settings.PreviewDays(),
	}, p.inProject()...)
	return err
}

func (p *platform) writePreviews(ctx *pulumi.Context) error {
	p.previews.slots = map[string]*cloudrun.Service{}
	for _, key := range p.serviceKeys() {
		for _, name := range p.settings.SlotNames(key) {
			slot, err := cloudrun.NewService(ctx, "slot-"+name, p.slotArgs(key, name), p.inProject(p.beforeImages("previews")...)...)
			if err != nil {
				return err
			}
			p.previews.slots[name] = slot
		}
	}
	return nil
}

// slotArgs returns the arguments of a slot: a service behind a front, with the settings of the previewed service but without its
// secrets, data and network.
func (p *platform) slotArgs(key, name string) *cloudrun.ServiceArgs {
	s, v := p.settings.Services[key], p.settings.Previews
	environment, own := texts(s.Environment), slices.Clone(s.URLVariables.Own)
	maps.Copy(environment, p.otherURLs(s.URLVariables.Of))
	for variable, of := range s.URLVariables.Of {
		if of == key {
			own = append(own, variable)
		}
	}
	for _, variable := range own {
		environment[variable] = pulumi.String(naming.ServiceURL(name, p.settings.Project.Number, p.settings.Project.Region))
	}
	for variable := range v.Secrets { // the service's variable has another source here
		delete(environment, variable)
	}
	maps.Copy(environment, texts(v.Environment))
	environment[limits.PortVariable] = pulumi.String(fmt.Sprint(s.Port)) // Cloud Run tells the front alone.
	startup, liveness := atPort(s.Startup, s.Port), atPort(s.Liveness, s.Port)
	return &cloudrun.ServiceArgs{
		Project: p.projectID(), ProjectNumber: p.projectNumber(), Location: p.region(), ServiceName: name,
		ServiceAccount: p.previews.runtime.Email, Labels: p.slotLabels(),
		Annotations: pulumi.StringMap{naming.SlotFreeImage: pulumi.String(s.BootstrapImage)},
		Image:       pulumi.String(v.Front), Port: frontPort, Command: []string{"caddy"},
		Arguments: []string{"reverse-proxy", "--from", fmt.Sprintf(":%d", frontPort), "--to", fmt.Sprintf("localhost:%d", s.Port),
			"--header-down", noIndex},
		Startup: cloudrun.Probe{TCP: true}, Liveness: cloudrun.Probe{Path: s.Liveness.Path, PeriodSeconds: s.Liveness.PeriodSeconds,
			TimeoutSeconds: s.Liveness.TimeoutSeconds, FailureThreshold: s.Liveness.FailureThreshold},
		Sidecars: map[string]cloudrun.Sidecar{naming.SlotApp: {
			Image: pulumi.String(s.BootstrapImage), CPU: s.CPU, Memory: s.Memory, StartupCPUBoost: s.StartupCPUBoost,
			Command: s.Command, Arguments: s.Arguments, Environment: environment, Secrets: p.secretVariables(v.Secrets),
			Startup: &startup, Liveness: &liveness,
		}},
		After: []string{naming.SlotApp}, ImageOf: naming.SlotApp,
		Concurrency: s.Concurrency, TimeoutSeconds: s.TimeoutSeconds, MaxInstances: 1,
		Public: v.Public, Invokers: outsideCallers(v.OutsideCallers),
	}
}

// atPort returns a sidecar's probe, which has to name its port.
func atPort(asked stacks.Probe, port int) cloudrun.Probe {
	with := probe(asked)
	if with.Port == 0 {
		with.Port = port
	}
	return with
}

func (p *platform) slotLabels() pulumi.StringMap {
	labels := p.labels()
	labels[slotLabel] = pulumi.String(slotPurpose)
	return labels
}

// slotGrants returns the grants of the account that puts images into slots. Each is on the slots, or on resources that
// only slots use.
func (p *platform) slotGrants() []identity.Grant {
	grants := []identity.Grant{
		{
			Role: "roles/artifactregistry.writer", Reason: "Pushes images of pull requests, into a repository from which nothing is released.",
			Scope: identity.RepositoryScope{Key: "previews", Location: p.region(), Repository: p.previews.registry.Name},
		},
		p.onPreviewRuntime("A pull request's image runs as this account, and as no other."),
	}
	for _, key := range p.serviceKeys() {
		for _, name := range p.settings.SlotNames(key) {
			grants = append(grants, identity.Grant{
				Role: "slot-keeper", CustomRole: p.role(slotKeeperRole), Reason: "Puts a pull request's image into the slot, and takes it out.",
				Scope: identity.ServiceScope{Key: name, Location: p.region(), Service: p.previews.slots[name].Name},
			})
		}
	}
	return grants
}

// previewInfrastructure returns the grants for making slots and their repository, in addition to the rights to make
// services.
func (p *platform) previewInfrastructure() []identity.Grant {
	if p.settings.Previews == nil {
		return nil
	}
	return []identity.Grant{
		p.onPreviewRuntime("Makes the slots, which run as this account."),
		{
			Role: "registry-keeper", CustomRole: p.role(registryKeeperRole), Reason: "Sets the clean-up of pull requests' images.",
			Scope: identity.RepositoryScope{Key: "previews", Location: p.region(), Repository: p.previews.registry.Name},
		},
	}
}

func (p *platform) onPreviewRuntime(reason string) identity.Grant {
	return identity.Grant{Role: "roles/iam.serviceAccountUser", Reason: reason,
		Scope: identity.ServiceAccountScope{Key: "previews", Name: p.previews.runtime.Name}}
}
