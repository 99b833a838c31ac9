package cloudrun

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/container"
)

// Volume is a folder that containers mount. Exactly one of Memory, Secret, Bucket, Server and CloudSQL is required.
type Volume struct {
	// Memory is the size of a folder in memory, for example 64Mi. It counts as the container's memory. Default: none.
	Memory string
	// Secret is a version of a secret; the folder has it as its only file. Default: none.
	Secret *SecretVariable
	// File is the name of that file. Required with Secret.
	File string
	// Bucket is the name of a bucket whose objects are the files. Default: none.
	Bucket pulumi.StringInput
	// Server is the address of an NFS server. Default: none.
	Server string
	// Path is the folder of the server, beginning with a slash. Required with Server.
	Path string
	// CloudSQL are the connection names of instances whose sockets are in the folder. Cloud Run mounts them at /cloudsql only.
	// Default: none.
	CloudSQL pulumi.StringArrayInput
	// ReadOnly refuses writes to a bucket or a file server. Default: false.
	ReadOnly bool
}

// readableByAll is the mode of a secret's file, 0444, which the API fills in.
const readableByAll = 292

// volumes returns the volumes sorted by name, because their order is part of the template.
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
				Path: pulumi.String(v.File), Version: container.Pinned(fmt.Sprintf("args.Volumes[%q].Secret", name), v.Secret.Version),
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
	// Network is the network's name. Default: the network of Subnetwork.
	Network string
	// Subnetwork is the name of a subnetwork in the service's region. Default: the subnetwork of Network in that
	// region.
	Subnetwork string
	// AllTraffic sends requests to the internet through the network too. Default: false; only requests to private
	// addresses go through it.
	AllTraffic bool
	// Tags are network tags. Default: none.
	Tags []string
}

func (v *VPC) access() cloudrunv2.ServiceTemplateVpcAccessPtrInput {
	if v == nil {
		return nil
	}
	return &cloudrunv2.ServiceTemplateVpcAccessArgs{
		Egress: container.VPC(*v).Egress(),
		NetworkInterfaces: cloudrunv2.ServiceTemplateVpcAccessNetworkInterfaceArray{
			&cloudrunv2.ServiceTemplateVpcAccessNetworkInterfaceArgs{
				Network: container.Text(v.Network), Subnetwork: container.Text(v.Subnetwork), Tags: container.Texts(v.Tags),
			},
		},
	}
}
