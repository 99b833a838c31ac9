package adopt

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/plural"
)

// survey asks for further facts: the settings of running services, the versions of the secrets that they will read, and
// resources that the settings do not know.
func (s *search) survey() {
	projects := map[string]bool{}
	for _, p := range s.of(serviceType) {
		projects[p.input("project")] = true
		s.running(p, "services."+strings.TrimSuffix(strings.TrimPrefix(p.Name(), "service-"), "-service"))
	}
	for _, p := range s.of(jobType) {
		projects[p.input("project")] = true
		s.running(p, "jobs."+strings.TrimSuffix(strings.TrimPrefix(p.Name(), "job-"), "-job"))
	}
	for _, project := range slices.Sorted(maps.Keys(projects)) {
		s.otherServices(project)
		s.otherSecrets(project)
	}
}

func (s *search) google(base string) finder {
	return finder{ctx: s.ctx, client: s.clients.Google, base: base}
}

// read asks for one document. It returns nil if there is no such document, or after an error, which it records.
func (s *search) read(base, path, what string) map[string]any {
	found, err := s.google(base).get(path)
	if err != nil {
		name, _, _ := strings.Cut(path, "?")
		s.fail("find out %s from %s: %w", what, name, err)
	}
	document, _ := found.(map[string]any)
	return document
}

// listing says how a list is read: the field of its items, what they say, and how a page asks for the next one.
type listing struct {
	items, what string
	parameter   string
	next        []string
}

// pages is the listing of most of Google's APIs.
func pages(items, what string) listing {
	return listing{items: items, what: what, parameter: "pageToken", next: []string{"nextPageToken"}}
}

// every asks for all pages of a list.
func (s *search) every(base, path string, l listing) []any {
	var all []any
	for token := ""; ; {
		page := s.read(base, path+url.QueryEscape(token), l.what)
		all = append(all, list(page, l.items)...)
		if following := text(page, l.next...); following != "" && following != token {
			if token == "" {
				path += "&" + l.parameter + "="
			}
			token = following
			continue
		}
		return all
	}
}

// running compares a planned service or job with the live one. place is its place in the settings; the components are called
// service-KEY and job-KEY.
func (s *search) running(p Planned, place string) {
	f := finder{inputs: p.Inputs}
	path, known := f.expand(kinds[p.Type].path)
	if !known {
		return
	}
	s.pinned(p)
	live := s.read(s.apis.Run, path, "how it is set")
	if live == nil {
		return
	}
	changes, added := Compare(place, live, p.Inputs, s.latest(p.input("project"), live))
	s.note(path, changes, added)
	s.invokers(p, path)
	if p.Type == jobType {
		return // a job takes no requests, and runs its service's image
	}
	if pin := f.pin(live); pin != "" {
		s.report.Pins = append(s.report.Pins, pin)
	}
	s.image(p, place, path, live)
}

// differs compares a planned resource of another kind with the live one.
func (s *search) differs(name string, p Planned, live map[string]any) {
	changes, added := CompareOther(p.Type, live, p.Inputs)
	s.note(name, changes, added)
}

func (s *search) note(resource string, changes []Change, added []string) {
	for _, change := range changes {
		change.Resource = resource
		s.report.Changes = append(s.report.Changes, change)
	}
	if len(added) > 0 {
		s.report.Added = append(s.report.Added, Addition{Resource: resource, What: added})
	}
}

// containers returns the containers of a service or a job.
func containers(document any) []any {
	return slices.Concat(list(document, "template", "containers"), list(document, "template", "template", "containers"))
}

// latest asks for the latest versions of the secrets that a service reads at latest.
func (s *search) latest(project string, live map[string]any) map[string]string {
	latest := map[string]string{}
	for _, container := range containers(live) {
		for _, variable := range list(container, "env") {
			reference := field(variable, "valueSource", "secretKeyRef")
			secret, version := text(reference, "secret"), text(reference, "version")
			if reference == nil || version != "latest" && version != "" || strings.Contains(secret, "/") {
				continue
			}
			found := s.read(s.apis.SecretManager, "projects/"+project+"/secrets/"+secret+"/versions/latest", "which version is the latest")
			if name := text(found, "name"); name != "" {
				latest[secret] = name[strings.LastIndex(name, "/")+1:]
			}
		}
	}
	return latest
}

