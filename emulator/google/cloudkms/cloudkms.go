// Package cloudkms emulates Cloud KMS: key rings, keys, and key versions that sign. Private keys are stored encrypted, like
// secrets.
package cloudkms

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"regexp"
	"strconv"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// Host is the API's name.
const Host = "cloudkms.googleapis.com"

const (
	rings    = "projects/*/locations/*/keyRings"
	keys     = rings + "/*/cryptoKeys"
	versions = keys + "/*/cryptoKeyVersions"

	// signingAlgorithm is the only algorithm of the emulator's keys.
	signingAlgorithm = "EC_SIGN_P256_SHA256"
)

// API returns Cloud KMS v1. Rings, keys and versions cannot be deleted: their names stay taken for ever.
func API() *rest.API {
	return &rest.API{Prefix: "kms/v1", Host: Host, Schema: "kms", Kinds: []*rest.Kind{ring(), key(), version(), publicKey()},
		MultiRegions: true, Due: due, Settle: settle}
}

var idForm = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,63}$`)

func ring() *rest.Kind {
	return &rest.Kind{
		Pattern: rings, Message: "KeyRing", Body: "keyRing", Policy: true,
		Names: rest.Names{Missing: rest.NotFound("KeyRing {name} not found.")},
		Read:  rest.Read{Items: "keyRings"},
		Create: &rest.Create{
			IDParam: "keyRingId", ID: idForm,
			BadID: rest.Invalid("Invalid key_ring_id \"{given}\": it must have 1 to 63 letters, digits, hyphens and underscores."),
			Taken: rest.Exists("KeyRing {name} already exists."),
		},
		Stamps: rest.Stamps{Created: "createTime"},
	}
}

func key() *rest.Kind {
	return &rest.Kind{
		Pattern: keys, Message: "CryptoKey", Body: "cryptoKey", Policy: true,
		Names: rest.Names{Missing: rest.NotFound("CryptoKey {name} not found.")},
		Read:  rest.Read{Items: "cryptoKeys"},
		Create: &rest.Create{
			IDParam: "cryptoKeyId", ID: idForm,
			BadID: rest.Invalid("Invalid crypto_key_id \"{given}\": it must have 1 to 63 letters, digits, hyphens and underscores."),
			Taken: rest.Exists("CryptoKey {name} already exists."),
		},
		Update:  &rest.Update{Immutable: []string{"purpose", "destroyScheduledDuration", "importOnly", "cryptoKeyBackend"}},
		Stamps:  rest.Stamps{Created: "createTime"},
		Prepare: prepareKey,
		Finish:  finishKey,
	}
}

func version() *rest.Kind {
	return &rest.Kind{
		Pattern: versions, Message: "CryptoKeyVersion", Body: "cryptoKeyVersion",
		Names:  rest.Names{Missing: rest.NotFound("CryptoKeyVersion {name} not found.")},
		Read:   rest.Read{Items: "cryptoKeyVersions"},
		Create: &rest.Create{NewID: func(c *rest.Change) string { return strconv.Itoa(len(c.Children(c.Name)) + 1) }},
		Methods: rest.Methods{"POST asymmetricSign": signAsymmetric, "POST destroy": destroyVersion,
			"POST restore": restoreVersion},
		Prepare: prepareVersion,
	}
}

func publicKey() *rest.Kind {
	return &rest.Kind{Pattern: versions + "/*/publicKey", Names: rest.Names{Single: true}, Read: rest.Read{Get: readPublicKey}}
}

func prepareKey(c *rest.Change) error {
	if err := rest.CheckLabels(doc.Object(c.New, "labels")); err != nil {
		return err
	}
	switch purpose := doc.Text(c.New, "purpose"); {
	case purpose != "ASYMMETRIC_SIGN":
		return rest.Invalid("The emulator has keys of the purpose ASYMMETRIC_SIGN only, and this one's is %q.", purpose)
	case doc.Text(c.New, "rotationPeriod") != "" || doc.Text(c.New, "nextRotationTime") != "":
		return rest.Invalid("Automatic rotation is for keys of the purpose ENCRYPT_DECRYPT only.")
	}
	template := doc.Ensure(c.New, "versionTemplate")
	if algorithm := doc.Text(template, "algorithm"); algorithm != signingAlgorithm {
		return rest.Invalid("The emulator signs with %s only, and version_template.algorithm is %q.", signingAlgorithm, algorithm)
	}
	doc.Default(template, "protectionLevel", "SOFTWARE")
	if level := doc.Text(template, "protectionLevel"); level != "SOFTWARE" && level != "HSM" {
		return rest.Invalid("The emulator generates keys of the protection levels SOFTWARE and HSM only, and this one's is %q.", level)
	}
	if c.Old != nil && doc.Text(c.Old, "versionTemplate", "protectionLevel") != doc.Text(template, "protectionLevel") {
		return rest.Invalid("Field 'version_template.protection_level' is immutable.")
	}
	return prepareDestruction(c.New)
}

// finishKey creates the first version of a new key, unless the request says not to.
func finishKey(c *rest.Change, method string) (any, error) {
	if method != "create" || c.Query.Get("skipInitialVersionCreation") == "true" {
		return c.New, nil
	}
	first := c.Name.Below("cryptoKeyVersions").Child("1")
	_, err := (&rest.Change{Request: c.Request, Name: first, New: map[string]any{}}).Save()
	return c.New, err
}

// prepareVersion generates a key pair. The private key is stored encrypted, like a secret's payload.
func prepareVersion(c *rest.Change) error {
	template := doc.Object(c.Get(c.Name.Parent()), "versionTemplate")
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	sealed, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	if err := c.Tx.PutSecret(c.Name.Key(), sealed); err != nil {
		return err
	}
	now := rest.Timestamp(c.Now)
	c.New["state"], c.New["algorithm"], c.New["protectionLevel"] = "ENABLED", template["algorithm"], template["protectionLevel"]
	c.New["createTime"], c.New["generateTime"] = now, now
	return nil
}

// privateKey returns the version's private key. Like the API, it refuses a version that is not enabled.
func privateKey(q *rest.Request, version rest.Name) (*ecdsa.PrivateKey, error) {
	document := q.Get(version)
	if document == nil {
		return nil, version.Missing()
	}
	if state := doc.Text(document, "state"); state != "ENABLED" {
		return nil, rest.Precondition("%s is not enabled, current state is: %s.", version.Shown(), state)
	}
	sealed, found, err := q.Tx.Secret(version.Key())
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, rest.Internal("%s has no key material.", version.Shown())
	}
	parsed, err := x509.ParsePKCS8PrivateKey(sealed)
	if err != nil {
		return nil, err
	}
	return parsed.(*ecdsa.PrivateKey), nil
}

func readPublicKey(q *rest.Request, n rest.Name) (any, error) {
	version := n.Parent()
	key, err := privateKey(q, version)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	encoded := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	document := q.Get(version)
	return map[string]any{"name": version.Shown(), "algorithm": document["algorithm"], "protectionLevel": document["protectionLevel"],
		"pem": encoded, "pemCrc32c": rest.Checksum([]byte(encoded))}, nil
}

func signAsymmetric(c *rest.Change) (any, error) {
	digest, err := base64.StdEncoding.DecodeString(doc.Text(c.Body, "digest", "sha256"))
	if err != nil || len(digest) != 32 {
		return nil, rest.Invalid("The digest must be a SHA-256 digest of 32 bytes for %s.", signingAlgorithm)
	}
	given := doc.Text(c.Body, "digestCrc32c")
	if given != "" && given != rest.Checksum(digest) {
		return nil, rest.Invalid("The checksum in field digest_crc32c did not match the data in field digest.")
	}
	key, err := privateKey(c.Request, c.Name)
	if err != nil {
		return nil, err
	}
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest)
	if err != nil {
		return nil, err
	}
	return map[string]any{"name": c.Name.Shown(), "signature": base64.StdEncoding.EncodeToString(signature),
		"signatureCrc32c": rest.Checksum(signature), "verifiedDigestCrc32c": given != "", "protectionLevel": c.Old["protectionLevel"]}, nil
}
