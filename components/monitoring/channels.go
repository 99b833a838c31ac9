package monitoring

import (
	"errors"
	"fmt"
	"net/mail"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/monitoring"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/internal/pulumiopt"
)

// ChannelsTypeToken identifies the component in state. It never changes.
const ChannelsTypeToken = "procureflow:monitoring:Channels"

// ChannelsArgs describes who is told.
type ChannelsArgs struct {
	// Project is the id of the project that alerts. Required.
	Project pulumi.StringInput
	// Emails are addresses; each becomes a channel named after it. Required, at least one.
	Emails []string
	// Labels are put on the channels. Default: none.
	Labels pulumi.StringMapInput
}

// Channels are the notification channels that alerts and budgets share.
type Channels struct {
	pulumi.ResourceState

	// Names are the channels' resource names, projects/P/notificationChannels/ID, in the order of Emails.
	Names pulumi.StringArrayOutput
}

// NewChannels makes one channel per address. It fails before registering anything when an argument is missing or
// impossible, and then names every such argument.
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
	channels.Names = names.ToStringArrayOutput()
	if err := ctx.RegisterResourceOutputs(channels, pulumi.Map{"names": channels.Names}); err != nil {
		return nil, fmt.Errorf("channels %q: register outputs: %w", name, err)
	}
	return channels, nil
}

func (args *ChannelsArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass a *ChannelsArgs")
	}
	var problems []error
	if args.Project == nil {
		problems = append(problems, errors.New("args.Project is missing: set the project's id"))
	}
	if len(args.Emails) == 0 {
		problems = append(problems, errors.New("args.Emails is empty: name at least one address, or nobody hears of an alert"))
	}
	taken := map[string]string{}
	for i, address := range args.Emails {
		if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address {
			problems = append(problems, fmt.Errorf("args.Emails[%d] is no e-mail address: write NAME@DOMAIN", i))
			continue
		}
		slug := naming.Slug(address)
		if other, ok := taken[slug]; ok {
			problems = append(problems, fmt.Errorf("args.Emails[%d] would be named like %s: remove one of the two", i, other))
		}
		taken[slug] = fmt.Sprintf("args.Emails[%d]", i)
	}
	return errors.Join(problems...)
}
