package run

import (
	"net/http"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// invokers are the roles that let a member call a service.
var invokers = []string{"roles/run.invoker", "roles/run.servicesInvoker", "roles/run.admin", "roles/run.developer", "roles/owner",
	"roles/editor"}

// Authorize decides whether a request may reach a service. It returns 200, 401 for a token that cannot be verified, or 403 for a
// caller without a token or without a role. The token is an ID token whose audience is the service's address, the address of a
// traffic tag, or a custom audience. If two headers carry a token, the one in X-Serverless-Authorization counts.
func (a *API) Authorize(service Service, header http.Header) int {
	if service.Public {
		return http.StatusOK
	}
	given := header.Get("X-Serverless-Authorization")
	if given == "" {
		given = header.Get("Authorization")
	}
	if given == "" {
		return http.StatusForbidden
	}
	scheme, token, _ := strings.Cut(given, " ")
	if !strings.EqualFold(scheme, "bearer") {
		return http.StatusUnauthorized
	}
	code := http.StatusForbidden
	_ = a.server.View(func(q *rest.Request) error { // fails only if the store is closed
		n, document := q.Find(Host, services, service.Name)
		audiences := append(doc.Texts(document, "urls"), doc.Texts(document, "customAudiences")...)
		member, err := a.deps.Caller(q, token, audiences)
		switch {
		case err != nil:
			a.log.Info("cloud run refused a token", "service", service.Name, "because", err.Error())
			code = http.StatusUnauthorized
		case q.Holds(n, member, invokers...) || q.Holds(n, "allAuthenticatedUsers", invokers...):
			code = http.StatusOK
		}
		return nil
	})
	return code
}
