package cloud

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

const poolPattern = "projects/*/locations/*/workloadIdentityPools"

// rulesPrefix stands before a pool's key in the key of its attestation rules, which the pool itself does not show. They are
// stored without effect: no workload of Google's runs here.
const rulesPrefix = "rules:"

// A deleted pool or provider keeps its id for 30 days, in which it can be undeleted.
const poolKept = 30 * 24 * time.Hour

func federationKinds() []*kind {
	pool := federationKind(poolPattern, "iam:WorkloadIdentityPool", "workloadIdentityPool", "google.iam.v1beta.WorkloadIdentityPool",
		"workloadIdentityPools")
	pool.idParam, pool.prepare, pool.policy = "workloadIdentityPoolId", checkFederated, true
	pool.immutable = []string{"mode"}
	pool.verbs["GET listAttestationRules"] = func(c *change) (any, error) {
		return c.page("attestationRules", list(c.tx.Get(rulesPrefix+c.name.key()), "attestationRules"))
	}
	pool.verbs["POST setAttestationRules"] = func(c *change) (any, error) {
		rules := list(c.body, "attestationRules")
		if len(rules) > 50 {
			return nil, invalid("A pool has at most 50 attestation rules.")
		}
		if err := c.tx.Put(rulesPrefix+c.name.key(), store.Document{"attestationRules": rules}); err != nil {
			return nil, err
		}
		return c.answer("update", c.old)
	}
	provider := federationKind(poolPattern+"/*/providers", "iam:WorkloadIdentityPoolProvider", "workloadIdentityPoolProvider",
		"google.iam.v1beta.WorkloadIdentityPoolProvider", "workloadIdentityPoolProviders")
	provider.idParam, provider.prepare = "workloadIdentityPoolProviderId", prepareProvider
	return []*kind{pool, provider}
}

// federationKind is what pools and providers have in common: ids, operations and soft deletion.
func federationKind(pattern, message, body, typeURL, listField string) *kind {
	deleted := func(document map[string]any) bool { return text(document, "state") == "DELETED" }
	return &kind{
		prefix: "iam/v1", host: iamHost, pattern: pattern, message: message, body: body, typeURL: typeURL, listField: listField,
		numbered: true, global: true, operations: []string{"create", "update", "delete", "undelete"}, hidden: deleted,
		id:    regexp.MustCompile(`^[a-z0-9-]{4,32}$`),
		idFix: "Invalid id %q: it must be 4 to 32 lower-case letters, digits and hyphens.",
		gone: func(q *request, _ name, document map[string]any) bool {
			expires, err := time.Parse(time.RFC3339Nano, text(document, "expireTime"))
			return err == nil && q.now.After(expires)
		},
		remove: func(c *change) (map[string]any, error) {
			if deleted(c.old) {
				return nil, precondition("The resource %s is already deleted.", c.name.shown())
			}
			c.old["state"], c.old["expireTime"] = "DELETED", timestamp(c.now.Add(poolKept))
			return c.old, nil
		},
		verbs: map[string]func(*change) (any, error){"POST undelete": func(c *change) (any, error) {
			if !deleted(c.old) {
				return nil, precondition("The resource %s is not deleted.", c.name.shown())
			}
			c.old["state"] = "ACTIVE"
			delete(c.old, "expireTime")
			if err := c.tx.Put(c.name.key(), c.old); err != nil {
				return nil, err
			}
			return c.answer("undelete", c.old)
		}},
	}
}

// ForgetDeleted does at once what the cloud does after thirty days: it forgets the project's deleted pools and providers,
// whose ids cannot be used until then.
func (c *Cloud) ForgetDeleted(projectID string) error {
	return c.store.Update(func(tx *store.Tx) error {
		for _, key := range tx.List("//" + iamHost + "/projects/" + projectID + "/locations/") {
			if text(tx.Get(key), "state") != "DELETED" {
				continue
			}
			if _, err := tx.Delete(key); err != nil {
				return err
			}
		}
		return nil
	})
}

func checkFederated(c *change) error {
	if strings.HasPrefix(c.name.id(), "gcp-") {
		return invalid("Invalid id %q: the prefix \"gcp-\" is reserved.", c.name.id())
	}
	if text(c.old, "state") == "DELETED" {
		return precondition("The resource %s is deleted: undelete it first.", c.name.shown())
	}
	if len(text(c.new, "displayName")) > 32 {
		return invalid("Invalid display_name: it is longer than 32 characters.")
	}
	if len(text(c.new, "description")) > 256 {
		return invalid("Invalid description: it is longer than 256 characters.")
	}
	c.new["state"] = "ACTIVE"
	return nil
}

var (
	attributeForm = regexp.MustCompile(`^(google\.(subject|groups|display_name|posix_username)|attribute\.[a-z0-9_]{1,100})$`)
	claimForm     = regexp.MustCompile(`\b(assertion|attribute|google)\.`)
)

func prepareProvider(c *change) error {
	if err := checkFederated(c); err != nil {
		return err
	}
	pool := name{kind: kindOf(iamHost, poolPattern), project: c.name.project, segments: c.name.segments[:6]}
	if text(c.get(pool), "state") != "ACTIVE" {
		return precondition("The pool %s is deleted: undelete it first.", pool.shown())
	}
	sources := 0
	for _, source := range []string{"oidc", "aws", "saml", "x509"} {
		if c.new[source] != nil {
			sources++
		}
	}
	if sources != 1 {
		return invalid("Exactly one of aws, oidc, saml and x509 must be set in a workload identity pool provider.")
	}
	mapping := object(c.new, "attributeMapping")
	if c.new["oidc"] != nil {
		if issuer := text(c.new, "oidc", "issuerUri"); !strings.HasPrefix(issuer, "https://") {
			return invalid("Invalid issuer_uri %q: it must be a valid URI that begins with https://.", issuer)
		}
		if text(mapping, "google.subject") == "" {
			return invalid("The attribute mapping must map google.subject.")
		}
	}
	for attribute, expression := range mapping {
		if !attributeForm.MatchString(attribute) {
			return invalid("Invalid attribute mapping key %q: use google.subject, google.groups or attribute.NAME with lower-case "+
				"letters, digits and underscores.", attribute)
		}
		if e, _ := expression.(string); e == "" || len(e) > 2048 {
			return invalid("Invalid attribute mapping for %s: the expression must have 1 to 2048 characters.", attribute)
		}
	}
	if len(mapping) > 50 {
		return invalid("The attribute mapping has more than 50 keys.")
	}
	return checkCondition(c.new)
}

// sharedIssuers serve many organizations, so the API wants a condition that tells whose token it is.
var sharedIssuers = []string{"https://token.actions.githubusercontent.com", "https://gitlab.com", "https://app.terraform.io"}

func checkCondition(provider map[string]any) error {
	condition := text(provider, "attributeCondition")
	if len(condition) > 4096 {
		return invalid("The attribute condition is longer than 4096 characters.")
	}
	shared := slices.Contains(sharedIssuers, strings.TrimSuffix(text(provider, "oidc", "issuerUri"), "/"))
	if shared && !claimForm.MatchString(condition) {
		return invalid("The attribute condition must reference one of the provider's claims. For more information, see " +
			"https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines#conditions")
	}
	return nil
}
