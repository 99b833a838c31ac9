package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/guiofsaints/procureflow-platform/sandbox/inventory"
	"github.com/guiofsaints/procureflow-platform/sandbox/review"
)

// Plan is what Up would do.
type Plan struct {
	// Steps are the resources that would change.
	Steps []review.Step
	// Findings are the messages of the policies, the program and the providers.
	Findings []review.Finding
	// Resources are all resources after the update, as far as they are known beforehand.
	Resources []inventory.Resource
}

// Refused says that Up would refuse the update.
func (p Plan) Refused() bool { return slices.ContainsFunc(p.Findings, review.Finding.Stops) }

// Plan asks the engine what Up would do, and changes nothing. A refused update is not an error: the findings say what refuses it.
func (s *Stack) Plan(ctx context.Context) (Plan, error) {
	pack, config, err := s.engine.policyPack(ctx, s.auto.Name())
	if err != nil {
		return Plan{}, err
	}
	stream, heard := listen()
	_, err = s.auto.Preview(ctx, optpreview.PolicyPacks(pack), optpreview.PolicyPackConfigs(config), optpreview.EventStreams(stream),
		optpreview.ProgressStreams(io.Discard), optpreview.ErrorProgressStreams(io.Discard), optpreview.Color("never"),
		optpreview.SuppressProgress())
	plan := planOf(heard())
	if err != nil && !plan.Refused() {
		return Plan{}, s.failed(ctx, "preview", err)
	}
	return plan, ctx.Err()
}

// passing are the operations after which a resource is not there, or about which a later operation on the same resource says more: a
// refresh comes before the operation itself, and a replacement's two halves have the replacement's URN.
var passing = []apitype.OpType{apitype.OpRefresh, apitype.OpDelete, apitype.OpDeleteReplaced, apitype.OpCreateReplacement}

// planOf reads the engine's events.
func planOf(all []apitype.EngineEvent) Plan {
	plan := Plan{Steps: []review.Step{}, Findings: []review.Finding{}}
	finding := func(policy, level, urn, message string) {
		made := review.Finding{Policy: policy, Level: level, Message: strings.TrimSpace(colours.ReplaceAllString(message, ""))}
		if urn != "" {
			made.Resource = resource.URN(urn).Name()
		}
		plan.Findings = append(plan.Findings, made)
	}
	for _, event := range all {
		switch {
		case event.ResourcePreEvent != nil:
			step := event.ResourcePreEvent.Metadata
			if made, changes := stepOf(step); changes {
				plan.Steps = append(plan.Steps, made)
			}
			if step.New != nil && !slices.Contains(passing, step.Op) {
				name, _ := step.New.Outputs["name"].(string)
				plan.Resources = append(plan.Resources, inventory.Resource{URN: step.URN, Parent: step.New.Parent, Type: step.Type,
					Name: resource.URN(step.URN).Name(), Inputs: inventory.MarkedInputs(step.New.Inputs), CloudName: name})
			}
		case event.PolicyEvent != nil:
			finding(event.PolicyEvent.PolicyName, event.PolicyEvent.EnforcementLevel, event.PolicyEvent.ResourceURN, event.PolicyEvent.Message)
		case event.DiagnosticEvent != nil && !event.DiagnosticEvent.Ephemeral:
			// The message that the preview failed is left out, because others say why.
			if said := event.DiagnosticEvent; said.Severity == "warning" || said.Severity == "error" &&
				strings.TrimSpace(colours.ReplaceAllString(said.Message, "")) != "preview failed" {
				finding("program", said.Severity, said.URN, said.Message)
			}
		}
	}
	plan.Findings = append(plan.Findings, placesTaken(stepsOf(all))...)
	slices.SortFunc(plan.Steps, func(a, b review.Step) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Type, b.Type))
	})
	slices.SortFunc(plan.Findings, func(a, b review.Finding) int {
		return cmp.Or(strings.Compare(a.Policy, b.Policy), strings.Compare(a.Resource, b.Resource), strings.Compare(a.Message, b.Message))
	})
	plan.Findings = slices.Compact(plan.Findings)
	inventory.Sort(plan.Resources)
	return plan
}

// ops maps the engine's operations that change something to the review's. The two halves of a replacement are not listed.
var ops = map[apitype.OpType]review.Op{
	apitype.OpCreate: review.Create, apitype.OpUpdate: review.Update, apitype.OpReplace: review.Replace, apitype.OpDelete: review.Delete,
	apitype.OpImport: review.Create, apitype.OpImportReplacement: review.Replace,
}

