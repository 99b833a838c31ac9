package provider

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/artifactregistry"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

const registryAPI = "/ar/v1/"

// registryTypes are Artifact Registry's resource types.
var registryTypes = []*resourceType{
	{
		token: "gcp:artifactregistry/repository:Repository", args: artifactregistry.RepositoryArgs{}, state: artifactregistry.RepositoryState{},
		api: registryAPI, collection: "projects/{project}/locations/{location}/repositories", query: "repositoryId={repositoryId}",
		self:       "projects/{project}/locations/{location}/repositories/{repositoryId}",
		local:      words("project location repositoryId"),
		outputOnly: words("vulnerabilityScanningConfig.enablementState vulnerabilityScanningConfig.enablementStateReason"),
		secrets:    words("effectiveLabels pulumiLabels"),
		rules: map[string]rule{
			"name":            {decode: func(name any) any { return doc.Last(fmt.Sprint(name)) }},
			"cleanupPolicies": {encode: policiesByID, decode: policyList},
		},
	},
	memberRow(&resourceType{
		token: "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember", args: artifactregistry.RepositoryIamMemberArgs{},
		state: artifactregistry.RepositoryIamMemberState{},
		api:   registryAPI, self: "projects/{project}/locations/{location}/repositories/{repository:short}", operations: iamMember{},
		local: words("project location repository"),
	}),
}

// policiesByID converts the list of clean-up policies to the API's map by id.
func policiesByID(list any) any {
	policies := map[string]any{}
	elements, _ := list.([]any)
	for _, element := range elements {
		if policy, ok := element.(map[string]any); ok {
			policies[doc.Text(policy, "id")] = copyValue(policy)
		}
	}
	return policies
}

func policyList(byID any) any {
	policies, _ := byID.(map[string]any)
	list := make([]any, 0, len(policies))
	for _, id := range slices.Sorted(maps.Keys(policies)) {
		if policy, ok := copyValue(policies[id]).(map[string]any); ok {
			policy["id"] = id
			list = append(list, policy)
		}
	}
	return list
}
