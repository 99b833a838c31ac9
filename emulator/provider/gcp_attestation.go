package provider

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/binaryauthorization"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/containeranalysis"
	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/kms"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

const (
	kmsAPI       = "/kms/v1/"
	analysisAPI  = "/ca/v1/"
	admissionAPI = "/ba/v1/"
)

// attestationTypes are Cloud KMS's keys, Container Analysis's notes, and Binary Authorization's attestors and policy.
var attestationTypes = []*resourceType{
	{
		token: "gcp:kms/keyRing:KeyRing", args: kms.KeyRingArgs{}, state: kms.KeyRingState{},
		api: kmsAPI, collection: "projects/{project}/locations/{location}/keyRings", query: "keyRingId={name}",
		self: "projects/{project}/locations/{location}/keyRings/{name}", autoName: "name", operations: keyRings{},
		local: words("project location name"),
	},
	{
		token: "gcp:kms/cryptoKey:CryptoKey", args: kms.CryptoKeyArgs{}, state: kms.CryptoKeyState{},
		api: kmsAPI, collection: "{+keyRing}/cryptoKeys", query: "cryptoKeyId={name}&skipInitialVersionCreation={skipInitialVersionCreation}",
		self: "{+keyRing}/cryptoKeys/{name}", autoName: "name", operations: cryptoKeys{},
		local:   words("keyRing name skipInitialVersionCreation"),
		secrets: words("effectiveLabels pulumiLabels"),
		rules:   map[string]rule{"primaries": {api: "primary"}},
	},
	memberRow(&resourceType{
		token: "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember", args: kms.CryptoKeyIAMMemberArgs{}, state: kms.CryptoKeyIAMMemberState{},
		api: kmsAPI, self: "{+cryptoKeyId}", operations: iamMember{}, local: words("cryptoKeyId"),
	}),
	{
		token: "gcp:containeranalysis/note:Note", args: containeranalysis.NoteArgs{}, state: containeranalysis.NoteState{},
		api: analysisAPI, collection: "projects/{project}/notes", query: "noteId={name}", self: "projects/{project}/notes/{name}",
		autoName: "name",
		local:    words("project name"),
		rules:    map[string]rule{"attestationAuthority": {api: "attestation"}, "relatedUrls": {api: "relatedUrl"}},
	},
	memberRow(&resourceType{
		token: "gcp:containeranalysis/noteIamMember:NoteIamMember", args: containeranalysis.NoteIamMemberArgs{},
		state: containeranalysis.NoteIamMemberState{},
		api:   analysisAPI, self: "projects/{project}/notes/{note:short}", operations: iamMember{post: true, inBody: true},
		local: words("project note"),
	}),
	{
		token: "gcp:binaryauthorization/attestor:Attestor", args: binaryauthorization.AttestorArgs{}, state: binaryauthorization.AttestorState{},
		api: admissionAPI, collection: "projects/{project}/attestors", query: "attestorId={name}",
		self: "projects/{project}/attestors/{name}", autoName: "name",
		update: updatePut, local: words("project name"),
		outputOnly: words("attestationAuthorityNote.delegationServiceAccountEmail"),
		rules:      map[string]rule{"attestationAuthorityNote": {api: "userOwnedGrafeasNote"}},
	},
	memberRow(&resourceType{
		token: "gcp:binaryauthorization/attestorIamMember:AttestorIamMember", args: binaryauthorization.AttestorIamMemberArgs{},
		state: binaryauthorization.AttestorIamMemberState{},
		api:   admissionAPI, self: "projects/{project}/attestors/{attestor:short}", operations: iamMember{}, local: words("project attestor"),
	}),
	{
		token: "gcp:binaryauthorization/policy:Policy", args: binaryauthorization.PolicyArgs{}, state: binaryauthorization.PolicyState{},
		api: admissionAPI, createByPut: true, self: "projects/{project}/policy", id: "projects/{project}", update: updatePut,
		switches: true, operations: admissionPolicies{},
		local: words("project"),
		rules: map[string]rule{
			"defaultAdmissionRule.requireAttestationsBies": {api: "requireAttestationsBy"},
			"clusterAdmissionRules":                        {encode: rulesByCluster, decode: clusterRules},
		},
	},
}

// rulesByCluster converts the list of rules to the API's map by cluster.
func rulesByCluster(list any) any {
	byCluster := map[string]any{}
	elements, _ := list.([]any)
	for _, element := range elements {
		if rule, ok := copyValue(element).(map[string]any); ok {
			cluster := doc.Text(rule, "cluster")
			delete(rule, "cluster")
			moved(rule, "requireAttestationsBies", "requireAttestationsBy")
			byCluster[cluster] = rule
		}
	}
	return byCluster
}