// pinned refuses versions of secrets that do not exist, because no revision would start with them.
func (s *search) pinned(p Planned) {
	project := p.input("project")
	for _, container := range containers(inAPI(p.Inputs)) {
		for _, variable := range list(container, "env") {
			secret := text(variable, "valueSource", "secretKeyRef", "secret")
			version := text(variable, "valueSource", "secretKeyRef", "version")
			if secret == "" || version == "" || secret == unknown || version == unknown {
				continue
			}
			name := "projects/" + project + "/secrets/" + secret + "/versions/" + version
			if slices.ContainsFunc(s.report.Refused, func(r Refusal) bool { return r.Resource == name }) {
				continue
			}
			state := text(s.read(s.apis.SecretManager, name, "whether the version is there"), "state")
			switch state {
			case "ENABLED":
			case "":
				add := fmt.Sprintf("`gcloud secrets versions add %s --data-file=- --project %s`", secret, project)
				if s.read(s.apis.SecretManager, "projects/"+project+"/secrets/"+secret, "whether the secret is there") == nil {
					add = fmt.Sprintf("`gcloud secrets create %s --replication-policy automatic --project %s` and %s", secret, project, add)
				}
				s.refuse(name, "the settings pin it and it is not there, so that no revision starts",
					"add it with "+add+", or pin another in secrets."+secret+".version")
			default:
				s.refuse(name, "the settings pin it and it is "+strings.ToLower(state)+", so that no revision starts",
					fmt.Sprintf("pin a version that is enabled in secrets.%s.version", secret))
			}
		}
	}
}

// image refuses an image that cannot be kept, and one that Cloud Run will no longer start.
func (s *search) image(p Planned, place, path string, live map[string]any) {
	set := "pulumi config set --path '" + s.namespace(p) + ":platform." + place + ".digest' sha256:…"
	runs := ""
	if inside := containers(inAPI(p.Inputs)); mainContainer(inside) >= 0 {
		runs = text(inside[mainContainer(inside)], "image")
	}
	if runs == unknown || runs == "" {
		inside := containers(live)
		main := mainContainer(inside)
		if main < 0 {
			s.refuse(path, fmt.Sprintf("it has %s and not exactly one has a port, so it is unclear which image to keep",
				plural.Of(len(inside), "container", "containers")), "set the digest in the settings: `"+set+"`")
			return
		}
		if runs = text(inside[main], "image"); !strings.Contains(runs, "@sha256:") {
			revision := last(text(live, "latestReadyRevision"))
			s.refuse(path, "it runs "+runs+", which is not by digest and may be another image tomorrow",
				fmt.Sprintf("find out its digest with `gcloud run revisions describe %s --region %s --project %s "+
					"--format 'value(status.imageDigest)'` and set it with `%s`", revision, p.input("location"), p.input("project"), set))
			return
		}
	}
	if text(inAPI(p.Inputs), "binaryAuthorization", "useDefault") == "true" && text(live, "binaryAuthorization", "useDefault") != "true" {
		s.signed(path, runs)
	}
}

// signed refuses an image that nobody signed, if the settings ask for signatures.
func (s *search) signed(path, image string) {
	for _, policy := range s.of(policyType) {
		for _, pattern := range list(policy.Inputs, "admissionWhitelistPatterns") {
			exempt, prefix := strings.CutSuffix(strings.TrimSuffix(text(pattern, "namePattern"), "*"), "*")
			if exempt == image || prefix && strings.HasPrefix(image, exempt) {
				return
			}
		}
	}
	for _, note := range s.of(noteType) {
		found := s.read(s.apis.ContainerAnalysis, "projects/"+note.input("project")+"/notes/"+note.input("name")+"/occurrences?filter="+
			url.QueryEscape(`resourceUrl="https://`+image+`"`), "whether the image is signed")
		if len(list(found, "occurrences")) > 0 {
			return
		}
	}
	s.refuse(path, "the settings ask for signed images (binaryAuthorization), and nobody signed "+image+", which it runs",
		"leave binaryAuthorization out of the first run, or sign the image before (docs/runbooks/refused-image.md, Sign by hand)")
}

// namespace returns the name of Pulumi's project, with which the settings' keys begin.
func (s *search) namespace(p Planned) string {
	parts := strings.Split(p.URN, "::")
	return parts[min(1, len(parts)-1)]
}

