package cloud

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"hash/crc32"
	"regexp"
	"strconv"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/cloud/schema"
)

const (
	kmsHost        = "cloudkms.googleapis.com"
	ringPattern    = "projects/*/locations/*/keyRings"
	keyPattern     = ringPattern + "/*/cryptoKeys"
	versionPattern = keyPattern + "/*/cryptoKeyVersions"

	// signingAlgorithm is the one that the emulator's keys can have.
	signingAlgorithm = "EC_SIGN_P256_SHA256"
	// destroyAfter is how long a version can be restored after its destruction was asked for, unless the key says otherwise.
	destroyAfter = 30 * 24 * time.Hour
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// keyKinds are Cloud KMS's. Key rings and keys cannot be deleted: their names stay taken for ever.
func keyKinds() []*kind {
	id := regexp.MustCompile(`^[a-zA-Z0-9_-]{1,63}$`)
	forever := func(*change) (map[string]any, error) { return nil, errNoMethod }
	absent := func(what string) func(n name) *Error {
		return func(n name) *Error { return notFound("%s %s not found.", what, n.shown()) }
	}
	taken := func(what string) func(n name, _ map[string]any) *Error {
		return func(n name, _ map[string]any) *Error { return exists("%s %s already exists.", what, n.shown()) }
	}
	return []*kind{
		{
			prefix: "kms/v1", host: kmsHost, pattern: ringPattern, message: "kms:KeyRing", body: "keyRing", listField: "keyRings",
			idParam: "keyRingId", policy: true,
			created: "createTime", id: id, idFix: "Invalid key_ring_id %q: it must have 1 to 63 letters, digits, hyphens and underscores.",
			missing: absent("KeyRing"), taken: taken("KeyRing"), remove: forever, prepare: func(*change) error { return nil },
		},
		{
			prefix: "kms/v1", host: kmsHost, pattern: keyPattern, message: "kms:CryptoKey", body: "cryptoKey", listField: "cryptoKeys",
			idParam: "cryptoKeyId", policy: true,
			created: "createTime", immutable: []string{"purpose", "destroyScheduledDuration", "importOnly", "cryptoKeyBackend"},
			id: id, idFix: "Invalid crypto_key_id %q: it must have 1 to 63 letters, digits, hyphens and underscores.",
			missing: absent("CryptoKey"), taken: taken("CryptoKey"), remove: forever, prepare: prepareKey, finish: finishKey,
		},
		{
			prefix: "kms/v1", host: kmsHost, pattern: versionPattern, message: "kms:CryptoKeyVersion", body: "cryptoKeyVersion",
			listField: "cryptoKeyVersions",
			newID: func(c *change) string {
				return strconv.Itoa(len(c.children(c.name)) +
					1)
			}, id: regexp.MustCompile(`^[1-9][0-9]*$`), idFix: "Invalid version %q.",
			missing: absent("CryptoKeyVersion"), remove: forever, prepare: prepareVersion,
			verbs: map[string]func(*change) (any, error){
				"POST asymmetricSign": signAsymmetric,
				"POST destroy": func(c *change) (any, error) {
					if text(c.old, "state") == "DESTROY_SCHEDULED" || text(c.old, "state") == "DESTROYED" {
						return nil, precondition("%s is not enabled or disabled: it is %s.", c.name.shown(), text(c.old, "state"))
					}
					c.old["state"], c.old["destroyTime"] = "DESTROY_SCHEDULED", timestamp(c.now.Add(destroyAfter))
					return c.old, c.tx.Put(c.name.key(), c.old)
				},
			},
		},
		{prefix: "kms/v1", host: kmsHost, pattern: versionPattern + "/*/publicKey", single: true, read: readPublicKey},
	}
}

func prepareKey(c *change) error {
	if err := checkLabels(object(c.new, "labels")); err != nil {
		return err
	}
	switch purpose := text(c.new, "purpose"); {
	case purpose != "ASYMMETRIC_SIGN":
		return invalid("The emulator has keys of the purpose ASYMMETRIC_SIGN only, and this one's is %q.", purpose)
	case text(c.new, "rotationPeriod") != "" || text(c.new, "nextRotationTime") != "":
		return invalid("Automatic rotation is for keys of the purpose ENCRYPT_DECRYPT only.")
	}
	template := ensure(c.new, "versionTemplate")
	if algorithm := text(template, "algorithm"); algorithm != signingAlgorithm {
		return invalid("The emulator signs with %s only, and version_template.algorithm is %q.", signingAlgorithm, algorithm)
	}
	setDefault(template, "protectionLevel", "SOFTWARE")
	if level := text(template, "protectionLevel"); level != "SOFTWARE" && level != "HSM" {
		return invalid("The emulator generates keys of the protection levels SOFTWARE and HSM only, and this one's is %q.", level)
	}
	if c.old != nil && text(c.old, "versionTemplate", "protectionLevel") != text(template, "protectionLevel") {
		return invalid("Field 'version_template.protection_level' is immutable.")
	}
	setDefault(c.new, "destroyScheduledDuration", strconv.Itoa(int(destroyAfter.Seconds()))+"s")
	return nil
}

// finishKey makes the first version of a new key, unless the request is against it.
func finishKey(c *change, method string) (any, error) {
	if method != "create" || c.query.Get("skipInitialVersionCreation") == "true" {
		return c.new, nil
	}
	first := name{kind: kindOf(kmsHost, versionPattern), project: c.name.project,
		segments: append(append([]string{}, c.name.segments...), "cryptoKeyVersions", "1")}
	_, err := (&change{request: c.request, name: first, new: map[string]any{}}).save("create")
	return c.new, err
}

// prepareVersion generates a key pair. The private one is kept sealed, like a secret's payload.
func prepareVersion(c *change) error {
	if c.old != nil {
		return invalid("The emulator does not change versions: destroy this one and make another.")
	}
	key := name{kind: kindOf(kmsHost, keyPattern), project: c.name.project, segments: c.name.segments[:len(c.name.segments)-2]}
	template := object(c.get(key), "versionTemplate")
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	sealed, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	if err := c.tx.PutSecret(c.name.key(), sealed); err != nil {
		return err
	}
	now := timestamp(c.now)
	c.new["state"], c.new["algorithm"], c.new["protectionLevel"] = "ENABLED", template["algorithm"], template["protectionLevel"]
	c.new["createTime"], c.new["generateTime"] = now, now
	return nil
}

// private is the version's private key. It refuses for a version that is not enabled, as the API refuses to use one.
func (q *request) private(version name) (*ecdsa.PrivateKey, error) {
	document := q.get(version)
	if document == nil {
		return nil, version.kind.missing(version)
	}
	if state := text(document, "state"); state != "ENABLED" {
		return nil, precondition("%s is not enabled, current state is: %s.", version.shown(), state)
	}
	sealed, found, err := q.tx.Secret(version.key())
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, refuse(500, "INTERNAL", "%s has no key material.", []any{version.shown()})
	}
	parsed, err := x509.ParsePKCS8PrivateKey(sealed)
	if err != nil {
		return nil, err
	}
	return parsed.(*ecdsa.PrivateKey), nil
}

