package monitoring

import (
	"errors"
	"fmt"
	"maps"
	"net/mail"
	"net/url"
	"slices"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/monitoring"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
	"github.com/guiofsaints/procureflow-platform/internal/pulumiopt"
)

// ChannelsTypeToken identifies the component in state. It never changes.
const ChannelsTypeToken = "procureflow:monitoring:Channels"

// ChannelsArgs describes the people to tell.
type ChannelsArgs struct {
	// Project is the id of the project that alerts. Required.
	Project pulumi.StringInput
	// Emails are addresses; each becomes a channel named after it. Required, at least one.
	Emails []string
	// Others are channels of other kinds, by a short key. Default: none.
	Others map[string]Channel
	// Labels are put on the channels. Default: none.
	Labels pulumi.StringMapInput
}

// Channel is a receiver of alerts other than a mail address.
type Channel struct {
	// Kind is [Slack], [PagerDuty], [Webhook], [PubSub] or [SMS]. Required.
	Kind string
	// Target is where alerts go: for Slack a channel such as #alerts, for Webhook its address, for PubSub a topic,
	// projects/P/topics/T, for SMS a telephone number such as +4930123456. Required, except for [PagerDuty].
	Target string
	// User is the user name for a webhook, with Secret as the password. Default: none; the webhook gets Secret as its auth_token.
	User string
	// Secret is slack's token, pagerduty's integration key, or a webhook's password or token. Required for these kinds. It is kept as a
	// secret in state even if the argument is not marked as one. The API never returns it.
	Secret pulumi.StringInput
}

// The kinds of channels besides mail.
const (
	Slack     = "slack"
	PagerDuty = "pagerduty"
	Webhook   = "webhook"
	PubSub    = "pubsub"
	SMS       = "sms"
)

// Channels are the notification channels that alerts and budgets share.
type Channels struct {
	pulumi.ResourceState

	// Names are the channels' resource names, projects/P/notificationChannels/ID. The channels of Emails come first, in
	// their order.
	Names pulumi.StringArrayOutput
	// EmailNames are the names of the channels of Emails alone. A budget, which tells at most five channels, uses
	// these.
	EmailNames pulumi.StringArrayOutput
}

// NewChannels makes one channel per address, and one for each of the others. It fails before registering anything when an argument is
// missing or impossible, and then names every such argument.
func NewChannels(ctx *pulumi.Context, name string, args *ChannelsArgs, opts ...pulumi.ResourceOption) (*Channels, error) {
	if err := args.validate(); err != nil {
		return nil, fmt.Errorf("channels %q: %w", name, err)
	}
	channels := &Channels{}
	inputs := pulumi.Map{"project": args.Project, "emails": pulumi.ToStringArray(args.Emails)}
	if err := ctx.RegisterComponentResourceV2(ChannelsTypeToken, name, inputs, channels, opts...); err != nil {
		return nil, fmt.Errorf("register channels %q: %w", name, err)
	}
	names := pulumi.StringArray{}
	for _, address := range args.Emails {
		channel, err := monitoring.NewNotificationChannel(ctx, name+"-email-"+naming.Slug(address), &monitoring.NotificationChannelArgs{
			Project:     args.Project,
			DisplayName: pulumi.String(address),
			Type:        pulumi.String("email"),
			Labels:      pulumi.StringMap{"email_address": pulumi.String(address)},
			Enabled:     pulumi.Bool(true),
			UserLabels:  args.Labels,
		}, pulumiopt.Child(channels)...)
		if err != nil {
			return nil, fmt.Errorf("channels %q: %s: %w", name, address, err)
		}
		names = append(names, channel.Name)
	}
	channels.EmailNames = slices.Clone(names).ToStringArrayOutput()
	for _, key := range slices.Sorted(maps.Keys(args.Others)) {
		channel, err := monitoring.NewNotificationChannel(ctx, name+"-"+key, args.Others[key].args(key, args), pulumiopt.Child(channels)...)
		if err != nil {
			return nil, fmt.Errorf("channels %q: %s: %w", name, key, err)
		}
		names = append(names, channel.Name)
	}
	channels.Names = names.ToStringArrayOutput()
	if err := ctx.RegisterResourceOutputs(channels, pulumi.Map{"names": channels.Names}); err != nil {
		return nil, fmt.Errorf("channels %q: register outputs: %w", name, err)
	}
	return channels, nil
}

