package provider

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	rpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// row is what an official provider (GCP 8.41.1, GitHub 6.14.0) answered when one property of a resource was changed.
// testdata/resources.jsonl has the resources of the prod stack after `up`, one or two of every type. measured.jsonl has the answers,
// a line each: every property was removed, got one or two other values, and got one refused value.
type row struct {
	Type, Name, Path string
	Value            any
	Delete           bool
	// Also are further changes of the same resource. Match is a part of the resource's name, if the resource is not the first of its
	// type.
	Also     []row
	Match    string
	Want     string
	Provider struct {
		Refused             *bool
		Changes             string
		Replaces            []string
		DeleteBeforeReplace bool
	}
}

type recorded struct {
	Type, Name, ID  string
	Inputs, Outputs object
}

func lines[T any](t *testing.T, name string) []T {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	var out []T
	for line := range bytes.Lines(data) {
		var one T
		require.NoError(t, json.Unmarshal(line, &one), "%s", line)
		out = append(out, one)
	}
	return out
}

// judges holds a world for each of the two providers, and GitHub has the repositories "procureflow" and "other".
type judges map[string]*world

func newJudges(t *testing.T) judges {
	gcp, hubs := newWorld(t, GCP, nil), newWorld(t, GitHub, nil)
	hubs.repository("other", 43)
	return judges{GCP: gcp, GitHub: hubs}
}

// verdict returns the provider's answer in one line: "refused", or what changes and what replaces.
func (j judges) verdict(r recorded, inputs object) string {
	name, _, _ := strings.Cut(r.Type, ":")
	w := j[name]
	urn := "urn:pulumi:prod::procureflow::" + r.Type + "::" + r.Name
	checked, err := w.client.Check(w.ctx(), &rpc.CheckRequest{Urn: urn, Olds: w.props(r.Inputs), News: w.props(inputs),
		RandomSeed: make([]byte, 32)})
	require.NoError(w.t, err)
	if len(checked.GetFailures()) > 0 {
		return "refused"
	}
	diff, err := w.client.Diff(w.ctx(), &rpc.DiffRequest{Urn: urn, Id: r.ID, Olds: w.props(r.Outputs), OldInputs: w.props(r.Inputs),
		News: checked.GetInputs()})
	require.NoError(w.t, err)
	return shown(strings.TrimPrefix(diff.GetChanges().String(), "DIFF_"), diff.GetReplaces(), diff.GetDeleteBeforeReplace())
}

func shown(changes string, replaces []string, first bool) string {
	replaces = slices.Sorted(slices.Values(replaces))
	return fmt.Sprintf("%s, replaces %v, delete first %t", changes, replaces, first)
}

func TestVerdictsOfTheOfficialProviders(t *testing.T) {
	t.Parallel()
	j := newJudges(t)
	resources := lines[recorded](t, "resources.jsonl")
	for _, file := range []string{"changes.jsonl", "values.jsonl", "measured.jsonl"} {
		for _, r := range lines[row](t, file) {
			i := slices.IndexFunc(resources, func(c recorded) bool { return c.Type == r.Type && strings.Contains(c.Name, r.Match) })
			require.GreaterOrEqual(t, i, 0, "no resource of type %s", r.Type)
			inputs := withoutFilledIn(copyObject(resources[i].Inputs)).(object)
			for _, change := range append([]row{r}, r.Also...) {
				if change.Path != "" {
					inputs = changed(inputs, steps(change.Path), change.Value, change.Delete).(object)
				}
			}
			got := j.verdict(resources[i], inputs)
			if refused := r.Provider.Refused; refused != nil && !*refused {
				assert.NotEqual(t, "refused", got, "%s: %s", r.Type, r.Name)
			} else {
				assert.Equal(t, r.want(), got, "%s: %s %s = %v, deleted %t", r.Type, r.Name, r.Path, r.Value, r.Delete)
			}
		}
	}
}

func (r row) want() string {
	switch {
	case r.Want != "":
		return r.Want
	case r.Provider.Refused != nil:
		return "refused"
	}
	return shown(r.Provider.Changes, r.Provider.Replaces, r.Provider.DeleteBeforeReplace)
}

// unrecorded lists the types about which the official provider was not asked. Their lines in properties.txt follow the schema, which
// contract_test.go checks, and lifecycle_test.go covers the types.
var unrecorded = []string{"gcp:monitoring/customService:CustomService", "gcp:cloudrunv2/job:Job",
	"gcp:cloudrunv2/jobIamMember:JobIamMember",
	"gcp:cloudscheduler/job:Job", "gcp:sql/databaseInstance:DatabaseInstance", "gcp:sql/database:Database", "gcp:sql/user:User",
	"gcp:storage/bucket:Bucket", "gcp:storage/bucketIAMMember:BucketIAMMember"}

// TestSecondPreviewIsEmpty checks for every type that a second preview is empty.
func TestSecondPreviewIsEmpty(t *testing.T) {
	t.Parallel()
	j := newJudges(t)
	seen := map[string]bool{}
	for _, r := range lines[recorded](t, "resources.jsonl") {
		seen[r.Type] = true
		assert.Equal(t, shown("NONE", nil, false), j.verdict(r, withoutFilledIn(r.Inputs).(object)), r.Type)
	}
	for token := range types {
		assert.True(t, seen[token] || slices.Contains(unrecorded, token), "%s: nobody recorded what the official provider says of it: add it "+
			"to unrecorded in emulator/provider/verdicts_test.go, or its answers to testdata/resources.jsonl", token)
	}
}

// steps returns the names and indices of a path.
func steps(path string) []any {
	var out []any
	for part := range strings.SplitSeq(path, ".") {
		name, indices, _ := strings.Cut(part, "[")
		out = append(out, name)
		for index := range strings.SplitSeq(strings.TrimSuffix(indices, "]"), "][") {
			if n, err := strconv.Atoi(index); err == nil {
				out = append(out, n)
			}
		}
	}
	return out
}

// changed returns a copy of the value with another value at a path, or without the one there.
func changed(in any, path []any, value any, remove bool) any {
	if len(path) == 0 {
		return value
	}
	last := len(path) == 1
	if index, ok := path[0].(int); ok {
		elements := slices.Clone(in.([]any))
		if last && remove {
			return slices.Delete(elements, index, index+1)
		}
		elements[index] = changed(elements[index], path[1:], value, remove)
		return elements
	}
	out := object{}
	if old, ok := in.(object); ok {
		out = copyObject(old)
	}
	if name := path[0].(string); last && remove {
		delete(out, name)
	} else {
		out[name] = changed(out[name], path[1:], value, remove)
	}
	return out
}
