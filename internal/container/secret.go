package container

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
)

// Secret is a secret's version, as each component has it in its own type.
type Secret struct{ Secret, Version pulumi.StringInput }

// Secrets converts a component's secrets.
func Secrets[S ~struct{ Secret, Version pulumi.StringInput }](own map[string]S) map[string]Secret {
	secrets := map[string]Secret{}
	for name, secret := range own {
		secrets[name] = Secret(secret)
	}
	return secrets
}

// Pinned passes a version on once it is known to be a number. field is the secret's place in the arguments.
func Pinned(field string, version pulumi.StringInput) pulumi.StringOutput {
	return version.ToStringOutput().ApplyT(func(version string) (string, error) {
		return version, checkVersion(field, version)
	}).(pulumi.StringOutput)
}

func checkVersion(field, version string) error {
	if limits.SecretVersion.MatchString(version) {
		return nil
	}
	return fmt.Errorf("%s.Version %q: pin a version's number, for example \"1\", so that everybody who reads the template knows the value",
		field,
		version)
}

// Check finds what is wrong with a secret at a field.
func (s Secret) Check(field string, found *problems.List) {
	found.If(s.Secret == nil, "%s.Secret is missing: set the secret's id", field)
	switch version := s.Version.(type) {
	case nil:
		found.Add("%s.Version is missing: pin a version's number", field)
	case pulumi.String:
		found.Take(checkVersion(field, string(version)))
	}
}
