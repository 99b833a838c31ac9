// Package iamcredentials emulates IAM Service Account Credentials. It makes ID tokens of service accounts, signed by the
// emulator's own key, and checks them. It serves the public key at the same path as Google, so that the official libraries can
// verify the tokens too.
package iamcredentials

import (
	"net/http"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

const (
	// Host is the API's name.
	Host = "iamcredentials.googleapis.com"
	// CertsPath is the path of the public key, as on www.googleapis.com.
	CertsPath = "/oauth2/v3/certs"
)

// Accounts are the functions of IAM that this API needs.
type Accounts struct {
	// Find returns the document of a service account, or nil if it does not exist.
	Find func(q *rest.Request, email string) map[string]any
	// ProjectOf finds the project of an account whose name has - in the project's place.
	ProjectOf func(rest.Name) string
}

// API returns IAM Service Account Credentials v1.
func (its Accounts) API() *rest.API {
	account := &rest.Kind{
		Pattern: "projects/*/serviceAccounts",
		Names:   rest.Names{ProjectOf: its.ProjectOf},
		Methods: rest.Methods{"POST generateIdToken": its.generateIDToken},
	}
	return &rest.API{Prefix: "cred/v1", Host: Host, Schema: "cred", Kinds: []*rest.Kind{account}}
}

func (its Accounts) generateIDToken(c *rest.Change) (any, error) {
	account, audience := its.Find(c.Request, c.Name.ID()), doc.Text(c.Body, "audience")
	switch {
	case account == nil:
		return nil, rest.NotFound("Not found; Gaia id not found for email %s", c.Name.ID())
	case doc.Flag(account, "disabled"):
		return nil, rest.Precondition("Service account %s is disabled.", c.Name.ID())
	case audience == "":
		return nil, rest.Invalid("Request contains an invalid argument: audience is required.")
	}
	id := doc.Text(account, "uniqueId")
	claims := claims{Issuer: issuer, Audience: audience, Subject: id, AuthorizedParty: id, IssuedAt: c.Now.Unix(),
		Expires: c.Now.Add(lifetime).Unix()}
	if doc.Flag(c.Body, "includeEmail") {
		claims.Email, claims.EmailVerified = doc.Text(account, "email"), true
	}
	token, err := sign(c.Request, claims)
	if err != nil {
		return nil, err
	}
	// The token may leave out the email. This document tells the verifier which account the token belongs to.
	return map[string]any{"token": token}, c.Tx.Put(subjectPrefix+claims.Subject, map[string]any{"email": doc.Text(account, "email")})
}

// ServeCerts answers with the public key, as a set of JSON web keys.
func ServeCerts(server *rest.Server) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		server.Serve(w, r, func(q *rest.Request) (any, error) {
			return q.Handle(nil, func() (any, error) {
				keys := []any{}
				if key := q.Tx.Get(publicKey); key != nil {
					keys = append(keys, key)
				}
				return map[string]any{"keys": keys}, nil
			})
		})
	})
}
