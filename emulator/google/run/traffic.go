package run

import (
	"regexp"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// These are the allocation types of a traffic target.
const (
	ToLatest   = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
	ToRevision = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
)

// Target is one entry of a traffic split.
type Target struct {
	// Type is [ToLatest] or [ToRevision].
	Type string
	// Revision is the revision's short name, "" for ToLatest.
	Revision string
	// Percent is 0-100.
	Percent int
	// Tag gives the target its own URL. Default: none.
	Tag string
}

// Targets reads the traffic or the trafficStatuses of a service.
func Targets(traffic []any) []Target {
	var targets []Target
	for _, item := range traffic {
		entry, _ := item.(map[string]any)
		targets = append(targets, Target{Type: doc.Text(entry, "type"), Revision: doc.Text(entry, "revision"),
			Percent: int(doc.Number(entry, "percent")), Tag: doc.Text(entry, "tag")})
	}
	return targets
}

// JSON writes the target in the API's form. It includes the tag's address if uri is not empty.
func (t Target) JSON(uri string) map[string]any {
	entry := map[string]any{"type": t.Type}
	if t.Revision != "" {
		entry["revision"] = t.Revision
	}
	if t.Percent != 0 {
		entry["percent"] = float64(t.Percent)
	}
	if t.Tag != "" {
		entry["tag"] = t.Tag
		if uri != "" {
			entry["uri"] = uri
		}
	}
	return entry
}

var tagForm = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)

// maxTagAndService limits the combined length of a tag and a service id, because TAG---SERVICE has to leave room in a DNS label
// of 63 characters.
const maxTagAndService = 46

// CheckTraffic refuses a split that the API refuses. exists reports whether a revision of that short name exists.
func CheckTraffic(service string, targets []Target, exists func(revision string) bool) error {
	sum := 0
	tags := map[string]bool{}
	for i, t := range targets {
		switch {
		case t.Percent < 0 || t.Percent > 100:
			return refuse("traffic[%d].percent: %d is not between 0 and 100", i, t.Percent)
		case t.Type == ToLatest && t.Revision != "":
			return refuse("traffic[%d].revision: must not be set when the type is %s", i, ToLatest)
		case t.Type == ToRevision && t.Revision == "":
			return refuse("traffic[%d].revision: must be set when the type is %s", i, ToRevision)
		case t.Type != ToLatest && t.Type != ToRevision:
			return refuse("traffic[%d].type: must be specified", i)
		case t.Type == ToRevision && !exists(t.Revision):
			return refuse("traffic[%d].revision: Revision '%s' does not exist or is deleted", i, t.Revision)
		}
		sum += t.Percent
		if t.Tag == "" {
			continue
		}
		switch {
		case len(t.Tag) < 3 || !tagForm.MatchString(t.Tag):
			return refuse("traffic[%d].tag: '%s' must have at least 3 lower-case letters, digits and hyphens, begin with a letter and "+
				"not end with a hyphen", i, t.Tag)
		case len(t.Tag)+len(service) > maxTagAndService:
			return refuse("traffic[%d].tag: the tag '%s' and the service name '%s' are longer than %d characters together", i, t.Tag,
				service, maxTagAndService)
		case tags[t.Tag]:
			return refuse("traffic[%d].tag: the tag '%s' is used more than once", i, t.Tag)
		}
		tags[t.Tag] = true
	}
	if sum != 100 {
		return refuse("traffic: the percentages must sum to 100, got %d", sum)
	}
	return nil
}

// Resolve returns the split by revision. It replaces LATEST by the latest ready revision, or leaves it out if no revision is
// ready.
func Resolve(effective []Target, latestReady string) []Target {
	resolved := make([]Target, 0, len(effective))
	for _, t := range effective {
		if t.Type == ToLatest {
			t.Revision = latestReady
		}
		if t.Revision != "" {
			resolved = append(resolved, t)
		}
	}
	return resolved
}

// Pick returns the revision that serves a request, for a point in [0,100). The targets lie side by side, each as wide as its
// percentage. Pick returns "" if the split is empty.
func Pick(resolved []Target, point float64) string {
	edge, last := 0.0, ""
	for _, t := range resolved {
		if t.Percent == 0 {
			continue
		}
		edge, last = edge+float64(t.Percent), t.Revision
		if point < edge {
			return t.Revision
		}
	}
	return last
}