func clusterRules(byCluster any) any {
	rules, _ := byCluster.(map[string]any)
	list := make([]any, 0, len(rules))
	for _, cluster := range slices.Sorted(maps.Keys(rules)) {
		if rule, ok := copyValue(rules[cluster]).(map[string]any); ok {
			rule["cluster"] = cluster
			moved(rule, "requireAttestationsBy", "requireAttestationsBies")
			list = append(list, rule)
		}
	}
	return list
}

func moved(object map[string]any, from, to string) {
	if value, found := object[from]; found {
		object[to] = value
		delete(object, from)
	}
}

// keyRings cannot be deleted. On a deletion, Pulumi only forgets the ring, and its name stays taken.
type keyRings struct{ documents }

func (keyRings) delete(context.Context, *call) error { return nil }

// cryptoKeys cannot be deleted. On a deletion, their versions are destroyed and Pulumi forgets the key.
type cryptoKeys struct{ documents }

// create adds the request parameter that says whether the key gets a first version.
func (k cryptoKeys) create(ctx context.Context, c *call) (map[string]any, error) {
	c.inputs = maps.Clone(c.inputs)
	c.inputs["skipInitialVersionCreation"] = c.inputs["skipInitialVersionCreation"] == true
	return k.documents.create(ctx, c)
}

func (cryptoKeys) delete(ctx context.Context, c *call) error {
	path, err := c.self(c.values())
	if err != nil {
		return err
	}
	for page := ""; ; {
		answer, err := c.do(ctx, http.MethodGet, path+"/cryptoKeyVersions?pageToken="+page, nil)
		if notFound(err) {
			return nil
		}
		if err != nil {
			return worded(err, "Error listing the versions of CryptoKey %q", c.id)
		}
		versions, _ := answer["cryptoKeyVersions"].([]any)
		for _, v := range versions {
			version, _ := v.(map[string]any)
			if state := doc.Text(version, "state"); strings.HasPrefix(state, "DESTROY") {
				continue
			}
			if _, err := c.do(ctx, http.MethodPost, c.kind.api+doc.Text(version, "name")+":destroy", map[string]any{}); err != nil {
				return worded(err, "Error destroying %s", doc.Text(version, "name"))
			}
		}
		if page = doc.Text(answer, "nextPageToken"); page == "" {
			return nil
		}
	}
}

// admissionPolicies exist in every project. A deletion restores the policy of a new project, which admits all images.
type admissionPolicies struct{ documents }

func (admissionPolicies) delete(ctx context.Context, c *call) error {
	path, err := c.self(c.values())
	if err != nil {
		return err
	}
	_, err = c.do(ctx, http.MethodPut, path, map[string]any{
		"globalPolicyEvaluationMode": "ENABLE",
		"admissionWhitelistPatterns": []any{map[string]any{"namePattern": "gcr.io/google_containers/*"}},
		"defaultAdmissionRule":       map[string]any{"evaluationMode": "ALWAYS_ALLOW", "enforcementMode": "ENFORCED_BLOCK_AND_AUDIT_LOG"},
	})
	if err != nil {
		return worded(err, "Error deleting Policy")
	}
	return nil
}

// getKeyVersion reads a version of a key, including its public key.
func getKeyVersion(ctx context.Context, c *call) (map[string]any, error) {
	number := scalarText(c.inputs["version"])
	if number == "" {
		number = "1"
	}
	name := doc.Text(c.inputs, "cryptoKey") + "/cryptoKeyVersions/" + number
	version, err := c.do(ctx, http.MethodGet, kmsAPI+name, nil)
	if err != nil {
		return nil, worded(err, "Error reading CryptoKeyVersion %q", name)
	}
	public, err := c.do(ctx, http.MethodGet, kmsAPI+name+"/publicKey", nil)
	if err != nil {
		return nil, worded(err, "Error reading the public key of %q", name)
	}
	result := map[string]any{
		"id": fmt.Sprintf("//cloudkms.googleapis.com/v1/%s", name), "name": doc.Text(version, "name"), "cryptoKey": c.inputs["cryptoKey"],
		"algorithm": version["algorithm"], "protectionLevel": version["protectionLevel"], "state": version["state"],
		"publicKeys": []any{map[string]any{"algorithm": public["algorithm"], "pem": public["pem"]}},
	}
	if c.inputs["version"] != nil {
		result["version"] = c.inputs["version"]
	}
	return result, nil
}
