package stacks

import (
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// topLevel lists the keys of the settings in the form of a refusal. A new key has to be added here.
const topLevel = "binaryAuthorization, buckets, budget, databases, environment, github, jobs, labels, monitoring, previews, project, " +
	"registry, secrets, services"

const someDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// minimal returns a document with the required keys only, which is valid for the stack.
func minimal(stack string) map[string]any {
	gates := []any{map[string]any{"name": stack}}
	switch stack {
	case staging:
		gates = []any{map[string]any{"name": "staging", "reviewers": []any{1}}}
	case prod:
		gates = []any{
			map[string]any{"name": "approval", "reviewers": []any{1}},
			map[string]any{"name": "production", "reviewers": []any{2}, "waitMinutes": 5},
		}
	}
	web := map[string]any{
		"name": "shop-web", "image": "web", "bootstrapImage": "us-docker.pkg.dev/cloudrun/container/hello@" + someDigest,
		"runtimeAccount": "shop-web", "maxInstances": 2,
		"startup": map[string]any{"path": "/"}, "liveness": map[string]any{"path": "/"},
		"smokePaths": []any{"/"}, "uptime": map[string]any{"path": "/"}, "slo": map[string]any{"availabilityPercent": 99.5},
	}
	if stack == prod {
		web["deletionProtection"] = true
	}
	return map[string]any{
		"environment": stack,
		"project": map[string]any{"id": "shop-project", "number": "123456789012", "region": "us-central1",
			"billingAccount": "0A1B2C-3D4E5F-678901"},
		"github":     map[string]any{"owner": "somebody", "ownerId": 7, "repository": "shop", "repositoryId": 8, "environments": gates},
		"labels":     map[string]any{"environment": stack, "app": "shop", "managed-by": "pulumi"},
		"registry":   map[string]any{"id": "shop"},
		"services":   map[string]any{"web": web},
		"monitoring": map[string]any{"alertEmails": []any{"a@example.com"}, "runbookUrl": "https://example.com/runbooks"},
		"budget":     map[string]any{"amount": 10, "currency": "USD", "currentPercent": []any{50, 90}},
	}
}

// absent, put at a path, removes the key.
type absent struct{}

var pathStep = regexp.MustCompile(`[^.\[\]]+`)

// put sets the value at a path such as services.web.name or budget.currentPercent[0]. It makes missing parents as maps.
func put(document map[string]any, path string, value any) {
	steps := pathStep.FindAllString(path, -1)
	var node any = document
	for i, step := range steps {
		last := i == len(steps)-1
		switch at := node.(type) {
		case map[string]any:
			switch {
			case !last && at[step] == nil:
				at[step] = map[string]any{}
			case last && value == absent{}:
				delete(at, step)
			case last:
				at[step] = value
			}
			node = at[step]
		case []any:
			index, err := strconv.Atoi(step)
			if err != nil || index >= len(at) {
				panic("the test's document has no " + path)
			}
			if last {
				at[index] = value
			}
			node = at[index]
		}
	}
}

// change maps paths of a document to their new values.
type change map[string]any

// parseChanged parses the minimal document of a stack after the changes.
func parseChanged(t *testing.T, stack string, changes change) (Settings, error) {
	t.Helper()
	document := minimal(stack)
	for _, path := range sortedKeys(changes) {
		put(document, path, changes[path])
	}
	return Parse(toJSON(t, document), stack)
}

func toJSON(t *testing.T, document any) []byte {
	t.Helper()
	text, err := json.Marshal(document)
	require.NoError(t, err)
	return text
}

// lines returns the problems of an error, one a line, or nothing without an error.
func lines(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var problems *Problems
	require.True(t, errors.As(err, &problems), "%T is not a *Problems", err)
	require.NotEmpty(t, problems.List)
	return strings.Split(err.Error(), "\n  ")[1:]
}

// refused is a bad document and the lines of its error.
type refused struct {
	name    string
	stack   string // Default: dev.
	changes change
	want    []string // The whole message without its header; empty for a document that is accepted.
}

func checkRefused(t *testing.T, tests []refused) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			stack := test.stack
			if stack == "" {
				stack = dev
			}
			settings, err := parseChanged(t, stack, test.changes)
			require.Equal(t, test.want, lines(t, err))
			if err != nil {
				require.Equal(t, Settings{}, settings, "an error comes without settings")
			}
		})
	}
}

// application is the folder of the tests' own application.
const application = "../tests/application"

// committed returns the settings of one of the application's stacks, as a YAML decoder returns them.
func committed(t *testing.T, stack string) any {
	t.Helper()
	document, err := Document(application, stack)
	require.NoError(t, err)
	return document
}
