package chains_test

import "strings"

// promotion returns the event of a deployment of a copy, in the registry to.
func promotion(stack, digest string, to *store) event {
	e := deployment(stack, digest)
	e.env = []string{"CHAIN_REGISTRY_" + strings.ToUpper(stack) + "=" + to.host()}
	return e
}

// called puts the caller's job before the names of the called workflow's jobs.
func called(job string, results map[string]string) map[string]string {
	full := map[string]string{}
	for name, result := range results {
		if !strings.Contains(name, "/") { // a workflow called in turn has its own prefix
			name = job + "/" + name
		}
		full[name] = result
	}
	return full
}
