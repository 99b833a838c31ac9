package attestation

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
)

var (
	// authorityName is a note's and an attestor's id, within what both APIs take.
	authorityName = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])$`)
)

func (args *AttestationArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass an *AttestationArgs")
	}
	found := &problems.List{}
	found.If(args.Project == nil, "args.Project is missing: set the project's id")
	found.If(args.Location == nil, "args.Location is missing: set the key's location, for example us-central1")
	found.If(!limits.KeyID.MatchString(args.KeyRing),
		"args.KeyRing %q is not a key ring's id: use 1-63 letters, digits, hyphens and underscores",
		args.KeyRing)
	if name := args.name(); !authorityName.MatchString(name) {
		found.Add("args.Name %q names key, note and attestor: use 2-63 lower-case letters, digits and hyphens, "+
			"beginning with a letter and not ending with a hyphen", name)
	}
	found.If(!slices.Contains(limits.ProtectionLevels, args.protectionLevel()), "args.ProtectionLevel is %q: set %s", args.ProtectionLevel,
		strings.Join(limits.ProtectionLevels, " or "))
	for i, version := range args.KeyVersions {
		found.If(version < 1, "args.KeyVersions[%d] is %d: versions count from 1", i, version)
		found.If(slices.Index(args.KeyVersions, version) < i, "args.KeyVersions has %d twice: leave one out", version)
	}
	for i, pattern := range args.Exemptions {
		found.If(!limits.Exemption.MatchString(pattern),
			"args.Exemptions[%d] is %q: name REGISTRY/PATH, with * or ** only at the end", i, pattern)
	}
	return found.Err()
}
