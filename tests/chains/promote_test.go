package chains_test

import "strings"

// promotion is a deployment of a copy, in the registry to.
func promotion(stack, digest string, to *store) event {
	e := deployment(stack, digest)
	e.env = []string{"CHAIN_REGISTRY_" + strings.ToUpper(stack) + "=" + to.host()}
	return e
}

// called puts the caller's job before the names of the called workflow's.
func called(job string, results map[string]string) map[string]string {
	full := map[string]string{}
	for name, result := range results {
		if !strings.Contains(name, "/") { // what that calls in turn has its own in front
			name = job + "/" + name
		}
		full[name] = result
	}
	return full
}
