package disturb_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/emulator/disturb"
)

func TestContextCarriesADisturbance(t *testing.T) {
	t.Parallel()
	assert.Equal(t, disturb.Disturbance{}, disturb.Of(t.Context()), "nothing goes wrong by itself")
	slow := disturb.Disturbance{OperationDelay: time.Minute, LoseRevision: "web-blue"}
	ctx := disturb.With(t.Context(), slow)
	assert.Equal(t, slow, disturb.Of(ctx))
	below, cancel := context.WithCancel(ctx)
	defer cancel()
	assert.Equal(t, slow, disturb.Of(below))
	assert.Equal(t, disturb.Disturbance{Conflict: true}, disturb.Of(disturb.With(ctx, disturb.Disturbance{Conflict: true})),
		"the later one counts alone")
}
