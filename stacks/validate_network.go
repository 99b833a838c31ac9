package stacks

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
)

var caller = regexp.MustCompile(`^(user|serviceAccount|group):[^@\s]+@[^@\s]+$|^principal(Set)?://iam\.googleapis\.com/\S+$`)

// validateCallers checks who may call a service.
func validateCallers(key string, all Settings, found *findings) {
	s, path := all.Services[key], join("services", key)
	if s.Public && len(s.Callers)+len(s.OutsideCallers) > 0 {
		found.add(path+".public", "lets anybody call a service that has callers", "write false, or remove callers and outsideCallers")
	}
	for i, other := range s.Callers {
		at := fmt.Sprintf("%s.callers[%d]", path, i)
		switch _, known := all.Services[other]; {
		case !known:
			found.add(at, "names a service that is not there", "use the key of one under services, or outsideCallers")
		case other == key:
			found.add(at, "is the service itself", "remove it: a container needs no grant to reach its own port")
		case slices.Contains(s.Callers[:i], other):
			found.add(at, "is there twice", "remove one of the two")
		case s.Ingress != "all" && all.Services[other].VPC == nil:
			found.add(at, "does not reach a service whose ingress is not all", "give that service a vpc, or set ingress: all")
		}
	}
	validateOutsideCallers(s.OutsideCallers, path, found)
}

// validateOutsideCallers checks principals that are not services of the file. Each needs a reason.
func validateOutsideCallers(callers map[string]string, path string, found *findings) {
	members := sortedKeys(callers)
	for i, member := range members {
		at := join(path+".outsideCallers", member)
		switch {
		case member == "allUsers" || member == "allAuthenticatedUsers":
			found.add(at, "is everybody", "write public: true if that is meant")
		case strings.HasPrefix(member, "principalSet:") && strings.HasSuffix(member, "/*"):
			found.add(at, "is every identity of a pool", "name one attribute value of the pool, or an account")
		default:
			found.shape(at, member, caller, "is not a principal",
				"use user:, serviceAccount: or group: and an address, or principal:// or principalSet://iam.googleapis.com/...")
		}
		if len(strings.Fields(callers[member])) < 3 {
			found.add(at, "has no reason", "say in a sentence why it calls the service")
		}
		found.ownName(at, members, i)
	}
}

const allTraffic = "all-traffic"

// validateVPC checks Direct VPC egress. The provider passes everything on, so this refuses what the API would refuse.
// Source: GoogleCloudRunV2VpcAccess of the Cloud Run Admin API v2.
func validateVPC(v VPC, in Project, path string, found *findings) {
	if v.Network == "" && v.Subnetwork == "" {
		found.add(path, "names no network", "set network, subnetwork or both")
	}
	if v.Network != "" {
		found.shape(path+".network", v.Network, limits.Network, "is not a network", "use its name, or projects/PROJECT/global/networks/NAME")
	}
	if v.Subnetwork != "" {
		found.shape(path+".subnetwork", v.Subnetwork, limits.Subnetwork, "is not a subnetwork",
			"use its name, or projects/PROJECT/regions/REGION/subnetworks/NAME")
	}
	if apart := limits.Apart(v.Network, v.Subnetwork, in.ID, in.Region); apart != "" && found.readable("project.id", "project.region") {
		found.add(path+".subnetwork", apart, "name a subnetwork of that network, in the same region; a short name means one of this project")
	}
	if v.Egress != allTraffic && v.Egress != "private-ranges-only" {
		found.add(path+".egress", "is not a kind of egress", "use private-ranges-only or all-traffic")
	}
	for i, tag := range v.Tags {
		at := fmt.Sprintf("%s.tags[%d]", path, i)
		found.shape(at, tag, limits.NetworkTag, "is not a network tag",
			"use at most 63 lower-case letters, digits and hyphens, a letter first, no hyphen last")
		if slices.Contains(v.Tags[:i], tag) {
			found.add(at, "is there twice", "remove one of the two")
		}
	}
}
