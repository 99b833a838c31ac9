package stacks

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
)

// The shortest and the longest time for which a pull request may have a slot.
const (
	shortestPreview = time.Hour
	longestPreview  = 720 * time.Hour
	mostSlots       = 10
)

// validatePreviews checks the slots in which pull requests' images run. Only dev may have slots, because other environments have
// data of users.
func validatePreviews(s Settings, stack string, accounts owners, found *findings) {
	const path = "previews"
	p := s.Previews
	if p == nil {
		return
	}
	if stack != dev {
		found.add(path, "is set outside of dev", "leave it out: nobody has reviewed a pull request's image, so it may run only in dev")
	}
	if s.GitHub.Workflows == nil {
		found.add(path, "would trust the repository's own workflow, which a pull request can change", "set github.workflows: the platform's "+
			"file at a "+
			"commit cannot be changed")
	}
	found.count(path+".services", len(p.Services), 1, 0, "services to look at")
	for i, key := range p.Services {
		validatePreviewed(s, i, key, found)
	}
	found.between(path+".slots", p.Slots, 1, mostSlots, "slots")
	if kept, err := time.ParseDuration(p.TimeToLive); err != nil || kept < shortestPreview || kept > longestPreview {
		found.add(path+".timeToLive", "is not a time for which a slot can be kept", "use 1h to 720h, for example 72h")
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
		found.add(path+".public", "lets everybody open the slots, so outsideCallers has no effect", "write false, or remove outsideCallers")
	case !p.Public && callers == 0:
		found.add(path+".outsideCallers", "is empty, so nobody could open a slot", "name who may, each with a reason, or write public: true")
	}
	validateOutsideCallers(p.OutsideCallers, path, found)
	variableNames{p.Environment, p.Secrets, []string{limits.PortVariable}}.validate(path, s.Secrets, found)
	for _, variable := range sortedKeys(p.Secrets) {
		if readers := s.secretReaders(p.Secrets[variable]); len(readers) > 0 {
			found.add(join(path+".secrets", variable), "is read by "+readers[0]+" too, and everybody who may push a branch could read it",
				"make a secret for previews alone")
		}
	}
}

// secretReaders returns the paths of the services and jobs that read a secret.
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

// validatePreviewed checks one service that has slots.
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
		found.add(at, "takes requests by HTTP/2, as for gRPC", "remove it: a slot passes on HTTP/1 only")
	case len(service.Sidecars) > 0 || len(service.Volumes) > 0:
		found.add(at, "has sidecars or volumes", "remove it: a slot has neither, and the image would not run as it does in dev")
	default:
		for other, of := range s.Services {
			if slices.Contains(s.SlotNames(key), of.Name) {
				found.add(at, "would have a slot with the name of services."+other, "give that service another name")
			}
		}
	}
}
