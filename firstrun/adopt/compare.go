package adopt

import (
	"slices"
	"strings"
)

// Change is a value of a live resource that the next `up` would remove or change.
type Change struct {
	// Resource is the resource's name.
	Resource string `json:"resource"`
	// What names the value for people.
	What string `json:"what"`
	// Live is the present value. Empty if it must not be shown.
	Live string `json:"live,omitempty"`
	// After is the value after `up`. Empty if `up` removes the value.
	After string `json:"after,omitempty"`
	// Setting is the key of the stack's settings that keeps the value. Empty if no key does.
	Setting string `json:"setting,omitempty"`
}

// String returns the change in one line.
func (c Change) String() string {
	line := c.What
	if c.Live != "" {
		line += ": " + c.Live
	}
	if c.After == "" {
		line += " is taken away"
	} else {
		line += " becomes " + c.After
	}
	if c.Setting == "" {
		return line + "; no setting keeps it"
	}
	return line + "; " + c.Setting + " keeps it"
}

// Compare returns what a plan changes in a live service or job, and what it adds. place is its place in the settings, such
// as services.web; live is the API's answer, planned the resource's inputs, latest the number of each secret's latest
// version.
//
// A value that is not known before the run is not compared. A value that the program does not set, and that the provider then
// leaves alone, is not a change.
func Compare(place string, live, planned map[string]any, latest map[string]string) (changes []Change, added []string) {
	wanted := describe(place, inAPI(planned).(map[string]any), nil)
	has := describe(place, live, latest)
	lacks := func(aspects []aspect, what string) bool {
		return what != "" && !slices.ContainsFunc(aspects, func(a aspect) bool { return a.what == what })
	}
	for _, now := range has {
		if lacks(wanted, now.within) {
			continue // the container goes, and all of it
		}
		at := slices.IndexFunc(wanted, func(a aspect) bool { return a.what == now.what })
		if at < 0 {
			if !now.kept {
				changes = append(changes, Change{What: now.what, Live: now.shown, Setting: now.setting})
			}
			continue
		}
		then := wanted[at]
		if then.value == unknown || then.value == now.value || then.kept && !then.given {
			continue
		}
		if name, _, _ := strings.Cut(now.value, ":"); now.what == "image" && strings.HasPrefix(then.value, name+"@") {
			continue // It ran by a tag, and the settings name the digest, as they have to.
		}
		change := Change{What: now.what, Live: now.shown, After: then.shown, Setting: now.setting}
		if change.After == "" || change.After == change.Live {
			change.After = "another value"
		}
		if now.secret != "" && now.secret == then.secret {
			change.Setting = "secrets." + now.secret + ".version"
		}
		changes = append(changes, change)
	}
	for _, then := range wanted {
		if then.given && !lacks(has, then.within) && !slices.ContainsFunc(has, func(a aspect) bool { return a.what == then.what }) {
			added = append(added, then.what)
		}
	}
	return changes, added
}
