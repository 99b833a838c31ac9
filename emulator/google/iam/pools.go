package iam

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

const pools = "projects/*/locations/*/workloadIdentityPools"

// rulesPrefix and a pool's key together are the key of the pool's attestation rules, which the pool itself does not show. The
// rules have no effect, because no workload on Google's machines runs here.
const rulesPrefix = "rules:"

// A deleted pool or provider keeps its id for 30 days. During that time it can be undeleted.
const poolKept = 30 * 24 * time.Hour

func pool() *rest.Kind {
	k := federated(pools, "WorkloadIdentityPool", "workloadIdentityPool")
	k.Create.IDParam, k.Prepare, k.Policy = "workloadIdentityPoolId", prepareFederated, true
	k.Update.Immutable, k.Annexes = []string{"mode"}, []string{rulesPrefix}
	k.Methods["GET listAttestationRules"] = func(c *rest.Change) (any, error) {
		return c.Page("attestationRules", doc.List(c.Tx.Get(rulesPrefix+c.Name.Key()), "attestationRules"))
	}
	k.Methods["POST setAttestationRules"] = func(c *rest.Change) (any, error) {
		rules := doc.List(c.Body, "attestationRules")
		if len(rules) > 50 {
			return nil, rest.Invalid("A pool has at most 50 attestation rules.")
		}
		if err := c.Tx.Put(rulesPrefix+c.Name.Key(), store.Document{"attestationRules": rules}); err != nil {
			return nil, err
		}
		return c.Answer("update", c.Old)
	}
	return k
}

func provider() *rest.Kind {
	k := federated(pools+"/*/providers", "WorkloadIdentityPoolProvider", "workloadIdentityPoolProvider")
	k.Create.IDParam, k.Prepare = "workloadIdentityPoolProviderId", prepareProvider
	return k
}

// federated returns the common parts of pools and providers: ids, operations and soft deletion.
func federated(pattern, message, body string) *rest.Kind {
	return &rest.Kind{
		Pattern: pattern, Message: message, Body: body,
		Names: rest.Names{Numbered: true, Global: true},
		Read:  rest.Read{Items: body + "s"},
		Create: &rest.Create{ID: regexp.MustCompile(`^[a-z0-9-]{4,32}$`),
			BadID: rest.Invalid("Invalid id \"{given}\": it must be 4 to 32 lower-case letters, digits and hyphens.")},
		Update:     &rest.Update{},
		Delete:     &rest.Delete{Before: deleteFederated, Soft: &rest.SoftDelete{Deleted: isDeleted, Purged: isExpired}},
		Methods:    rest.Methods{"POST undelete": undeleteFederated},
		Operations: rest.Operations{Type: "google.iam.v1beta." + message, Methods: []string{"create", "update", "delete", "undelete"}},
	}
}

// isDeleted reports whether a pool or provider is deleted, and isExpired whether its id is free again.
func isDeleted(document map[string]any) bool { return doc.Text(document, "state") == "DELETED" }

func isExpired(q *rest.Request, _ rest.Name, document map[string]any) bool {
	expires, err := time.Parse(time.RFC3339Nano, doc.Text(document, "expireTime"))
	return err == nil && q.Now.After(expires)
}

func deleteFederated(c *rest.Change) error {
	if isDeleted(c.Old) {
		return rest.Precondition("The resource %s is already deleted.", c.Name.Shown())
	}
	c.New = doc.With(doc.With(c.Old, "DELETED", "state"), rest.Timestamp(c.Now.Add(poolKept)), "expireTime")
	return nil
}

func undeleteFederated(c *rest.Change) (any, error) {
	if !isDeleted(c.Old) {
		return nil, rest.Precondition("The resource %s is not deleted.", c.Name.Shown())
	}
	c.New = doc.With(doc.Without(c.Old, "expireTime"), "ACTIVE", "state")
	if err := c.Put(c.Name, c.New); err != nil {
		return nil, err
	}
	return c.Answer("undelete", c.New)
}

