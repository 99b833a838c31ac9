package stacks

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
)

// How long a slot may be one pull request's.
const (
	shortestPreview = time.Hour
	longestPreview  = 720 * time.Hour
	mostSlots       = 10
)

// validatePreviews judges where pull requests' images run. Nothing of it is taken over into an environment that has data of users.
func validatePreviews(s Settings, stack string, accounts owners, found *findings) {
	const path = "previews"
	p := s.Previews
	if p == nil {
		return
	}
	if stack != dev {
		found.add(path, "is set outside of dev", "leave it out: nobody has reviewed a pull request's image, and dev alone has nothing to lose")
	}
	if s.GitHub.Workflows == nil {
		found.add(path, "would run the repository's own workflow, as a pull request changed it", "set github.workflows: a platform's file at a "+
			"commit is what is trusted")
	}
	found.count(path+".services", len(p.Services), 1, 0, "services to look at")
	for i, key := range p.Services {
		validatePreviewed(s, i, key, found)
	}
	found.between(path+".slots", p.Slots, 1, mostSlots, "slots")
	if kept, err := time.ParseDuration(p.TimeToLive); err != nil || kept < shortestPreview || kept > longestPreview {
		found.add(path+".timeToLive", "is not a time that a slot is kept", "use 1h to 720h, for example 72h")
	}
	if _, taken := s.Services["previews"]; taken {
		found.add("services.previews", "has an account that would be named like that of the slots", "give the service another key")
	}
	accounts.claim(path+".runtimeAccount", p.RuntimeAccount, path, found)
	if !limits.RepositoryID.MatchString(s.PreviewRepository()) && found.readable("registry.id") {
		found.add(path, "has images in a repository whose name would be too long", "shorten registry.id by "+fmt.Sprint(len(previewsSuffix)))
	}
	found.imageByDigest(path+".front", p.Front)
	switch callers := len(p.OutsideCallers); {
	case p.Public && callers > 0:
		found.add(path+".public", "lets anybody open what has outsideCallers", "write false, or remove outsideCallers")
	case !p.Public && callers == 0:
		found.add(path+".outsideCallers", "is empty, so that nobody could look", "name who may, each with a reason, or write public: true")
	}
	validateOutsideCallers(p.OutsideCallers, path, found)
	variableNames{p.Environment, p.Secrets, []string{limits.PortVariable}}.validate(path, s.Secrets, found)
	for _, variable := range sortedKeys(p.Secrets) {
		if readers := s.secretReaders(p.Secrets[variable]); len(readers) > 0 {
			found.add(join(path+".secrets", variable), "is read by "+readers[0]+" too, and whoever may push a branch would learn it",
				"make a secret for previews alone")
		}
	}
}

// secretReaders are the services and jobs that read a secret, by their paths.
func (s Settings) secretReaders(id string) (readers []string) {
	for _, key := range sortedKeys(s.Services) {
		if slices.Contains(s.Services[key].SecretIDs(), id) {
			readers = append(readers, join("services", key))
		}
	}
	for _, key := range sortedKeys(s.Jobs) {
		if slices.Contains(slices.Collect(maps.Values(s.Jobs[key].Secrets)), id) {
			readers = append(readers, join("jobs", key))
		}
	}
	return readers
}

// validatePreviewed judges one service of which slots are made.
func validatePreviewed(s Settings, i int, key string, found *findings) {
	at := fmt.Sprintf("previews.services[%d]", i)
	service, known := s.Services[key]
	switch {
	case !found.readable(join("services", key)):
	case !known:
		found.add(at, "names a service that is not there", "use the key of one under services: "+strings.Join(sortedKeys(s.Services), ", "))
	case slices.Contains(s.Previews.Services[:i], key):
		found.add(at, "is there twice", "remove one of the two")
	case service.HTTP2 || service.Startup.GRPC || service.Liveness.GRPC:
		found.add(at, "takes requests as gRPC does", "remove it: a slot hands on HTTP/1 alone")
	case len(service.Sidecars) > 0 || len(service.Volumes) > 0:
		found.add(at, "has sidecars or volumes", "remove it: a slot has neither, and the image would not run as it does in dev")
	default:
		for other, of := range s.Services {
			if slices.Contains(s.SlotNames(key), of.Name) {
				found.add(at, "would have a slot of the name of services."+other, "give that service another name")
			}
		}
	}
}