func stepOf(step apitype.StepEventMetadata) (review.Step, bool) {
	op, changes := ops[step.Op]
	if !changes || strings.HasPrefix(step.Type, "pulumi:pulumi:") || strings.HasPrefix(step.Type, "pulumi:providers:") {
		return review.Step{}, false
	}
	state := cmp.Or(step.New, step.Old)
	if !state.Custom { // A component is nothing in the cloud, and its resources are listed.
		return review.Step{}, false
	}
	made := review.Step{Op: op, Name: resource.URN(step.URN).Name(), Type: step.Type, Data: holdsData(step.Type)}
	if op == review.Create || op == review.Delete || step.Old == nil || step.New == nil {
		return made, true
	}
	replacing := map[string]bool{}
	for path, diff := range step.DetailedDiff {
		if strings.HasSuffix(string(diff.Kind), "-replace") {
			replacing[topOf(path)] = true
		}
	}
	for _, key := range step.Keys {
		replacing[topOf(key)] = true
	}
	was, is := map[string]string{}, map[string]string{}
	flatten("", inventory.Marked(step.Old.Inputs), was)
	flatten("", inventory.Marked(step.New.Inputs), is)
	both := maps.Clone(was)
	maps.Copy(both, is)
	for _, path := range slices.Sorted(maps.Keys(both)) {
		switch {
		case was[path] == is[path] || belowUnknown(path, is):
		case is[path] == string(inventory.Unknown): // The new value is not known yet, and the old one is often a random id.
			made.Changes = append(made.Changes, review.Property{Path: path, Replaces: replacing[topOf(path)], Unknown: true})
		default:
			made.Changes = append(made.Changes, review.Property{Path: path, Before: was[path], After: is[path], Replaces: replacing[topOf(path)]})
		}
	}
	return made, true
}

// belowUnknown says that a path is a part of something whose new value is not known yet.
func belowUnknown(path string, is map[string]string) bool {
	for i, letter := range path {
		if (letter == '.' || letter == '[') && is[path[:i]] == string(inventory.Unknown) {
			return true
		}
	}
	return false
}

// topOf returns the property with which a path begins.
func topOf(path string) string {
	if end := strings.IndexAny(path, ".["); end >= 0 {
		return path[:end]
	}
	return path
}

// flatten writes the leaves of a value by their paths. A list's element is called by its name if it has one, so that an element inserted
// before it does not change its path. The engine's own paths use positions.
func flatten(path string, value any, leaves map[string]string) {
	switch value := value.(type) {
	case map[string]any:
		for key, child := range value {
			if key != "__defaults" { // This key is the provider's own note.
				flatten(strings.TrimPrefix(path+"."+key, "."), child, leaves)
			}
		}
	case []any:
		for i, child := range value {
			element, _ := child.(map[string]any)
			name, named := element["name"].(string)
			if named {
				flatten(fmt.Sprintf("%s[%q]", path, name), child, leaves)
			} else {
				flatten(fmt.Sprintf("%s[%d]", path, i), child, leaves)
			}
		}
	case inventory.Mark: // Without quotation marks, which a text has.
		leaves[path] = string(value)
	case nil:
	default:
		var text strings.Builder
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false) // The code that shows the text escapes it.
		if encoder.Encode(value) != nil {
			text.WriteString("?")
		}
		leaves[path] = strings.TrimSuffix(text.String(), "\n")
	}
}

var colours = regexp.MustCompile(`<\{%[^%]*%\}>|\x1b\[[0-9;]*m`)

// holdsData says that a resource of the type holds data that a new one with the same settings would lack. A secret's version does not
// count, because it stays when its resource is deleted (docs/adr/0005).
func holdsData(token string) bool {
	return slices.ContainsFunc([]string{
		"gcp:alloydb/", "gcp:artifactregistry/repository:", "gcp:bigquery/dataset:", "gcp:bigquery/table:", "gcp:bigtable/", "gcp:compute/disk:",
		"gcp:compute/regionDisk:", "gcp:filestore/", "gcp:firestore/database:", "gcp:kms/cryptoKey:", "gcp:kms/cryptoKeyVersion:",
		"gcp:kms/keyRing:",
		"gcp:logging/projectBucketConfig:", "gcp:redis/", "gcp:secretmanager/secret:", "gcp:spanner/",
		"gcp:sql/database:", "gcp:sql/databaseInstance:", "gcp:storage/bucket:", "gcp:storage/bucketObject:",
	}, func(prefix string) bool { return strings.HasPrefix(token, prefix) })
}
