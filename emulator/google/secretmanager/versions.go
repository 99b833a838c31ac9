package secretmanager

import (
	"encoding/base64"
	"strconv"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

const maxPayload = 64 << 10

func version() *rest.Kind {
	return &rest.Kind{
		Pattern: secrets + "/*/versions", Message: "SecretVersion",
		Names: rest.Names{Numbered: true, Rename: versionNumber, Missing: rest.NotFound("Secret Version [{name}] not found.")},
		Read:  rest.Read{Items: "versions"},
		Methods: rest.Methods{
			"GET access":   accessVersion,
			"POST enable":  func(c *rest.Change) (any, error) { return setVersionState(c, "ENABLED") },
			"POST disable": func(c *rest.Change) (any, error) { return setVersionState(c, "DISABLED") },
			"POST destroy": func(c *rest.Change) (any, error) { return setVersionState(c, "DESTROYED") },
		},
	}
}

// versionNumber converts "latest" or an alias of the secret to the version's number.
func versionNumber(q *rest.Request, collection rest.Name, id string) string {
	if id == "latest" {
		return strconv.Itoa(len(q.Children(collection)))
	}
	if aliased := doc.Text(q.Get(collection.Parent()), "versionAliases", id); aliased != "" {
		return aliased
	}
	return id
}

// Version returns the version of a secret that another API refers to by number, alias or "latest". It returns nil if there is no
// such version.
func Version(q *rest.Request, secret rest.Name, ref string) map[string]any {
	versions := secret.Below("versions")
	return q.Get(versions.Child(versionNumber(q, versions, ref)))
}

func addVersion(c *rest.Change) (any, error) {
	// An error must not quote the payload.
	payload, err := base64.StdEncoding.DecodeString(doc.Text(c.Body, "payload", "data"))
	switch {
	case err != nil:
		return nil, rest.Invalid("Invalid value at 'payload.data' (TYPE_BYTES), Base64 decoding failed.")
	case len(payload) == 0:
		return nil, rest.Invalid("Secret Payload cannot be empty.")
	case len(payload) > maxPayload:
		return nil, rest.Invalid("The Secret Payload is larger than %d bytes.", maxPayload)
	}
	given := doc.Text(c.Body, "payload", "dataCrc32c")
	if given != "" && given != rest.Checksum(payload) {
		return nil, rest.Invalid("The checksum of the Secret Payload does not match data_crc32c.")
	}
	versions := c.Name.Below("versions")
	n := versions.Child(strconv.Itoa(len(c.Children(versions)) + 1)) // destroyed versions still count, so no number is used twice
	document := map[string]any{"name": n.Shown(), "createTime": rest.Timestamp(c.Now), "state": "ENABLED", "etag": c.IDs.Etag(),
		"replicationStatus": map[string]any{}}
	for _, policy := range []string{"automatic", "userManaged"} {
		if doc.Object(c.Old, "replication")[policy] != nil {
			document["replicationStatus"] = map[string]any{policy: map[string]any{}}
		}
	}
	if given != "" {
		document["clientSpecifiedPayloadChecksum"] = true
	}
	if err := c.Tx.PutSecret(n.Key(), payload); err != nil {
		return nil, err
	}
	return document, c.Put(n, document)
}

// accessVersion answers with the payload of an enabled version.
func accessVersion(c *rest.Change) (any, error) {
	if state := doc.Text(c.Old, "state"); state != "ENABLED" {
		return nil, rest.Precondition("Secret Version [%s] is in %s state.", c.Name.Shown(), state)
	}
	payload, found, err := c.Tx.Secret(c.Name.Key())
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, rest.Internal("Secret Version [%s] has no payload.", c.Name.Shown())
	}
	return map[string]any{"name": c.Name.Shown(), "payload": map[string]any{
		"data": base64.StdEncoding.EncodeToString(payload), "dataCrc32c": rest.Checksum(payload)}}, nil
}

// setVersionState enables, disables or destroys a version. A destroyed version stays, without its payload.
func setVersionState(c *rest.Change, state string) (any, error) {
	if given := doc.Text(c.Body, "etag"); given != "" && given != doc.Text(c.Old, "etag") {
		return nil, rest.Precondition("The etag does not match the current one of Secret Version [%s].", c.Name.Shown())
	}
	switch current := doc.Text(c.Old, "state"); {
	case current == state:
		return c.Old, nil
	case current == "DESTROYED":
		return nil, rest.Precondition("Secret Version [%s] is in DESTROYED state.", c.Name.Shown())
	}
	c.Old["state"], c.Old["etag"] = state, c.IDs.Etag()
	if state == "DESTROYED" {
		c.Old["destroyTime"] = rest.Timestamp(c.Now)
		if err := c.Tx.DeleteSecret(c.Name.Key()); err != nil {
			return nil, err
		}
	}
	return c.Old, c.Put(c.Name, c.Old)
}
