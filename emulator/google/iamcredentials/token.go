package iamcredentials

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

const (
	issuer   = "https://accounts.google.com"
	lifetime = time.Hour
	// skew is the largest difference between two clocks that a check tolerates.
	skew = 5 * time.Minute

	// The emulator's key pair: the private key is encrypted under signingKey, the public key is stored as a JSON web key.
	signingKey = "//" + Host + "/signingKey"
	publicKey  = "//" + Host + "/publicKey"
	// subjectPrefix and an account's unique id together are the key of the document that names the account.
	subjectPrefix = "subject:"
)

// claims are the contents of a service account's ID token.
type claims struct {
	Issuer          string `json:"iss"`
	Audience        string `json:"aud"`
	Subject         string `json:"sub"`
	AuthorizedParty string `json:"azp"`
	IssuedAt        int64  `json:"iat"`
	Expires         int64  `json:"exp"`
	Email           string `json:"email,omitempty"`
	EmailVerified   bool   `json:"email_verified,omitempty"`
}

type header struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Type      string `json:"typ"`
}

var encoding = base64.RawURLEncoding

// sign makes a token. It makes the key before the first token.
func sign(q *rest.Request, c claims) (string, error) {
	key, err := ensureKey(q)
	if err != nil {
		return "", err
	}
	head, err := json.Marshal(header{"RS256", doc.Text(q.Tx.Get(publicKey), "kid"), "JWT"})
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	signed := encoding.EncodeToString(head) + "." + encoding.EncodeToString(body)
	hash := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, hash[:])
	return signed + "." + encoding.EncodeToString(signature), err
}

func ensureKey(q *rest.Request) (*rsa.PrivateKey, error) {
	if sealed, found, err := q.Tx.Secret(signingKey); err != nil || found {
		if err != nil {
			return nil, err
		}
		return x509.ParsePKCS1PrivateKey(sealed)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(key.N.Bytes())
	public := map[string]any{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": hex.EncodeToString(id[:20]),
		"n": encoding.EncodeToString(key.N.Bytes()), "e": encoding.EncodeToString(big.NewInt(int64(key.E)).Bytes())}
	return key, errors.Join(q.Tx.PutSecret(signingKey, x509.MarshalPKCS1PrivateKey(key)), q.Tx.Put(publicKey, public))
}

// Verify returns the account of a token, as serviceAccount:EMAIL. It refuses a token that this emulator did not sign, that has
// another audience, or that has expired.
func Verify(q *rest.Request, token string, audiences []string) (member string, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", errors.New("it is not a JSON web token")
	}
	var head header
	var c claims
	if err := errors.Join(decode(parts[0], &head), decode(parts[1], &c)); err != nil {
		return "", fmt.Errorf("it is not a JSON web token: %w", err)
	}
	if err := checkSignature(q, head, parts[0]+"."+parts[1], parts[2]); err != nil {
		return "", err
	}
	email := doc.Text(q.Tx.Get(subjectPrefix+c.Subject), "email")
	switch {
	case c.Issuer != issuer || email == "":
		return "", fmt.Errorf("its issuer %s and subject %s are not known", c.Issuer, c.Subject)
	case q.Now.After(time.Unix(c.Expires, 0).Add(skew)):
		return "", errors.New("its time is over")
	case q.Now.Before(time.Unix(c.IssuedAt, 0).Add(-skew)):
		return "", errors.New("its time has not come")
	case !slices.Contains(audiences, c.Audience):
		return "", fmt.Errorf("it is for %s, not for %s", c.Audience, strings.Join(audiences, " or "))
	}
	return "serviceAccount:" + email, nil
}

func decode(part string, into any) error {
	raw, err := encoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

func checkSignature(q *rest.Request, head header, signed, signature string) error {
	public := q.Tx.Get(publicKey)
	raw, err := encoding.DecodeString(signature)
	modulus, errN := encoding.DecodeString(doc.Text(public, "n"))
	exponent, errE := encoding.DecodeString(doc.Text(public, "e"))
	if err := errors.Join(err, errN, errE); err != nil {
		return err
	}
	if public == nil || head.Algorithm != "RS256" || head.KeyID != doc.Text(public, "kid") {
		return fmt.Errorf("it is signed by the key %q (%s), not by the emulator's", head.KeyID, head.Algorithm)
	}
	hash := sha256.Sum256([]byte(signed))
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: int(new(big.Int).SetBytes(exponent).Int64())}
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, hash[:], raw) != nil {
		return errors.New("its signature is not the emulator's")
	}
	return nil
}