func readPublicKey(q *request, n name) (any, error) {
	version := name{kind: kindOf(kmsHost, versionPattern), project: n.project, segments: n.segments[:len(n.segments)-1]}
	private, err := q.private(version)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		return nil, err
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	document := q.get(version)
	return map[string]any{"name": version.shown(), "algorithm": document["algorithm"], "protectionLevel": document["protectionLevel"],
		"pem": text, "pemCrc32c": checksum([]byte(text))}, nil
}

func signAsymmetric(c *change) (any, error) {
	body, err := schema.Normalize("kms:AsymmetricSignRequest", "", c.body)
	if err != nil {
		return nil, err
	}
	digest, err := base64.StdEncoding.DecodeString(text(body, "digest", "sha256"))
	if err != nil || len(digest) != 32 {
		return nil, invalid("The digest must be a SHA-256 digest of 32 bytes for %s.", signingAlgorithm)
	}
	given := text(body, "digestCrc32c")
	if given != "" && given != checksum(digest) {
		return nil, invalid("The checksum in field digest_crc32c did not match the data in field digest.")
	}
	private, err := c.private(c.name)
	if err != nil {
		return nil, err
	}
	signature, err := ecdsa.SignASN1(rand.Reader, private, digest)
	if err != nil {
		return nil, err
	}
	return map[string]any{"name": c.name.shown(), "signature": base64.StdEncoding.EncodeToString(signature),
		"signatureCrc32c":      checksum(signature),
		"verifiedDigestCrc32c": given != "", "protectionLevel": c.old["protectionLevel"]}, nil
}

// checksum is how Cloud KMS guards bytes on their way: CRC32C as a decimal.
func checksum(data []byte) string {
	return strconv.FormatUint(uint64(crc32.Checksum(data, castagnoli)), 10)
}
