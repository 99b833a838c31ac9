package monitoring_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/components/monitoring"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

const channelType = "gcp:monitoring/notificationChannel:NotificationChannel"

func TestEachAddressIsAChannel(t *testing.T) {
	t.Parallel()
	var channels *monitoring.Channels
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		var err error
		channels, err = monitoring.NewChannels(ctx, "alerts", &monitoring.ChannelsArgs{
			Project: pulumi.String("procureflow-dev"), Emails: []string{"b@example.com", "a@example.com"},
			Labels: pulumi.StringMap{"app": pulumi.String("procureflow")},
		})
		return err
	})
	pulumitest.CheckParents(t, inventory)
	assert.Equal(t, []string{"alerts-email-a-example-com", "alerts-email-b-example-com"}, inventory.Names(channelType))
	assert.Equal(t, map[string]any{
		"project": "procureflow-dev", "displayName": "b@example.com", "type": "email", "enabled": true,
		"labels": map[string]any{"email_address": "b@example.com"}, "userLabels": map[string]any{"app": "procureflow"},
	}, inventory.One(t, channelType, "alerts-email-b-example-com").Inputs)
	names := pulumitest.Value[[]string](t, channels.Names)
	require.Len(t, names, 2)
	assert.Regexp(t, `^projects/procureflow-dev/notificationChannels/[0-9]+$`, names[0])
	assert.NotEqual(t, names[0], names[1])
}

func TestBadChannelsRegisterNothing(t *testing.T) {
	t.Parallel()
	project := pulumi.String("p")
	for name, test := range map[string]struct {
		args *monitoring.ChannelsArgs
		want []string
	}{
		"nil":                {nil, []string{`channels "alerts": args is nil`}},
		"everything missing": {&monitoring.ChannelsArgs{}, []string{"args.Project is missing", "args.Emails is empty: name at least one"}},
		"no address": {&monitoring.ChannelsArgs{Project: project,
			Emails: []string{"a@example.com", "On Call <b@example.com>", "x"}},
			[]string{"args.Emails[1] is no e-mail address", "args.Emails[2] is no e-mail address"}},
		"one twice": {&monitoring.ChannelsArgs{Project: project, Emails: []string{"a.b@example.com", "a-b@example.com"}},
			[]string{"args.Emails[1] would be named like args.Emails[0]"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inventory, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
				_, err := monitoring.NewChannels(ctx, "alerts", test.args)
				return err
			})
			require.Error(t, err)
			for _, want := range test.want {
				assert.ErrorContains(t, err, want)
			}
			assert.Empty(t, inventory.Resources)
		})
	}
}
