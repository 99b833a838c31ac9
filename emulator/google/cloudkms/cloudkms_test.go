package cloudkms_test

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

const (
	rings   = "/kms/v1/projects/" + cloudtest.Project + "/locations/us-central1/keyRings"
	keys    = rings + "/r/cryptoKeys"
	signing = `{"purpose":"ASYMMETRIC_SIGN","versionTemplate":{"algorithm":"EC_SIGN_P256_SHA256"}}`
)

func start(t *testing.T) *cloudtest.World {
	t.Helper()
	w := cloudtest.Start(t)
	require.NoError(t, w.Cloud.EnableAPIs(cloudtest.Project, "cloudkms.googleapis.com"))
	w.OK("POST", rings+"?keyRingId=r", `{}`)
	w.OK("POST", keys+"?cryptoKeyId=k", signing)
	return w
}

// TestKeySigns verifies what a key signs with the public key that the API shows. A destroyed version signs nothing.
func TestKeySigns(t *testing.T) {
	t.Parallel()
	w := start(t)
	const version = keys + "/k/cryptoKeyVersions/1"
	block, _ := pem.Decode([]byte(w.OK("GET", version+"/publicKey", "")["pem"].(string)))
	require.NotNil(t, block)
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	require.NoError(t, err)
	digest := sha256.Sum256([]byte("text"))
	body := `{"digest":{"sha256":"` + base64.StdEncoding.EncodeToString(digest[:]) + `"}}`
	signature, err := base64.StdEncoding.DecodeString(w.OK("POST", version+":asymmetricSign", body)["signature"].(string))
	require.NoError(t, err)
	assert.True(t, ecdsa.VerifyASN1(public.(*ecdsa.PublicKey), digest[:], signature))

	w.OK("POST", keys+"/k/cryptoKeyVersions", `{}`)
	assert.Len(t, w.OK("GET", keys+"/k/cryptoKeyVersions", "")["cryptoKeyVersions"], 2)
	destroyed := w.OK("POST", version+":destroy", `{}`)
	assert.Equal(t, "DESTROY_SCHEDULED", destroyed["state"])
	assert.Equal(t, "2026-12-23T12:00:00.000000Z", destroyed["destroyTime"], "30 days later")
	const shown = "projects/procureflow-dev/locations/us-central1/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"
	for path, call := range map[string]string{version + "/publicKey": "GET", version + ":asymmetricSign": "POST"} {
		assert.Equal(t, "Bad Request FAILED_PRECONDITION: "+shown+" is not enabled, current state is: DESTROY_SCHEDULED.",
			w.Refused(call, path, map[string]string{"GET": "", "POST": body}[call]))
	}
	assert.Contains(t, w.Refused("POST", version+":destroy", `{}`), "it is DESTROY_SCHEDULED")

	restored := w.OK("POST", version+":restore", `{}`)
	assert.Equal(t, "DISABLED", restored["state"])
	assert.NotContains(t, restored, "destroyTime")
	assert.Equal(t, "Bad Request FAILED_PRECONDITION: "+shown+" is not scheduled for destruction: it is DISABLED.",
		w.Refused("POST", version+":restore", `{}`))
}

// TestKeySaysWhenVersionsAreDestroyed destroys a version of a key that sets another time than the API's own.
func TestKeySaysWhenVersionsAreDestroyed(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.OK("POST", keys+"?cryptoKeyId=soon", strings.TrimSuffix(signing, "}")+`,"destroyScheduledDuration":"172800s"}`)
	destroyed := w.OK("POST", keys+"/soon/cryptoKeyVersions/1:destroy", `{}`)
	assert.Equal(t, "2026-11-25T12:00:00.000000Z", destroyed["destroyTime"], "2 days later")
}

