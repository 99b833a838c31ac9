package stacks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
)

// validateVariables checks the environment of a service's own container.
func validateVariables(key string, all Settings, path string, found *findings) {
	s := all.Services[key]
	check := variableNames{s.Environment, s.Secrets, []string{limits.PortVariable}}.validate(path, all.Secrets, found)
	for i, variable := range s.URLVariables.Own {
		check(variable, "urlVariables", fmt.Sprintf("%s.urlVariables[%d]", path, i))
	}
	for _, variable := range sortedKeys(s.URLVariables.Of) {
		at := join(path+".urlVariables", variable)
		check(variable, "urlVariables", at)
		if _, known := all.Services[s.URLVariables.Of[variable]]; !known {
			found.add(at, "names a service that is not there", "use the key of one under services: "+strings.Join(sortedKeys(all.Services), ", "))
		}
	}
	user := dataUser{kind: "service", key: key, databases: s.Databases, buckets: s.Buckets, vpc: s.VPC}
	validateData(user, all, path, check, found)
	for _, volume := range sortedKeys(s.Volumes) {
		if bucket := s.Volumes[volume].Bucket; bucket != "" {
			all.opens(user, bucket, join(path+".volumes", volume)+".bucket", found)
		}
	}
}

// variableNames are a container's variables, and the variables that Cloud Run itself sets there.
type variableNames struct {
	environment, secrets map[string]string
	reserved             []string
}

// validate checks a container's variables: names, and that no variable has two sources. It returns a function that checks one more
// variable.
func (n variableNames) validate(path string, declared map[string]Secret, found *findings) func(variable, group, at string) {
	source := map[string]string{}
	check := func(variable, group, at string) {
		found.shape(at, variable, variableName, "is not a variable name", "use capitals, digits and underscores, no digit first")
		if limits.IsServiceVariable(variable) || slices.Contains(n.reserved, variable) {
			found.add(at, "is set by Cloud Run itself", "remove it, or choose another name")
		}
		if earlier, ok := source[variable]; ok {
			found.add(at, "has a second source under "+earlier, "keep one of the two")
		} else {
			source[variable] = group
		}
	}
	for _, variable := range sortedKeys(n.environment) {
		check(variable, "environment", join(path+".environment", variable))
	}
	for _, variable := range sortedKeys(n.secrets) {
		at := join(path+".secrets", variable)
		check(variable, "secrets", at)
		if _, ok := declared[n.secrets[variable]]; !ok && found.readable("secrets") {
			found.add(at, "names a secret that is not declared", declaredSecrets(declared))
		}
	}
	return check
}

// declaredSecrets returns the fix for a name that the file does not declare as a secret.
func declaredSecrets(declared map[string]Secret) string {
	if len(declared) == 0 {
		return "declare it under secrets at the top level"
	}
	return "declare it under secrets at the top level, or use one of " + strings.Join(sortedKeys(declared), ", ")
}
