package stacks

import (
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/naming"
)

// The environments. Each is a stack. Each has to meet more rules than the one before it.
const (
	dev     = "dev"
	staging = "staging"
	prod    = "prod"
)

// The forms of Google Cloud's names. The patterns are anchored, so a match is the whole value.
var (
	projectID     = regexp.MustCompile(`^[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
	projectNumber = regexp.MustCompile(`^[1-9][0-9]{0,18}$`)
	region        = regexp.MustCompile(`^[a-z]+-[a-z]+[1-9][0-9]?$`)
	billingID     = regexp.MustCompile(`^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$`)
	labelKey      = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)
	labelValue    = regexp.MustCompile(`^[a-z0-9_-]{0,63}$`)
	member        = regexp.MustCompile(`^(user|serviceAccount|group):[^@\s]+@[^@\s]+$|^principalSet://iam\.googleapis\.com/\S+$`)
)

// validate reports everything impossible or dangerous in settings that were read. The stack's name decides which rules hold, so that
// a file of prod that says dev does not escape prod's rules.
func validate(s Settings, stack string, found *findings) {
	switch {
	case s.Environment != stack:
		found.add("environment", "is not the name of the stack", "each stack has a file of its own: write "+stack+" in Pulumi."+stack+".yaml")
	case !slices.Contains([]string{dev, staging, prod}, stack):
		found.add("environment", "is not an environment of this platform", "use a stack named dev, staging or prod")
	}
	validateProject(s.Project, found)
	validateLabels(s, found)
	validateRegistry(s.Registry, found)
	validateSecrets(s.Secrets, found)
	validateGitHub(s.GitHub, stack, found)
	validateMonitoring(s.Monitoring, found)
	validateBudget(s.Budget, found)
	if s.BinaryAuthorization != nil {
		validateBinaryAuthorization(s, stack, found)
	}
	validateDatabases(s, found)
	validateBuckets(s, found)
	accounts := owners{}
	validateServices(s, stack, accounts, found)
	validateJobs(s, stack, accounts, found)
	validatePreviews(s, stack, accounts, found)
}

// validateBinaryAuthorization follows the ids of Cloud KMS and the patterns of Binary Authorization
// (https://cloud.google.com/binary-authorization/docs/exempting-images).
func validateBinaryAuthorization(s Settings, stack string, found *findings) {
	const path = "binaryAuthorization"
	b, own := *s.BinaryAuthorization, naming.ImagePrefix(s.Project.Region, s.Project.ID, s.Registry.ID)+"/"
	if stack == dev {
		found.add(path, "is set in dev", "remove it: a promotion signs images, and nothing is promoted to dev")
	}
	found.shape(path+".keyRing", b.KeyRing, limits.KeyID, "is not a key ring's id", "use 1-63 letters, digits, hyphens and underscores")
	if found.readable(path+".protectionLevel") && !slices.Contains(limits.ProtectionLevels, b.ProtectionLevel) {
		found.add(path+".protectionLevel", "is not a protection level that generates keys", "use SOFTWARE or HSM")
	}
	for i, version := range b.KeyVersions {
		at := fmt.Sprintf("%s.keyVersions[%d]", path, i)
		switch {
		case version < 1:
			found.add(at, "is not a version", "versions count from 1")
		case slices.Index(b.KeyVersions, version) < i:
			found.add(at, "is there twice", "list each version once")
		}
	}
	for i, pattern := range b.Exemptions {
		at := fmt.Sprintf("%s.exemptions[%d]", path, i)
		found.shape(at, pattern, limits.Exemption, "is not a pattern of images",
			"write REGISTRY/PATH, with * or ** only at the end: a pattern without a registry would admit everybody's images")
		stem := strings.TrimRight(pattern, "*")
		if limits.Exemption.MatchString(pattern) && stem != pattern && (strings.HasPrefix(own, stem) || strings.HasPrefix(stem, own)) {
			found.add(at, "admits images of this environment's own registry that nobody signed", "name single images there, by digest, or sign them")
		}
	}
}

func validateProject(p Project, found *findings) {
	found.shape("project.id", p.ID, projectID, "is not a project id",
		"use 6-30 lower-case letters, digits and hyphens, a letter first, no hyphen last")
	found.shape("project.number", p.Number, projectNumber, "is not a project number", "use digits only, in quotes; the id is not the number")
	found.shape("project.region", p.Region, region, "is not a region", "use a region such as us-central1, not a zone and not a multi-region")
	found.shape("project.billingAccount", p.BillingAccount, billingID, "is not a billing account id",
		"use XXXXXX-XXXXXX-XXXXXX with digits and A-F, without billingAccounts/")
}

// validateLabels applies the rules of every labelled Google Cloud resource, narrowed to ASCII.
// Source: https://cloud.google.com/resource-manager/docs/labels-overview, "Requirements for labels".
func validateLabels(s Settings, found *findings) {
	for _, key := range sortedKeys(s.Labels) {
		path := join("labels", key)
		found.shape(path, key, labelKey, "has a key that is not a label key",
			"use at most 63 lower-case letters, digits, underscores and hyphens, a letter first")
		found.shape(path, s.Labels[key], labelValue, "is not a label value",
			"use at most 63 lower-case letters, digits, underscores and hyphens")
	}
	if len(s.Labels) > 64 {
		found.add("labels", "are more than a resource can have", "keep at most 64")
	}
	if !found.readable("labels") {
		return
	}
	for _, key := range []string{"app", "environment", "managed-by"} {
		switch value := s.Labels[key]; {
		case value == "":
			found.add("labels."+key, "is missing", "add it: people find costs and owners by it")
		case key == "environment" && value != s.Environment && found.readable("environment"):
			found.add("labels.environment", "differs from environment", "write the same name in both")
		case key == "managed-by" && value != "pulumi":
			found.add("labels.managed-by", "names another tool", "write pulumi")
		}
	}
}

func validateRegistry(r Registry, found *findings) {
	found.shape("registry.id", r.ID, limits.RepositoryID, "is not a repository id",
		"use at most 63 lower-case letters, digits and hyphens, a letter first, no hyphen last")
	found.atLeast("registry.untaggedRetentionDays", r.UntaggedRetentionDays, 1)
	found.atLeast("registry.keepMostRecent", r.KeepMostRecent, 1)
	for i, reader := range r.Readers {
		path := fmt.Sprintf("registry.readers[%d]", i)
		switch {
		case reader == "allUsers" || reader == "allAuthenticatedUsers":
			found.add(path, "lets anybody pull the images", "name the accounts that pull")
		case strings.HasPrefix(reader, "principalSet:") && strings.HasSuffix(reader, "/*"):
			found.add(path, "lets every identity of a pool pull, whatever its repository", "name one attribute value of the pool, or an account")
		case slices.Contains(r.Readers[:i], reader):
			found.add(path, "is there twice", "remove one of the two")
		default:
			found.ownName(path, r.Readers, i)
			found.shape(path, reader, member, "is not a principal",
				"use user:, serviceAccount: or group: and an address, or principalSet://iam.googleapis.com/...")
		}
	}
}

func validateSecrets(secrets map[string]Secret, found *findings) {
	for _, id := range sortedKeys(secrets) {
		secret, path := secrets[id], join("secrets", id)
		found.shape(path, id, limits.SecretID, "has a key that is not a secret id", "use at most 255 letters, digits, hyphens and underscores")
		if !found.readable(path, path+".version", path+".value") {
			continue
		}
		switch {
		case secret.Version == "" && secret.Value == "":
			found.add(path, "has neither a version nor a value",
				`pin a version, for example "1", or give it a value: pulumi config set --secret --path '`+settingsKey+"."+path+".value'")
		case secret.Version != "" && secret.Value != "":
			found.add(path, "has both a version and a value", "keep one: a value makes its own version")
		case secret.Version == "latest":
			found.add(path+".version", "does not name one version", `pin a number, for example "1": a rollback has to restore the revision's value`)
		case secret.Version != "":
			found.shape(path+".version", secret.Version, limits.SecretVersion, "is not a version",
				`use a positive number in quotes, for example "1"`)
		}
	}
}

func validateMonitoring(m Monitoring, found *findings) {
	// A budget notifies at most five channels. Source: NotificationsRule.monitoringNotificationChannels of the Cloud
	// Billing Budget API.
	found.count("monitoring.alertEmails", len(m.AlertEmails), 1, 5, "addresses")
	for i, address := range m.AlertEmails {
		path := fmt.Sprintf("monitoring.alertEmails[%d]", i)
		parsed, err := mail.ParseAddress(address)
		if err != nil || parsed.Address != address {
			found.add(path, "is not an e-mail address", "use NAME@DOMAIN, without a display name")
		} else if slices.ContainsFunc(m.AlertEmails[:i], func(other string) bool { return strings.EqualFold(other, address) }) {
			found.add(path, "is there twice", "remove one of the two")
		} else {
			found.ownName(path, m.AlertEmails, i)
		}
	}
	for _, key := range sortedKeys(m.Channels) {
		validateChannel(key, m.Channels[key], found)
	}
	page, err := url.Parse(m.RunbookURL)
	if err != nil || page.Scheme != "https" || page.Hostname() == "" || page.User != nil || page.Fragment != "" {
		found.add("monitoring.runbookUrl", "is not a page that every alert can link to",
			"use an https:// address without a user name and without a section, which each alert adds")
	}
}

func validateBudget(b Budget, found *findings) {
	found.atLeast("budget.amount", b.Amount, 1)
	found.shape("budget.currency", b.Currency, limits.Currency, "is not a currency",
		"use the billing account's ISO 4217 code, for example USD")
	found.count("budget.currentPercent", len(b.CurrentPercent), 1, 0, "thresholds")
	if len(b.CurrentPercent) > 0 && b.CurrentPercent[0] > 100 {
		found.add("budget.currentPercent[0]", "warns only after the budget is spent", "begin with 100 or less")
	}
	for name, thresholds := range map[string][]int{"currentPercent": b.CurrentPercent, "forecastPercent": b.ForecastPercent} {
		for i, percent := range thresholds {
			path := fmt.Sprintf("budget.%s[%d]", name, i)
			if percent < 1 {
				found.add(path, "is not a share of the budget", "use a whole percentage over 0")
			} else if i > 0 && percent <= thresholds[i-1] && found.readable(fmt.Sprintf("budget.%s[%d]", name, i-1)) {
				found.add(path, "is not over the threshold before it", "write the thresholds in ascending order, each once")
			}
		}
	}
}

// shape reports a text that does not match the form.
func (f *findings) shape(path, value string, form interface{ MatchString(text string) bool }, message, fix string) {
	if !form.MatchString(value) {
		f.add(path, message, fix)
	}
}

// ownName reports an entry whose resource would have the same logical name as an earlier entry's.
func (f *findings) ownName(path string, list []string, i int) {
	same := func(other string) bool { return naming.Slug(other) == naming.Slug(list[i]) }
	if slices.ContainsFunc(list[:i], same) {
		f.add(path, "gets the same resource name as an earlier entry", "remove one of the two: a resource's name keeps only letters and digits")
	}
}

// atLeast reports a number under low.
func (f *findings) atLeast(path string, value, low int) {
	if value < low {
		f.add(path, fmt.Sprintf("is under %d", low), fmt.Sprintf("use %d or more", low))
	}
}

// between reports a number outside of low to high, both included.
func (f *findings) between(path string, value, low, high int, unit string) {
	if value < low || value > high {
		f.add(path, "is out of range", fmt.Sprintf("use %d to %d %s", low, high, unit))
	}
}

// count reports a list with fewer than low or more than high entries. If high is 0, there is no limit.
func (f *findings) count(path string, entries, low, high int, what string) {
	if entries < low {
		f.add(path, "is empty", fmt.Sprintf("list at least %d of the %s", low, what))
	} else if high > 0 && entries > high {
		f.add(path, "is too long", fmt.Sprintf("list at most %d %s", high, what))
	}
}
