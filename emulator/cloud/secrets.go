package cloud

import (
	"encoding/base64"
	"hash/crc32"
	"regexp"
	"strconv"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud/schema"
)

const (
	secretHost     = "secretmanager.googleapis.com"
	secretPattern  = "projects/*/secrets"
	maxSecretBytes = 64 << 10
)

func secretKinds() []*kind {
	secret := &kind{
		prefix: "sm/v1", host: secretHost, pattern: secretPattern, message: "sm:Secret", body: "secret", listField: "secrets",
		numbered: true, policy: true,
		idParam: "secretId", immutable: []string{"replication"}, etag: "etag", created: "createTime",
		id:      regexp.MustCompile(`^[a-zA-Z0-9_-]{1,255}$`),
		idFix:   "The provided Secret ID [%s] does not match the expected format [[a-zA-Z_0-9]+].",
		missing: func(n name) *Error { return notFound("Secret [%s] not found.", n.shown()) },
		taken:   func(n name, _ map[string]any) *Error { return exists("Secret [%s] already exists.", n.shown()) },
		prepare: func(c *change) error {
			replication := object(c.new, "replication")
			if (replication["automatic"] == nil) == (replication["userManaged"] == nil) {
				return invalid("Secret.replication must set exactly one of automatic and user_managed.")
			}
			return checkLabels(object(c.new, "labels"))
		},
		verbs: map[string]func(*change) (any, error){"POST addVersion": addVersion},
	}
	version := &kind{
		prefix: "sm/v1", host: secretHost, pattern: secretPattern +
			"/*/versions", message: "sm:SecretVersion", listField: "versions", numbered: true,
		rename:  (*request).versionNumber,
		missing: func(n name) *Error { return notFound("Secret Version [%s] not found.", n.shown()) },
		verbs: map[string]func(*change) (any, error){
			"GET access":   accessVersion,
			"POST enable":  func(c *change) (any, error) { return setVersionState(c, "ENABLED") },
			"POST disable": func(c *change) (any, error) { return setVersionState(c, "DISABLED") },
			"POST destroy": func(c *change) (any, error) { return setVersionState(c, "DESTROYED") },
		},
	}
	return []*kind{secret, version}
}

// versionNumber turns "latest" and a secret's aliases into the version's number.
func (q *request) versionNumber(collection name, id string) string {
	if id == "latest" {
		return strconv.Itoa(len(q.children(collection)))
	}
	secret := q.tx.Get(collection.key()[:len(collection.key())-len("/versions")])
	if aliased := text(secret, "versionAliases", id); aliased != "" {
		return aliased
	}
	return id
}

func addVersion(c *change) (any, error) {
	body, err := schema.Normalize("sm:AddSecretVersionRequest", "", c.body)
	if err != nil {
		return nil, err
	}
	// Errors must not quote the payload.
	payload, err := base64.StdEncoding.DecodeString(text(body, "payload", "data"))
	switch {
	case err != nil:
		return nil, invalid("Invalid value at 'payload.data' (TYPE_BYTES), Base64 decoding failed.")
	case len(payload) == 0:
		return nil, invalid("Secret Payload cannot be empty.")
	case len(payload) > maxSecretBytes:
		return nil, invalid("The Secret Payload is larger than %d bytes.", maxSecretBytes)
	}
	sum := strconv.FormatUint(uint64(crc32.Checksum(payload, crc32.MakeTable(crc32.Castagnoli))), 10)
	given := text(body, "payload", "dataCrc32c")
	if given != "" && given != sum {
		return nil, invalid("The checksum of the Secret Payload does not match data_crc32c.")
	}
	versions := name{kind: kindOf(secretHost, secretPattern+"/*/versions"), project: c.name.project,
		segments: append(c.name.segments[:4:4], "versions")}
	n := versions.child(strconv.Itoa(len(c.children(versions)) + 1)) // destroyed versions stay, so numbers are never used twice
	document := map[string]any{"name": n.shown(), "createTime": timestamp(c.now), "state": "ENABLED", "etag": newEtag(c.cloud),
		"replicationStatus": map[string]any{}}
	for _, policy := range []string{"automatic", "userManaged"} {
		if object(c.old, "replication")[policy] != nil {
			document["replicationStatus"] = map[string]any{policy: map[string]any{}}
		}
	}
	if given != "" {
		document["clientSpecifiedPayloadChecksum"] = true
	}
	if err := c.tx.PutSecret(n.key(), payload); err != nil {
		return nil, err
	}
	return document, c.tx.Put(n.key(), document)
}

func accessVersion(c *change) (any, error) {
	if state := text(c.old, "state"); state != "ENABLED" {
		return nil, precondition("Secret Version [%s] is in %s state.", c.name.shown(), state)
	}
	payload, found, err := c.tx.Secret(c.name.key())
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, refuse(500, "INTERNAL", "Secret Version [%s] has no payload.", []any{c.name.shown()})
	}
	sum := crc32.Checksum(payload, crc32.MakeTable(crc32.Castagnoli))
	return map[string]any{"name": c.name.shown(), "payload": map[string]any{
		"data": base64.StdEncoding.EncodeToString(payload), "dataCrc32c": strconv.FormatUint(uint64(sum), 10)}}, nil
}

func setVersionState(c *change, state string) (any, error) {
	if given := text(c.body, "etag"); given != "" && given != text(c.old, "etag") {
		return nil, precondition("The etag does not match the current one of Secret Version [%s].", c.name.shown())
	}
	switch current := text(c.old, "state"); {
	case current == state:
		return c.old, nil
	case current == "DESTROYED":
		return nil, precondition("Secret Version [%s] is in DESTROYED state.", c.name.shown())
	}
	c.old["state"], c.old["etag"] = state, newEtag(c.cloud)
	if state == "DESTROYED" {
		c.old["destroyTime"] = timestamp(c.now)
		if err := c.tx.DeleteSecret(c.name.key()); err != nil {
			return nil, err
		}
	}
	return c.old, c.tx.Put(c.name.key(), c.old)
}