// TestVersionIsDestroyedWhenItsTimeComes lets the time pass: a moment before it the version can be restored, and afterwards its key
// material is gone for good. The key's other versions stay.
func TestVersionIsDestroyedWhenItsTimeComes(t *testing.T) {
	t.Parallel()
	w := start(t)
	const version, day = keys + "/k/cryptoKeyVersions/1", 24 * time.Hour
	w.OK("POST", keys+"/k/cryptoKeyVersions", `{}`)
	w.OK("POST", version+":destroy", `{}`)
	w.Clock.Advance(30*day - time.Second)
	assert.Equal(t, "DESTROY_SCHEDULED", w.OK("GET", version, "")["state"])
	w.OK("POST", version+":restore", `{}`)
	w.Clock.Advance(365 * day)
	assert.Equal(t, "DISABLED", w.OK("GET", version, "")["state"], "the first destruction was taken back")

	w.OK("POST", version+":destroy", `{}`)
	w.Clock.Advance(30 * day)
	destroyed := w.OK("GET", version, "")
	assert.Equal(t, "DESTROYED", destroyed["state"])
	assert.Equal(t, "2028-01-22T11:59:59.000000Z", destroyed["destroyEventTime"])
	assert.NotContains(t, destroyed, "destroyTime")
	for _, refused := range []string{":restore", ":destroy"} {
		assert.Contains(t, w.Refused("POST", version+refused, `{}`), "it is DESTROYED")
	}
	assert.Contains(t, w.Refused("GET", version+"/publicKey", ""), "current state is: DESTROYED.")
	listed := w.OK("GET", keys+"/k/cryptoKeyVersions", "")
	assert.Equal(t, "DESTROYED", cloudtest.Dig(listed, "cryptoKeyVersions", 0, "state"))
	assert.Equal(t, "ENABLED", cloudtest.Dig(listed, "cryptoKeyVersions", 1, "state"))
	assert.Equal(t, keys[len("/kms/v1/"):]+"/k/cryptoKeyVersions/3", w.OK("POST", keys+"/k/cryptoKeyVersions", `{}`)["name"],
		"its number stays taken")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	w := start(t)
	const version = keys + "/k/cryptoKeyVersions/1"
	for _, test := range []cloudtest.Refusal{
		{Name: "a purpose", Method: "POST", Path: keys + "?cryptoKeyId=x", Body: `{"purpose":"ENCRYPT_DECRYPT"}`,
			Want: `The emulator has keys of the purpose ASYMMETRIC_SIGN only, and this one's is "ENCRYPT_DECRYPT".`},
		{Name: "rotation", Method: "POST", Path: keys + "?cryptoKeyId=x", Body: `{"purpose":"ASYMMETRIC_SIGN","rotationPeriod":"86400s"}`,
			Want: "Automatic rotation is for keys of the purpose ENCRYPT_DECRYPT only."},
		{Name: "too soon", Method: "POST", Path: keys + "?cryptoKeyId=x", Body: strings.TrimSuffix(signing, "}") +
			`,"destroyScheduledDuration":"86399s"}`, Want: "from 24 hours to 120 days, and this key's is 86399s."},
		{Name: "too late", Method: "POST", Path: keys + "?cryptoKeyId=x", Body: strings.TrimSuffix(signing, "}") +
			`,"destroyScheduledDuration":"10368001s"}`, Want: "from 24 hours to 120 days, and this key's is 10368001s."},
		{Name: "an algorithm", Method: "POST", Path: keys + "?cryptoKeyId=x", Body: `{"purpose":"ASYMMETRIC_SIGN"}`,
			Want: `The emulator signs with EC_SIGN_P256_SHA256 only, and version_template.algorithm is "".`},
		{Name: "an external key", Method: "POST", Path: keys + "?cryptoKeyId=x",
			Body: `{"purpose":"ASYMMETRIC_SIGN","versionTemplate":{"algorithm":"EC_SIGN_P256_SHA256","protectionLevel":"EXTERNAL"}}`,
			Want: `The emulator generates keys of the protection levels SOFTWARE and HSM only, and this one's is "EXTERNAL".`},
		{Name: "an id", Method: "POST", Path: keys + "?cryptoKeyId=a.b", Body: signing, Want: `Invalid crypto_key_id "a.b"`},
		{Name: "a taken id", Method: "POST", Path: keys + "?cryptoKeyId=k", Body: signing, Want: "keyRings/r/cryptoKeys/k already exists."},
		{Name: "a taken ring", Method: "POST", Path: rings + "?keyRingId=r", Body: `{}`, Want: "keyRings/r already exists."},
		{Name: "another level", Method: "PATCH", Path: keys + "/k?updateMask=versionTemplate.protectionLevel",
			Body: `{"versionTemplate":{"protectionLevel":"HSM"}}`, Want: "Field 'version_template.protection_level' is immutable."},
		{Name: "a short digest", Method: "POST", Path: version + ":asymmetricSign", Body: `{"digest":{"sha256":"YQ=="}}`,
			Want: "The digest must be a SHA-256 digest of 32 bytes for EC_SIGN_P256_SHA256."},
		{Name: "a checksum", Method: "POST", Path: version + ":asymmetricSign",
			Body: `{"digest":{"sha256":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},"digestCrc32c":"1"}`,
			Want: "The checksum in field digest_crc32c did not match the data in field digest."},
		{Name: "no version", Method: "GET", Path: keys + "/k/cryptoKeyVersions/9/publicKey", Want: "cryptoKeyVersions/9 not found."},
	} {
		assert.Contains(t, w.Refused(test.Method, test.Path, test.Body), test.Want, test.Name)
	}
	code, _ := w.Call("DELETE", keys+"/k", "")
	assert.Equal(t, 501, code, "a key's name stays taken for ever")
}
