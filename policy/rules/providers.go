package rules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// Other providers than pulumi-gcp can create Google's resources, under other type tokens. Pulumi's adapter for Terraform's
// provider (pulumi package add terraform-provider google) has the same properties, so its resources are judged like pulumi-gcp's.
// Terraform modules have Terraform's own properties. google-native, which is no longer maintained, has those of the APIs. Rules
// cannot read these two, so their resources do not pass.

// knownTypes maps a module and name in lower case to the type that rules name, and github and a name to a type of GitHub's. A
// Terraform type without its underscores has that form.
func knownTypes(policies []crossguard.Policy) map[string]string {
	index := map[string]string{}
	add := func(token string) {
		module, name, _ := strings.Cut(strings.TrimPrefix(token, "gcp:"), "/")
		name, _, _ = strings.Cut(name, ":")
		index[strings.ToLower(module+name)] = token
	}
	named := func(module, name string) {
		add("gcp:" + module + "/" + name + ":" + strings.ToUpper(name[:1]) + name[1:])
	}
	for _, p := range policies {
		for _, t := range p.Types {
			if name, github := strings.CutPrefix(t, "github:index/"); github {
				name, _, _ = strings.Cut(name, ":")
				index["github"+strings.ToLower(name)] = t
			} else {
				add(t)
			}
		}
	}
	for module, names := range nestedPlaces {
		for name := range names {
			named(module, name)
		}
	}
	for _, t := range slices.Concat(wideIAM, accountIAM, repositoryIAM, runIAM, secretIAM, bucketIAM, accessLists, customRoleTypes, runAny,
		[]string{functionV1, functionV2, endpointGroup, forwardingRule, budget}, domainTypes) {
		add(t)
	}
	for _, table := range []map[string]string{labelled, userLabelled, byHour} {
		for module, names := range table {
			for _, name := range strings.Fields(names) {
				named(module, name)
			}
		}
	}
	return index
}

// renamed lists prefixes of Terraform's and the APIs' names that pulumi-gcp has changed.
var renamed = []rename{
	{"projectiam", "projectsiam"}, {"organizationiam", "organizationsiam"}, {"cloudrunserviceiam", "cloudruniam"}, {"cloudfunctions2",
		"cloudfunctionsv2"},
	{"apikeyskey", "projectsapikey"}, {"runv1serviceiam", "cloudruniam"}, {"runv1", "cloudrun"}, {"runv2", "cloudrunv2"}, {"iamv1key",
		"serviceaccountkey"},
	{"iamv1serviceaccountiam", "serviceaccountiam"}, {"sqladminv1instance", "sqldatabaseinstance"}, {"sqladminv1beta4instance",
		"sqldatabaseinstance"},
	{"cloudresourcemanagerprojectiam", "projectsiam"}, {"cloudresourcemanagerfolderiam", "folderiam"},
	{"cloudresourcemanagerorganizationiam", "organizationsiam"}, {"cloudkms", "kms"}, {"billingbudgets", "billing"},
	{"bigtableadmin", "bigtable"},
	{"iamv1provider", "iamworkloadidentitypoolprovider"}, {"iamv1role", "projectsiamcustomrole"},
	{"iamv1organizationrole", "organizationsiamcustomrole"}, {"bigqueryv2", "bigquery"},
}

type rename struct{ from, to string }

// apiVersion matches the version of an API in a google-native token. pulumi-gcp has one type for all versions.
var apiVersion = regexp.MustCompile(`v\d+(?:(?:alpha|beta)\d*)?(?:p\d+beta\d*)?`)

// canonical returns a function that maps the tokens of other providers to pulumi-gcp's tokens.
func canonical(index map[string]string) func(string) string {
	find := func(name string) (string, bool) {
		if i := slices.IndexFunc(renamed, func(r rename) bool { return strings.HasPrefix(name, r.from) }); i >= 0 {
			name = renamed[i].to + name[len(renamed[i].from):]
		}
		known, is := index[name]
		return known, is
	}
	return func(token string) string {
		name := foreignName(token)
		if name == "" {
			return token
		}
		if known, is := find(name); is {
			return known
		}
		if known, is := find(apiVersion.ReplaceAllString(name, "")); is {
			return known
		}
		return token
	}
}

// foreignName returns the name under which a token of another provider is looked up. It returns "" for a provider whose types the
// rules name.
func foreignName(token string) string {
	provider, rest, _ := strings.Cut(token, ":")
	module, name, _ := strings.Cut(rest, ":")
	switch {
	case provider == "google", provider == "google-beta":
		return strings.ToLower(name)
	case provider == "google-native": // google-native:run/v2:Service
		return strings.ToLower(strings.Replace(module, "/", "", 1) + name)
	case module == "tf" && (strings.HasPrefix(name, "google_") || strings.HasPrefix(name, "github_")): // MODULE:tf:google_cloud_run_v2_service
		return strings.ReplaceAll(strings.TrimPrefix(name, "google_"), "_", "")
	}
	return ""
}

// ofGoogle reports whether a type is of pulumi-gcp, or of Terraform's provider through Pulumi's adapter. Both have the same properties.
func ofGoogle(token string) bool {
	provider, _, _ := strings.Cut(token, ":")
	return slices.Contains([]string{"gcp", "google", "google-beta"}, provider)
}

// unreadable returns the provider of a resource if rules cannot read the resource's properties.
func unreadable(r *crossguard.Resource) (provider string, is bool) {
	_, rest, _ := strings.Cut(r.URN, "::")
	_, rest, _ = strings.Cut(rest, "::")
	types, _, _ := strings.Cut(rest, "::") // of the resource and of the components around it
	token := types[strings.LastIndex(types, "$")+1:]
	provider, rest, _ = strings.Cut(token, ":")
	return provider, provider == "google-native" || strings.HasPrefix(rest, "tf:")
}

// readable wraps a policy so that it reports a violation for a resource that it cannot read.
func readable(p crossguard.Policy) crossguard.Policy {
	refuse := func(r *crossguard.Resource) bool {
		provider, is := unreadable(r)
		if is {
			r.Violation("is made by %s, whose properties this rule cannot read: make it by the provider gcp", provider)
		}
		return is
	}
	if check := p.Check; check != nil {
		p.Check = func(r *crossguard.Resource) {
			if !refuse(r) {
				check(r)
			}
		}
	} else if check := p.CheckStack; check != nil {
		p.CheckStack = func(s *crossguard.Stack) {
			s.Each(p.Types, func(r *crossguard.Resource) { refuse(r) })
			check(s)
		}
	}
	return p
}
