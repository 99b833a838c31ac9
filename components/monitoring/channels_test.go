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
			[]string{"args.Emails[1] is not an e-mail address", "args.Emails[2] is not an e-mail address"}},
		"the same address twice": {&monitoring.ChannelsArgs{Project: project, Emails: []string{"a.b@example.com", "a-b@example.com"}},
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

func TestOtherChannels(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	inventory := pulumitest.Run(t, func(ctx *pulumi.Context) error {
		_, err := monitoring.NewChannels(ctx, "alerts", &monitoring.ChannelsArgs{Project: pulumi.String("p"), Emails: []string{"a@example.com"},
			Others: map[string]monitoring.Channel{
				"chat":  {Kind: monitoring.Slack, Target: "#alerts", Secret: pulumi.String(secret)},
				"pager": {Kind: monitoring.PagerDuty, Secret: pulumi.String(secret)},
				"hook":  {Kind: monitoring.Webhook, Target: "https://hooks.example.com/a", User: "u", Secret: pulumi.String(secret)},
				"token": {Kind: monitoring.Webhook, Target: "https://hooks.example.com/b", Secret: pulumi.String("a+b/c&d=")},
				"topic": {Kind: monitoring.PubSub, Target: "projects/p/topics/alerts"},
				"phone": {Kind: monitoring.SMS, Target: "+4930123456"},
			}})
		return err
	})
	pulumitest.CheckParents(t, inventory)
	for key, want := range map[string]struct {
		kind              string
		labels, sensitive any
		secrets           []string
	}{
		"chat":  {"slack", map[string]any{"channel_name": "#alerts"}, map[string]any{"authToken": secret}, []string{"sensitiveLabels.authToken"}},
		"pager": {"pagerduty", nil, map[string]any{"serviceKey": secret}, []string{"sensitiveLabels.serviceKey"}},
		"hook": {"webhook_basicauth", map[string]any{"url": "https://hooks.example.com/a", "username": "u"}, map[string]any{"password": secret},
			[]string{"sensitiveLabels.password"}},
		"token": {"webhook_tokenauth", map[string]any{"url": "https://hooks.example.com/b?auth_token=a%2Bb%2Fc%26d%3D"}, nil,
			[]string{"labels"}},
		"topic": {"pubsub", map[string]any{"topic": "projects/p/topics/alerts"}, nil, nil},
		"phone": {"sms", map[string]any{"number": "+4930123456"}, nil, nil},
	} {
		channel := inventory.One(t, "gcp:monitoring/notificationChannel:NotificationChannel", "alerts-"+key)
		assert.Equal(t, want.kind, channel.Inputs["type"], key)
		assert.Equal(t, want.labels, channel.Inputs["labels"], key)
		assert.Equal(t, want.sensitive, channel.Inputs["sensitiveLabels"], key)
		assert.Equal(t, want.secrets, channel.Secrets, "%s: the secret is a secret in the state, too", key)
	}
}

func TestBadOtherChannels(t *testing.T) {
	t.Parallel()
	_, err := pulumitest.RunErr(func(ctx *pulumi.Context) error {
		_, err := monitoring.NewChannels(ctx, "alerts", &monitoring.ChannelsArgs{Project: pulumi.String("p"), Emails: []string{"a@example.com"},
			Others: map[string]monitoring.Channel{"a": {Kind: "teams"}, "b": {Kind: monitoring.Slack, User: "u"},
				"c": {Kind: monitoring.SMS, Target: "+1", Secret: pulumi.String("x")}}})
		return err
	})
	assert.ErrorContains(t, err, `channels "alerts": args.Others["a"].Kind "teams" is unknown: use slack, pagerduty, webhook, pubsub or sms
args.Others["b"].Target is missing: name the channel, address, topic or number
args.Others["b"].Secret is missing: a slack needs it
args.Others["b"].User is set, and only a webhook has a user name: remove it
args.Others["c"].Secret is set, and a channel of kind sms has no secret: remove it`)
}