// invokers lists the grants on a service or a job that the settings do not know. `up` leaves them alone.
func (s *search) invokers(p Planned, path string) {
	members := map[string]string{serviceType: invokerType, jobType: runnerType}[p.Type]
	policy := s.read(s.apis.Run, path+":getIamPolicy", "who may do what with it")
	for _, binding := range list(policy, "bindings") {
		for _, member := range list(binding, "members") {
			role, who := text(binding, "role"), scalarText(member)
			known := slices.ContainsFunc(s.of(members), func(m Planned) bool {
				name := m.input("name")
				return m.input("role") == role && m.input("member") == who && (name == unknown || last(name) == p.input("name"))
			})
			if !known {
				s.unknown(path, who+" has "+role+" there, and keeps it")
			}
		}
	}
}

// otherServices lists the services of a project that the settings do not know, including those of the same name in other
// regions.
func (s *search) otherServices(project string) {
	own := map[string][]string{} // regions by name
	for _, p := range s.of(serviceType) {
		if p.input("project") == project {
			own[p.input("name")] = append(own[p.input("name")], p.input("location"))
		}
	}
	// Only v1 of the API lists over all regions.
	found := s.every(s.apis.RunV1, "projects/"+project+"/locations/-/services?limit=100",
		listing{items: "items", what: "which services there are", parameter: "continue", next: []string{"metadata", "continue"}})
	place := func(service any) (name, region string) {
		return text(service, "metadata", "name"), text(service, "metadata", "labels", "cloud.googleapis.com/location")
	}
	for _, service := range found {
		name, region := place(service)
		resource := fmt.Sprintf("projects/%s/locations/%s/services/%s", project, region, name)
		regions, twin := own[name]
		runs := slices.ContainsFunc(found, func(other any) bool {
			same, there := place(other)
			return same == name && slices.Contains(regions, there)
		})
		switch {
		case slices.Contains(regions, region):
		case twin && runs:
			s.unknown(resource, "a service of the same name in another region than "+strings.Join(regions, ", ")+
				"; it keeps its own address and its own requests")
		case twin:
			s.unknown(resource, "a service of the same name, and none runs in "+strings.Join(regions, ", ")+
				": `up` makes a second one there; project.region says where")
		default:
			s.unknown(resource, "a service that the settings do not name")
		}
	}
}

// otherSecrets lists the secrets of a project that the settings do not know.
func (s *search) otherSecrets(project string) {
	own := map[string]bool{}
	for _, p := range s.of(secretType) {
		own[p.input("secretId")] = own[p.input("secretId")] || p.input("project") == project
	}
	for _, secret := range s.every(s.apis.SecretManager, "projects/"+project+"/secrets?pageSize=250",
		pages("secrets", "which secrets there are")) {
		if id := last(text(secret, "name")); !own[id] {
			s.unknown("projects/"+project+"/secrets/"+id, "a secret that the settings do not name")
		}
	}
}

func (s *search) unknown(resource, what string) {
	s.report.Unknown = append(s.report.Unknown, Unknown{Resource: resource, What: what})
}

// last returns the last part of a resource name.
func last(name string) string { return name[strings.LastIndex(name, "/")+1:] }

// pin returns the command that gives a service's requests to its present revisions by name. Otherwise requests would follow
// the newer revision that the next `up` makes (docs/adr/0001).
func (f finder) pin(live map[string]any) string {
	ready := last(text(live, "latestReadyRevision"))
	targets := list(live, "traffic")
	sums, moves := map[string]int{}, len(targets) == 0
	for _, target := range targets {
		percent := 0
		_, _ = fmt.Sscan(text(target, "percent"), &percent)
		revision := last(text(target, "revision"))
		if percent > 0 && revision == "" {
			revision, moves = ready, true
		}
		if percent > 0 {
			sums[revision] += percent
		}
	}
	if !moves || ready == "" {
		return ""
	}
	if len(targets) == 0 {
		sums[ready] = 100
	}
	var split []string
	for _, revision := range slices.Sorted(maps.Keys(sums)) {
		split = append(split, fmt.Sprintf("%s=%d", revision, sums[revision]))
	}
	line, _ := f.expand("gcloud run services update-traffic {name} --project {project} --region {location} --to-revisions ")
	return line + strings.Join(split, ",")
}
