package attestation

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
)

var (
	// authorityName is a note's and an attestor's id, within what both APIs take.
	authorityName = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])$`)
)

func (args *AttestationArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass an *AttestationArgs")
	}
	var problems []error
	if args.Project == nil {
		problems = append(problems, errors.New("args.Project is missing: set the project's id"))
	}
	if args.Location == nil {
		problems = append(problems, errors.New("args.Location is missing: set the key's location, for example us-central1"))
	}
	if !limits.KeyID.MatchString(args.KeyRing) {
		problems = append(problems, fmt.Errorf("args.KeyRing %q is no key ring's id: use 1-63 letters, digits, hyphens and underscores",
			args.KeyRing))
	}
	if name := args.name(); !authorityName.MatchString(name) {
		problems = append(problems, fmt.Errorf("args.Name %q names key, note and attestor: use 2-63 lower-case letters, digits and hyphens, "+
			"beginning with a letter and not ending with a hyphen", name))
	}
	if !slices.Contains(limits.ProtectionLevels, args.protectionLevel()) {
		problems = append(problems, fmt.Errorf("args.ProtectionLevel is %q: set %s", args.ProtectionLevel,
			strings.Join(limits.ProtectionLevels, " or ")))
	}
	for i, version := range args.KeyVersions {
		if version < 1 {
			problems = append(problems, fmt.Errorf("args.KeyVersions[%d] is %d: versions count from 1", i, version))
		}
		if slices.Index(args.KeyVersions, version) < i {
			problems = append(problems, fmt.Errorf("args.KeyVersions has %d twice: leave one out", version))
		}
	}
	for i, pattern := range args.Exemptions {
		if !limits.Exemption.MatchString(pattern) {
			problems = append(problems, fmt.Errorf("args.Exemptions[%d] is %q: name REGISTRY/PATH, with * or ** only at the end", i, pattern))
		}
	}
	return errors.Join(problems...)
}
