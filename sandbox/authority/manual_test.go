package authority_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/sandbox/authority"
	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
)

// TestManualSteps checks which steps of a change need a person: those for which the pipeline's account lacks a permission, and those
// that a job's token can never do.
func TestManualSteps(t *testing.T) {
	t.Parallel()
	const service, pool = "gcp:cloudrunv2/service:Service", "gcp:iam/workloadIdentityPool:WorkloadIdentityPool"
	step := func(op review.Op, token, name string) review.Step {
		return review.Step{Op: op, Type: token, Name: name}
	}
	for name, test := range map[string]struct {
		steps  []review.Step
		before []inventory.Resource
		want   []string
	}{
		"nothing": {},
		"no account has permissions": {steps: []review.Step{step(review.Update, service, "web")},
			want: []string{"a person applies web: infra does not hold run.services.get"}},
		"GitHub's settings": {steps: []review.Step{step(review.Update, "github:index/repositoryRuleset:RepositoryRuleset", "main")},
			want: []string{"a person applies main: no job may change GitHub's settings"}},
		"an unknown type": {steps: []review.Step{step(review.Create, "aws:s3/bucket:Bucket", "b")},
			want: []string{"a person applies b: nothing says which permissions aws:s3/bucket:Bucket takes"}},
		"many of a kind": {steps: []review.Step{step(review.Delete, pool, "a"), step(review.Delete, pool, "b"), step(review.Delete, pool, "c"),
			step(review.Delete, pool, "d")}, want: []string{"a person applies a, b, c and 1 more: infra does not hold " +
			"iam.googleapis.com/workloadIdentityPools.get"}},
	} {
		assert.Equal(t, test.want, authority.ManualSteps(test.steps, test.before), name)
	}
}
