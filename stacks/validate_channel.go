package stacks

import (
	"net/url"
	"regexp"
	"slices"
)

// The targets of channels by kind. A kind without one has its target in its secret.
// Source: notificationChannelDescriptors of the Monitoring API v3.
var (
	slackChannel = regexp.MustCompile(`^#[a-z0-9._-]{1,79}$`)
	pubsubTopic  = regexp.MustCompile(`^projects/[a-z][a-z0-9-]{4,28}[a-z0-9]/topics/[A-Za-z][A-Za-z0-9._~+%-]{2,254}$`)
	phoneNumber  = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
)

func validateChannel(key string, c Channel, found *findings) {
	path := join("monitoring.channels", key)
	found.shape(path, key, serviceKey, "has a key that is not a short name",
		"use at most 30 lower-case letters, digits and hyphens, a letter first, no hyphen last")
	switch c.Kind {
	case "slack":
		found.shape(path+".target", c.Target, slackChannel, "is not a channel", "use its name, such as #alerts")
	case "pagerduty":
		if c.Target != "" {
			found.add(path+".target", "does not apply to this kind", "remove it: the integration key names the receiver")
		}
	case "webhook":
		address, err := url.Parse(c.Target)
		if err != nil || address.Scheme != "https" || address.Hostname() == "" || address.User != nil || address.RawQuery != "" {
			found.add(path+".target", "is not an address of a webhook",
				"use https://HOST/PATH without a user or a query: put the secret part into secret")
		}
	case "pubsub":
		found.shape(path+".target", c.Target, pubsubTopic, "is not a topic", "use projects/PROJECT/topics/TOPIC")
	case "sms":
		found.shape(path+".target", c.Target, phoneNumber, "is not a telephone number", "use the international form, such as +4930123456")
	default:
		found.add(path+".kind", "is not a kind of channel", "use slack, pagerduty, webhook, pubsub or sms; mail goes to alertEmails")
		return
	}
	needs := slices.Contains([]string{"slack", "pagerduty", "webhook"}, c.Kind)
	if needs && c.Secret == "" {
		found.add(path+".secret", "is missing for this kind",
			"set it: pulumi config set --secret --path '"+settingsKey+"."+path+".secret'")
	}
	if !needs && c.Secret != "" {
		found.add(path+".secret", "does not apply to this kind", "remove it, and revoke it where it came from")
	}
	if c.User != "" && c.Kind != "webhook" {
		found.add(path+".user", "is set, and only a webhook has a user name", "remove it")
	}
}
