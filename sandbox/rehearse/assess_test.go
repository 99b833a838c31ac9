package rehearse

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/sandbox/cost"
	"github.com/guiofsaints/procureflow-platform/stacks"
)

func TestLoadsOfServices(t *testing.T) {
	t.Parallel()
	settings := stacks.Settings{
		Services: map[string]stacks.Service{
			"api": {Name: "shop-api", Load: &stacks.ExpectedLoad{RequestsPerMonth: 40_000, MillisecondsPerRequest: 90}},
			"web": {Name: "shop-web", Load: &stacks.ExpectedLoad{RequestsPerMonth: 9_000, MillisecondsPerRequest: 50}},
			"job": {Name: "shop-job"},
		},
		Previews: &stacks.Previews{Services: []string{"web"}, Slots: 2},
	}
	slot := cost.Load{Requests: 1_000, Milliseconds: 200, From: "only reviewers use a slot"}
	measured := cost.Load{Requests: 7, Milliseconds: 8, From: "measured"}
	require.Equal(t, map[string]cost.Load{
		"shop-api":           {Requests: 40_000, Milliseconds: 90, From: "services.api.load"},
		"shop-web":           measured,
		"shop-web-preview-1": slot,
		"shop-web-preview-2": slot,
	}, Loads(settings, map[string]cost.Load{"shop-web": measured}))
}
