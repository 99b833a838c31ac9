package rules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// Google's resources can be made by other providers than pulumi-gcp, under other tokens. What pulumi makes of Terraform's provider
// (pulumi package add terraform-provider google) has the same properties, so it is judged as what it is. A Terraform module has
// Terraform's own, and google-native, which is no longer kept, those of the APIs: these cannot be read, and so do not pass.

// knownTypes are the types that rules name, by module and name in lower case: what a Terraform type is without its underscores.
func knownTypes(policies []crossguard.Policy) map[string]string {
	index := map[string]string{}
	add := func(token string) {
		module, name, _ := strings.Cut(strings.TrimPrefix(token, "gcp:"), "/")
		name, _, _ = strings.Cut(name, ":")
		index[strings.ToLower(module+name)] = token
	}
	for _, p := range policies {
		for _, t := range p.Types {
			if strings.HasPrefix(t, "gcp:") {
				add(t)
			}
		}
	}
	for _, t := range slices.Concat(wideIAM, accountIAM, repositoryIAM, runIAM, secretIAM, bucketIAM, accessLists, customRoleTypes, runAny,
		[]string{functionV1, functionV2, endpointGroup, forwardingRule}) {
		add(t)
	}
	for _, table := range []map[string]string{labelled, userLabelled, byHour} {
		for module, names := range table {
			for _, name := range strings.Fields(names) {
				add("gcp:" + module + "/" + name + ":" + strings.ToUpper(name[:1]) + name[1:])
			}
		}
	}
	return index
}

// renamed are beginnings of Terraform's and the APIs' names that pulumi-gcp changed.
var renamed = []struct{ from, to string }{
	{"projectiam", "projectsiam"}, {"organizationiam", "organizationsiam"}, {"cloudrunserviceiam", "cloudruniam"}, {"cloudfunctions2",
		"cloudfunctionsv2"},
	{"apikeyskey", "projectsapikey"}, {"runv1serviceiam", "cloudruniam"}, {"runv1", "cloudrun"}, {"runv2", "cloudrunv2"}, {"iamv1key",
		"serviceaccountkey"},
	{"iamv1serviceaccountiam", "serviceaccountiam"}, {"sqladminv1instance", "sqldatabaseinstance"}, {"sqladminv1beta4instance",
		"sqldatabaseinstance"},
	{"cloudresourcemanagerv1projectiam", "projectsiam"}, {"cloudresourcemanagerv3projectiam", "projectsiam"}, {"cloudkmsv1",
		"kms"}, {"billingbudgetsv1", "billing"},
	{"iamv1role", "projectsiamcustomrole"}, {"iamv1organizationrole", "organizationsiamcustomrole"}, {"bigqueryv2", "bigquery"},
}

// apiVersion is the version of an API in a google-native token, where the provider has one type for all.
var apiVersion = regexp.MustCompile(`v\d+(?:(?:alpha|beta)\d*)?(?:p\d+beta\d*)?`)

// canonical maps the tokens of other providers to pulumi-gcp's.
func canonical(index map[string]string) func(string) string {
	find := func(name string) (string, bool) {
		for _, r := range renamed {
			if rest, is := strings.CutPrefix(name, r.from); is {
				name = r.to + rest
				break
			}
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
		if known, is := find(apiVersion.ReplaceAllString(name, "")); is && strings.HasPrefix(token, "google-native:") {
			return known
		}
		return token
	}
}

// foreignName is a token of another provider as a name to look up, "" for tokens of the providers that rules know.
func foreignName(token string) string {
	provider, rest, _ := strings.Cut(token, ":")
	module, name, _ := strings.Cut(rest, ":")
	switch {
	case provider == "google", provider == "google-beta":
		return strings.ToLower(name)
	case provider == "google-native": // google-native:run/v2:Service
		return strings.ToLower(strings.Replace(module, "/", "", 1) + name)
	case module == "tf": // MODULE:tf:google_cloud_run_v2_service
		google, is := strings.CutPrefix(name, "google_")
		if is {
			return strings.ReplaceAll(google, "_", "")
		}
	}
	return ""
}

// unreadable is the provider of a resource whose properties rules cannot read.
func unreadable(r *crossguard.Resource) (provider string, is bool) {
	parts := strings.Split(r.URN, "::")
	if len(parts) < 4 {
		return "", false
	}
	token := parts[2][strings.LastIndex(parts[2], "$")+1:]
	provider, rest, _ := strings.Cut(token, ":")
	return provider, provider == "google-native" || strings.HasPrefix(rest, "tf:")
}

// readable makes a policy refuse what it cannot read.
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
			if len(p.Types) > 0 {
				s.Each(p.Types, func(r *crossguard.Resource) { refuse(r) })
			}
			check(s)
		}
	}
	return p
}
