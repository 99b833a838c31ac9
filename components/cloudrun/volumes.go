package cloudrun

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
)

// Volume is a folder that containers mount: exactly one of its kinds.
type Volume struct {
	// Memory is the size of a folder in memory, for example 64Mi.
	Memory string
	// Secret is a version of a secret as the one file File.
	Secret *SecretVariable
	File   string
	// Bucket is the name of a bucket whose objects are the files.
	Bucket pulumi.StringInput
	// Server and Path are a folder of a file server.
	Server, Path string
	// CloudSQL are the connection names of instances, whose sockets are in the folder; Cloud Run takes no other path than /cloudsql.
	CloudSQL pulumi.StringArrayInput
	// ReadOnly refuses writes to a bucket or a file server.
	ReadOnly bool
}

// readableByAll is the mode of a secret's file, 0444, which the API fills in.
const readableByAll = 292

func (v Volume) problems(field string) error {
	kinds := 0
	for _, set := range []bool{v.Memory != "", v.Secret != nil, v.Bucket != nil, v.Server != "", v.CloudSQL != nil} {
		if set {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		return fmt.Errorf("%s has %d kinds: set one of Memory, Secret, Bucket, Server and CloudSQL", field, kinds)
	case v.Secret != nil && v.File == "":
		return fmt.Errorf("%s.File is missing: name the secret's file", field)
	case v.Server != "" && !strings.HasPrefix(v.Path, "/"):
		return fmt.Errorf("%s.Path %q is not a folder of the server: begin it with a slash", field, v.Path)
	}
	return nil
}

// volumes are sorted by name: the order is part of the template.
func volumes(byName map[string]Volume) cloudrunv2.ServiceTemplateVolumeArrayInput {
	if len(byName) == 0 {
		return nil
	}
	var list cloudrunv2.ServiceTemplateVolumeArray
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		list = append(list, byName[name].volume(name))
	}
	return list
}

func (v Volume) volume(name string) *cloudrunv2.ServiceTemplateVolumeArgs {
	volume := &cloudrunv2.ServiceTemplateVolumeArgs{Name: pulumi.String(name)}
	switch {
	case v.Memory != "":
		volume.EmptyDir = &cloudrunv2.ServiceTemplateVolumeEmptyDirArgs{Medium: pulumi.String("MEMORY"), SizeLimit: pulumi.String(v.Memory)}
	case v.Secret != nil:
		volume.Secret = &cloudrunv2.ServiceTemplateVolumeSecretArgs{
			Secret: v.Secret.Secret.ToStringOutput(), DefaultMode: pulumi.Int(readableByAll),
			Items: cloudrunv2.ServiceTemplateVolumeSecretItemArray{&cloudrunv2.ServiceTemplateVolumeSecretItemArgs{
				Path: pulumi.String(v.File), Version: pinned(name, v.Secret.Version),
			}},
		}
	case v.Bucket != nil:
		volume.Gcs = &cloudrunv2.ServiceTemplateVolumeGcsArgs{Bucket: v.Bucket.ToStringOutput(), ReadOnly: pulumi.Bool(v.ReadOnly)}
	case v.Server != "":
		volume.Nfs = &cloudrunv2.ServiceTemplateVolumeNfsArgs{
			Server: pulumi.String(v.Server), Path: pulumi.String(v.Path), ReadOnly: pulumi.Bool(v.ReadOnly),
		}
	default:
		volume.CloudSqlInstance = &cloudrunv2.ServiceTemplateVolumeCloudSqlInstanceArgs{Instances: v.CloudSQL}
	}
	return volume
}

// VPC is a network that the service sends requests into, by Direct VPC egress.
type VPC struct {
	// Network is the network's name. Default: the subnetwork's.
	Network string
	// Subnetwork is the name of a subnetwork in the service's region. Default: the network's.
	Subnetwork string
	// AllTraffic sends requests to the internet through the network too. Default: false, those to private addresses alone.
	AllTraffic bool
	// Tags are network tags. Default: none.
	Tags []string
}

func (v *VPC) access() cloudrunv2.ServiceTemplateVpcAccessPtrInput {
	if v == nil {
		return nil
	}
	egress := "PRIVATE_RANGES_ONLY"
	if v.AllTraffic {
		egress = "ALL_TRAFFIC"
	}
	return &cloudrunv2.ServiceTemplateVpcAccessArgs{
		Egress: pulumi.String(egress),
		NetworkInterfaces: cloudrunv2.ServiceTemplateVpcAccessNetworkInterfaceArray{
			&cloudrunv2.ServiceTemplateVpcAccessNetworkInterfaceArgs{
				Network: optional(v.Network), Subnetwork: optional(v.Subnetwork), Tags: texts(v.Tags),
			},
		},
	}
}

// containerProblems are those of sidecars, volumes and the network.
func (args *ServiceArgs) containerProblems(found *problems.List) {
	mounted := func(field string, paths map[string]string) {
		for _, volume := range slices.Sorted(maps.Keys(paths)) {
			_, known := args.Volumes[volume]
			found.If(!known, "%s[%q] is no volume: declare it in args.Volumes", field, volume)
			found.If(!strings.HasPrefix(paths[volume], "/"), "%s[%q] is %q: begin it with a slash", field, volume, paths[volume])
		}
	}
	order := func(field string, after []string) {
		for _, name := range after {
			other, known := args.Sidecars[name]
			found.If(!known, "%s has %q, which is no sidecar", field, name)
			found.If(known && other.Startup == nil, "%s has %q, which has no startup probe: nothing tells that it is healthy", field, name)
		}
	}
	mounted("args.Mounts", args.Mounts)
	order("args.After", args.After)
	for _, name := range slices.Sorted(maps.Keys(args.Sidecars)) {
		s, field := args.Sidecars[name], fmt.Sprintf("args.Sidecars[%q]", name)
		found.If(name == MainContainer || !limits.IsServiceName(name), "%s is no name for a sidecar: use letters, digits and hyphens, and not %q",
			field, MainContainer)
		s.problems(field, found)
		mounted(field+".Mounts", s.Mounts)
		order(field+".After", s.After)
	}
	for _, name := range slices.Sorted(maps.Keys(args.Volumes)) {
		found.Take(args.Volumes[name].problems(fmt.Sprintf("args.Volumes[%q]", name)))
	}
	found.If(args.VPC != nil && args.VPC.Network == "" && args.VPC.Subnetwork == "", "args.VPC names no network: set Network or Subnetwork")
}

func (s Sidecar) problems(field string, found *problems.List) {
	found.If(s.CPU == "" || s.Memory == "", "%s.CPU or Memory is missing: set both", field)
	switch image := s.Image.(type) {
	case nil:
		found.Add("%s.Image is missing: set an image by digest", field)
	case pulumi.String:
		found.Take(problems.Image(field+".Image", string(image)))
	}
	if s.Startup != nil {
		s.Startup.problems(field+".Startup", limits.MaxStartupSeconds, found)
	}
	if s.Liveness != nil {
		s.Liveness.livenessProblems(field+".Liveness", found)
	}
	for _, probe := range []*Probe{s.Startup, s.Liveness} {
		found.If(probe != nil && probe.Port == 0, "%s has a probe without a port: a sidecar has none of its own", field)
	}
}