// ForgetDeleted forgets the project's deleted pools and providers, so that their ids can be used again. The real cloud does so
// after thirty days.
func ForgetDeleted(q *rest.Request, projectID string) error {
	for _, key := range q.Tx.List("//" + Host + "/projects/" + projectID + "/locations/") {
		if !isDeleted(q.Tx.Get(key)) {
			continue
		}
		if err := q.Tx.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// prepareFederated checks what pools and providers have in common, and sets their state.
func prepareFederated(c *rest.Change) error {
	if strings.HasPrefix(c.Name.ID(), "gcp-") {
		return rest.Invalid("Invalid id %q: the prefix \"gcp-\" is reserved.", c.Name.ID())
	}
	if isDeleted(c.Old) {
		return rest.Precondition("The resource %s is deleted: undelete it first.", c.Name.Shown())
	}
	if len(doc.Text(c.New, "displayName")) > 32 {
		return rest.Invalid("Invalid display_name: it is longer than 32 characters.")
	}
	if len(doc.Text(c.New, "description")) > 256 {
		return rest.Invalid("Invalid description: it is longer than 256 characters.")
	}
	c.New["state"] = "ACTIVE"
	return nil
}

var (
	attributeForm = regexp.MustCompile(`^(google\.(subject|groups|display_name|posix_username)|attribute\.[a-z0-9_]{1,100})$`)
	claimForm     = regexp.MustCompile(`\b(assertion|attribute|google)\.`)
)

func prepareProvider(c *rest.Change) error {
	if err := prepareFederated(c); err != nil {
		return err
	}
	pool := c.Name.Parent()
	if doc.Text(c.Get(pool), "state") != "ACTIVE" {
		return rest.Precondition("The pool %s is deleted: undelete it first.", pool.Shown())
	}
	sources := 0
	for _, source := range []string{"oidc", "aws", "saml", "x509"} {
		if c.New[source] != nil {
			sources++
		}
	}
	if sources != 1 {
		return rest.Invalid("Exactly one of aws, oidc, saml and x509 must be set in a workload identity pool provider.")
	}
	mapping := doc.Object(c.New, "attributeMapping")
	if c.New["oidc"] != nil {
		if issuer := doc.Text(c.New, "oidc", "issuerUri"); !strings.HasPrefix(issuer, "https://") {
			return rest.Invalid("Invalid issuer_uri %q: it must be a valid URI that begins with https://.", issuer)
		}
		if doc.Text(mapping, "google.subject") == "" {
			return rest.Invalid("The attribute mapping must map google.subject.")
		}
	}
	for _, attribute := range slices.Sorted(maps.Keys(mapping)) {
		if !attributeForm.MatchString(attribute) {
			return rest.Invalid("Invalid attribute mapping key %q: use google.subject, google.groups or attribute.NAME with lower-case "+
				"letters, digits and underscores.", attribute)
		}
		if e, _ := mapping[attribute].(string); e == "" || len(e) > 2048 {
			return rest.Invalid("Invalid attribute mapping for %s: the expression must have 1 to 2048 characters.", attribute)
		}
	}
	if len(mapping) > 50 {
		return rest.Invalid("The attribute mapping has more than 50 keys.")
	}
	return checkCondition(c.New)
}

// sharedIssuers serve many organizations. For them the API requires a condition that identifies whose token it is.
var sharedIssuers = []string{"https://token.actions.githubusercontent.com", "https://gitlab.com", "https://app.terraform.io"}

func checkCondition(provider map[string]any) error {
	condition := doc.Text(provider, "attributeCondition")
	if len(condition) > 4096 {
		return rest.Invalid("The attribute condition is longer than 4096 characters.")
	}
	shared := slices.Contains(sharedIssuers, strings.TrimSuffix(doc.Text(provider, "oidc", "issuerUri"), "/"))
	if shared && !claimForm.MatchString(condition) {
		return rest.Invalid("The attribute condition must reference one of the provider's claims. For more information, see " +
			"https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines#conditions")
	}
	return nil
}
