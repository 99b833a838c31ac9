package provider

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/secretmanager"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

const secretAPI = "/sm/v1/"

// secretTypes are Secret Manager's resource types.
var secretTypes = []*resourceType{
	{
		token: "gcp:secretmanager/secret:Secret", args: secretmanager.SecretArgs{}, state: secretmanager.SecretState{},
		api: secretAPI, collection: "projects/{project}/secrets", query: "secretId={secretId}", self: "projects/{project}/secrets/{secretId}",
		autoName: "secretId", protection: "deletionProtection",
		local:   words("project secretId deletionProtection"),
		secrets: words("effectiveLabels pulumiLabels"),
		// Tags are only an input of the creation, and the API answers expireTime instead of ttl.
		writeOnly: words("tags ttl"),
		rules:     map[string]rule{"replication.auto": {api: "automatic"}},
	},
	{
		token: "gcp:secretmanager/secretVersion:SecretVersion", args: secretmanager.SecretVersionArgs{},
		state: secretmanager.SecretVersionState{},
		api:   secretAPI, collection: "{+secret}:addVersion", operations: secretVersions{},
		local:     words("secret deletionPolicy isSecretDataBase64 secretDataWoVersion enabled"),
		writeOnly: words("secretData"),
		secrets:   words("secretData"),
		rules: map[string]rule{
			"enabled": {api: "state", decode: func(state any) any { return state == "ENABLED" }},
			"version": {api: "name", decode: func(name any) any { return doc.Last(fmt.Sprint(name)) }},
		},
	},
	memberRow(&resourceType{
		token: "gcp:secretmanager/secretIamMember:SecretIamMember", args: secretmanager.SecretIamMemberArgs{},
		state: secretmanager.SecretIamMemberState{},
		api:   secretAPI, self: "projects/{project}/secrets/{secretId:short}", operations: iamMember{}, local: words("project secretId"),
	}),
}

// secretVersions are immutable values of a secret. Only an import reads the value back, so a preview needs no permission to read
// it.
type secretVersions struct{}

func (v secretVersions) create(ctx context.Context, c *call) (map[string]any, error) {
	path, err := c.kind.path(c.kind.collection, c.inputs)
	if err != nil {
		return nil, err
	}
	data := doc.Text(c.inputs, "secretData")
	if c.inputs["isSecretDataBase64"] != true {
		data = base64.StdEncoding.EncodeToString([]byte(data))
	}
	answer, err := c.do(ctx, http.MethodPost, path, map[string]any{"payload": map[string]any{"data": data}})
	if err != nil {
		return nil, worded(err, "Error creating SecretVersion")
	}
	c.id = doc.Text(answer, "name")
	// A version begins enabled, but the official provider always calls the method.
	if err := c.enable(ctx, c.inputs["enabled"] != false); err != nil {
		return nil, worded(err, "Error creating SecretVersion")
	}
	return v.read(ctx, c)
}

// read treats a destroyed version as deleted, because its value cannot come back.
func (v secretVersions) read(ctx context.Context, c *call) (map[string]any, error) {
	document, err := c.do(ctx, http.MethodGet, c.kind.api+c.id, nil)
	if notFound(err) || err == nil && document["state"] == "DESTROYED" {
		return nil, nil
	}
	if err != nil {
		return nil, worded(err, "Error reading SecretVersion %q", c.id)
	}
	values := c.values()
	if c.imported {
		values["secret"] = secretOf(c.id, doc.Text(values, "project"))
		if values["secretData"], err = v.value(ctx, c, document); err != nil {
			return nil, err
		}
	}
	return c.stateOf(document, values), nil
}

// value reads the value for an import. Nothing else reads it. The API does not show the value of a disabled version.
func (secretVersions) value(ctx context.Context, c *call, document map[string]any) (any, error) {
	if document["state"] != "ENABLED" {
		return nil, nil
	}
	answer, err := c.do(ctx, http.MethodGet, c.kind.api+c.id+":access", nil)
	if err != nil {
		return nil, worded(err, "Error reading the value of SecretVersion %q", c.id)
	}
	payload, _ := answer["payload"].(map[string]any)
	data, err := base64.StdEncoding.DecodeString(doc.Text(payload, "data"))
	if err != nil {
		return nil, fmt.Errorf("read the value of SecretVersion %q: it is not base64", c.id)
	}
	return string(data), nil
}

func (v secretVersions) update(ctx context.Context, c *call) (map[string]any, error) {
	if before, after := c.state["enabled"] == true, c.inputs["enabled"] == true; before != after {
		if err := c.enable(ctx, after); err != nil {
			return nil, worded(err, "Error updating SecretVersion %q", c.id)
		}
	}
	return v.read(ctx, c)
}

// delete follows deletionPolicy. A program abandons a version that a running revision or a rollback needs.
func (v secretVersions) delete(ctx context.Context, c *call) error {
	verb := ":destroy"
	switch doc.Text(c.state, "deletionPolicy") {
	case "ABANDON":
		return nil
	case "DISABLE":
		verb = ":disable"
	}
	_, err := c.do(ctx, http.MethodPost, c.kind.api+c.id+verb, map[string]any{})
	if err != nil && !notFound(err) {
		return worded(err, "Error deleting SecretVersion %q", c.id)
	}
	return nil
}

// secretOf returns the name of a version's secret. A version's name contains the project's number, and programs name the secret
// with the project's id.
func secretOf(version, project string) string {
	secret, _, _ := strings.Cut(version, "/versions/")
	if parts := strings.Split(secret, "/"); len(parts) == 4 && isNumber(parts[1]) && project != "" {
		return "projects/" + project + "/secrets/" + parts[3]
	}
	return secret
}
