package container

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
)

// VPC is the network that a service or a job sends requests into. Each component has its own type for it.
type VPC struct {
	// Network is the network's name. Default: the network of Subnetwork. Subnetwork is the name of a subnetwork in the region. Default:
	// the subnetwork of Network in that region.
	Network, Subnetwork string
	// AllTraffic sends requests to the internet through the network too. Default: false; only those to private addresses.
	AllTraffic bool
	// Tags are network tags. Default: none.
	Tags []string
}

// Check finds what is wrong with a network, in the project and region of the service or job.
func (v VPC) Check(project, region pulumi.StringInput, found *problems.List) {
	found.If(v.Network == "" && v.Subnetwork == "", "args.VPC names no network: set Network or Subnetwork")
	found.If(v.Network != "" && !limits.Network.MatchString(v.Network),
		"args.VPC.Network %q: use a network's name, or projects/PROJECT/global/networks/NAME", v.Network)
	found.If(v.Subnetwork != "" && !limits.Subnetwork.MatchString(v.Subnetwork),
		"args.VPC.Subnetwork %q: use a subnetwork's name, or projects/PROJECT/regions/REGION/subnetworks/NAME", v.Subnetwork)
	inProject, _ := project.(pulumi.String)
	inRegion, _ := region.(pulumi.String)
	if apart := limits.Apart(v.Network, v.Subnetwork, string(inProject), string(inRegion)); apart != "" {
		found.Add("args.VPC.Subnetwork %q %s: name one of the network, in the same region", v.Subnetwork, apart)
	}
	for i, tag := range v.Tags {
		found.If(!limits.NetworkTag.MatchString(tag), "args.VPC.Tags[%d] %q: use lower-case letters, digits and hyphens", i, tag)
		found.If(slices.Contains(v.Tags[:i], tag), "args.VPC.Tags[%d] %q is there twice: keep one", i, tag)
	}
}

// Egress is the API's word for which requests go through the network.
func (v VPC) Egress() pulumi.String {
	if v.AllTraffic {
		return "ALL_TRAFFIC"
	}
	return "PRIVATE_RANGES_ONLY"
}
