package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

var uptimeExists = crossguard.Policy{
	Name:        "uptime-exists",
	Description: "A service that the internet can reach is checked from outside, over TLS.",
	Enforcement: crossguard.Mandatory,
	Severity:    crossguard.Medium,
	Framework:   own("Uptime checks: /api/health each 60 s"),
	Tags:        []string{"reliability"},
	RemediationSteps: "Add a monitoring.UptimeCheckConfig with an httpCheck with useSsl and validateSsl, and the service's host without " +
		"scheme or path.",
	Options: []crossguard.Option{{Name: "hosts", Default: []string{"*.run.app"},
		Description: "Hosts of the services, in lower case; * stands for any characters. Domains that the stack maps count too."}},
	Types: services,
	CheckStack: func(s *crossguard.Stack) {
		balanced := behindLoadBalancer(s)
		public := 0
		s.Each(services, func(r *crossguard.Resource) {
			// A check would keep a preview's instance running, and nobody is paged for a preview. The rule run-preview covers it.
			if reachable(r, balanced) && !isPreview(r) {
				public++
			}
		})
		hosts := append(slices.Clone(s.Config.Strings("hosts")), mappedDomains(s)...)
		checked := map[string]struct{}{}
		s.Each([]string{uptimeCheck}, func(r *crossguard.Resource) {
			assumed := "not known yet: " + r.URN // stays if the check of the resource ends early because something is unknown
			checked[assumed] = struct{}{}
			fine, host := checksFromOutside(r), checkedHost(r)
			delete(checked, assumed)
			if fine && (host == "" || matchesAny(hosts, host)) {
				checked[host+ownKey(r, host)] = struct{}{}
			}
		})
		if public > len(checked) {
			s.Violation("has %s that the internet can reach and %s of a host of theirs: add one for each, or add the host "+
				"to hosts of uptime-exists in policy/STACK.json", numbered(public, "service"), numbered(len(checked), "uptime check"))
		}
	},
}

// ownKey returns a unique key for a check whose host is not known yet, so that two such checks stay apart.
func ownKey(r *crossguard.Resource, host string) string {
	if host == "" {
		return r.URN
	}
	return ""
}

// checkedHost returns the host that a check calls, or "" if it is not known yet.
func checkedHost(r *crossguard.Resource) string {
	for _, path := range []string{"monitoredResource.labels.host", "monitoredResource.labels.service_name"} {
		if !r.IsKnown(path) {
			return ""
		}
	}
	if service, set := r.String("monitoredResource.labels.service_name"); set { // the label of a cloud_run_revision
		return service + ".run.app"
	}
	return strings.ToLower(strings.TrimSuffix(r.StringOr("monitoredResource.labels.host", "no host"), "."))
}

// checksFromOutside judges a check. It reports whether the check calls a service by HTTPS from outside and can fail. By default
// Google chooses the kind of checkers, so a first preview does not know it. Google then chooses checkers outside the project.
func checksFromOutside(r *crossguard.Resource) bool {
	if !r.Has("httpCheck") || r.IsKnown("checkerType") && strings.EqualFold(r.StringOr("checkerType", ""), "VPC_CHECKERS") {
		return false
	}
	if path := "monitoredResource.labels.host"; r.IsKnown(path) && strings.Contains(r.StringOr(path, ""), "/") {
		r.Violation("%s is %s: write the host alone", path, r.StringOr(path, ""))
		return false
	}
	if period, err := seconds(r.StringOr("period", "300s")); err != nil || period > longestPeriod {
		r.Violation("period is %s: set it to %d seconds or less", r.StringOr("period", ""), longestPeriod)
		return false
	}
	accepted, redirect := acceptedStatus(r)
	switch tls := r.BoolOr("httpCheck.useSsl", false) && r.BoolOr("httpCheck.validateSsl", false); {
	case !tls && redirect:
		return false // it checks the redirect to HTTPS
	case !tls:
		r.Violation("httpCheck.useSsl and httpCheck.validateSsl are not both true: set them")
		return false
	case !accepted:
		r.Violation("httpCheck.acceptedResponseStatusCodes accepts error statuses, so the check cannot fail: remove them")
		return false
	}
	return true
}

// longestPeriod is Google's default time between two checks, in seconds.
const longestPeriod = 300

// acceptedStatus reads the statuses that a check accepts. fine says that it accepts only success or redirects. redirect says that
// it accepts only redirects.
func acceptedStatus(r *crossguard.Resource) (fine, redirect bool) {
	fine, redirect = true, r.Len("httpCheck.acceptedResponseStatusCodes") > 0
	r.Each("httpCheck.acceptedResponseStatusCodes", func(status crossguard.Object) {
		class, code := strings.ToUpper(status.StringOr("statusClass", "")), status.IntOr("statusValue", 0)
		moved := class == "STATUS_CLASS_3XX" || code >= 300 && code < 400
		fine = fine && (moved || class == "STATUS_CLASS_2XX" || code >= 200 && code < 400)
		redirect = redirect && moved
	})
	return fine, redirect
}

const (
	domainMapping      = "gcp:cloudrun/domainMapping:DomainMapping"
	dnsRecords         = "gcp:dns/recordSet:RecordSet"
	computeCertificate = "gcp:compute/managedSslCertificate:ManagedSslCertificate"
	certificate        = "gcp:certificatemanager/certificate:Certificate"
	urlMap             = "gcp:compute/uRLMap:URLMap"
)

var domainTypes = []string{domainMapping, dnsRecords, computeCertificate, certificate, urlMap}

// mappedDomains returns the domains that the stack leads to services: by a mapping, a load balancer's rules, a certificate or DNS.
func mappedDomains(s *crossguard.Stack) []string {
	var all []string
	add := func(domain string) { all = append(all, strings.ToLower(strings.TrimSuffix(domain, "."))) }
	s.Each([]string{domainMapping, dnsRecords}, func(r *crossguard.Resource) {
		if r.IsKnown("name") {
			add(r.StringOr("name", ""))
		}
	})
	s.Each([]string{computeCertificate, certificate}, func(r *crossguard.Resource) { r.EachString("managed.domains", add) })
	s.Each([]string{urlMap}, func(r *crossguard.Resource) {
		r.Each("hostRules", func(rule crossguard.Object) {
			rule.EachString("hosts", func(host string) {
				if !strings.Contains(host, "*") { // "*" is every host, also somebody else's
					add(host)
				}
			})
		})
	})
	return all
}

func numbered(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