// args returns a channel of this kind as Cloud Monitoring describes it.
func (c Channel) args(key string, of *ChannelsArgs) *monitoring.NotificationChannelArgs {
	args := &monitoring.NotificationChannelArgs{Project: of.Project, DisplayName: pulumi.String(key), Type: pulumi.String(c.Kind),
		Enabled: pulumi.Bool(true), UserLabels: of.Labels}
	switch c.Kind {
	case Slack:
		args.Labels = pulumi.StringMap{"channel_name": pulumi.String(c.Target)}
		args.SensitiveLabels = &monitoring.NotificationChannelSensitiveLabelsArgs{AuthToken: c.secret()}
	case PagerDuty:
		args.SensitiveLabels = &monitoring.NotificationChannelSensitiveLabelsArgs{ServiceKey: c.secret()}
	case Webhook:
		args.Type, args.Labels = pulumi.String("webhook_tokenauth"), nil
		if c.User != "" {
			args.Type, args.Labels = pulumi.String("webhook_basicauth"), pulumi.StringMap{"url": pulumi.String(c.Target),
				"username": pulumi.String(c.User)}
			args.SensitiveLabels = &monitoring.NotificationChannelSensitiveLabelsArgs{Password: c.secret()}
		} else {
			// This kind has no sensitive label, so the token is part of the address and the whole address is a secret.
			address := c.secret().ApplyT(func(token string) string {
				return c.Target + "?auth_token=" + url.QueryEscape(token)
			}).(pulumi.StringOutput)
			args.Labels = pulumi.ToSecret(pulumi.StringMap{"url": address}).(pulumi.StringMapOutput)
		}
	case PubSub:
		args.Labels = pulumi.StringMap{"topic": pulumi.String(c.Target)}
	case SMS:
		args.Labels = pulumi.StringMap{"number": pulumi.String(c.Target)}
	}
	return args
}

// secret returns the channel's secret, marked as a secret.
func (c Channel) secret() pulumi.StringOutput { return pulumi.ToSecret(c.Secret).(pulumi.StringOutput) }

func (c Channel) problems(key string, found *problems.List) {
	field := fmt.Sprintf("args.Others[%q]", key)
	known := slices.Contains([]string{Slack, PagerDuty, Webhook, PubSub, SMS}, c.Kind)
	found.If(!known, "%s.Kind %q is unknown: use %s, %s, %s, %s or %s", field, c.Kind, Slack, PagerDuty, Webhook, PubSub, SMS)
	found.If(known && c.Target == "" && c.Kind != PagerDuty, "%s.Target is missing: name the channel, address, topic or number", field)
	needs := c.Kind == Slack || c.Kind == PagerDuty || c.Kind == Webhook
	found.If(needs && c.Secret == nil, "%s.Secret is missing: a %s needs it", field, c.Kind)
	found.If(known && !needs && c.Secret != nil, "%s.Secret is set, and a channel of kind %s has no secret: remove it", field, c.Kind)
	found.If(c.User != "" && c.Kind != Webhook, "%s.User is set, and only a webhook has a user name: remove it", field)
}

func (args *ChannelsArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass a *ChannelsArgs")
	}
	found := &problems.List{}
	found.If(args.Project == nil, "args.Project is missing: set the project's id")
	found.If(len(args.Emails) == 0, "args.Emails is empty: name at least one address, so that alerts reach somebody")
	for _, key := range slices.Sorted(maps.Keys(args.Others)) {
		args.Others[key].problems(key, found)
	}
	taken := map[string]string{}
	for i, address := range args.Emails {
		if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
			found.Add("args.Emails[%d] is not an e-mail address: write NAME@DOMAIN", i)
			continue
		}
		slug := naming.Slug(address)
		if other, ok := taken[slug]; ok {
			found.Add("args.Emails[%d] would be named like %s: remove one of the two", i, other)
		}
		taken[slug] = fmt.Sprintf("args.Emails[%d]", i)
	}
	return found.Err()
}
