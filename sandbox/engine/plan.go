package engine

import (
	"cmp"
	"context"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/guiofsaints/procureflow-platform/sandbox/review"
)

// Plan is what Up would do, and what the policies, the program and the providers say of it. An update that would be refused is no
// error: its findings say by what.
func (s *Stack) Plan(ctx context.Context) (steps []review.Step, findings []review.Finding, err error) {
	pack, config, err := s.engine.policyPack(ctx, s.auto.Name())
	if err != nil {
		return nil, nil, err
	}
	stream := make(chan events.EngineEvent)
	done := make(chan []apitype.EngineEvent)
	go func() {
		var all []apitype.EngineEvent
		for event := range stream {
			all = append(all, event.EngineEvent)
		}
		done <- all
	}()
	_, err = s.auto.Preview(ctx, optpreview.PolicyPacks(pack), optpreview.PolicyPackConfigs(config), optpreview.EventStreams(stream),
		optpreview.ProgressStreams(io.Discard), optpreview.ErrorProgressStreams(io.Discard), optpreview.Color("never"), optpreview.SuppressProgress())
	all := <-done
	steps, findings = planOf(all)
	if err != nil && !slices.ContainsFunc(findings, review.Finding.Stops) {
		return nil, nil, s.failed(ctx, "preview", err)
	}
	return steps, findings, ctx.Err()
}

// planOf reads the engine's events.
func planOf(all []apitype.EngineEvent) (steps []review.Step, findings []review.Finding) {
	steps, findings = []review.Step{}, []review.Finding{}
	for _, event := range all {
		switch {
		case event.ResourcePreEvent != nil:
			if step, changes := stepOf(event.ResourcePreEvent.Metadata); changes {
				steps = append(steps, step)
			}
		case event.PolicyEvent != nil:
			policy := event.PolicyEvent
			findings = append(findings, review.Finding{Policy: policy.PolicyName, Level: policy.EnforcementLevel, Resource: nameOf(policy.ResourceURN),
				Message: withoutColours(policy.Message)})
		case event.DiagnosticEvent != nil && !event.DiagnosticEvent.Ephemeral:
			said := event.DiagnosticEvent
			if said.Severity == "warning" || said.Severity == "error" {
				findings = append(findings, review.Finding{Policy: "program", Level: said.Severity, Resource: nameOf(said.URN), Message: withoutColours(said.Message)})
			}
		}
	}
	slices.SortFunc(steps, func(a, b review.Step) int { return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Type, b.Type)) })
	slices.SortFunc(findings, func(a, b review.Finding) int {
		return cmp.Or(strings.Compare(a.Policy, b.Policy), strings.Compare(a.Resource, b.Resource), strings.Compare(a.Message, b.Message))
	})
	return steps, slices.Compact(findings)
}

// ops are the engine's operations that change something, each by what it comes to. The two halves of a replacement are not listed.
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
	if !state.Custom && op != review.Update { // a component is nothing in the cloud: its resources are listed
		return review.Step{}, false
	}
	made := review.Step{Op: op, Name: nameOf(step.URN), Type: step.Type, Data: holdsData(step.Type)}
	if !state.Custom || op == review.Create || op == review.Delete || step.Old == nil || step.New == nil {
		return made, state.Custom
	}
	for path, diff := range step.DetailedDiff {
		property := review.Property{Path: path, Before: absentIsEmpty(valueAt(step.Old.Inputs, path)), After: absentIsEmpty(valueAt(step.New.Inputs, path)),
			Replaces: strings.HasSuffix(string(diff.Kind), "-replace")}
		if !diff.InputDiff && property.Before == "" && property.After == "" {
			property.Before, property.After = absentIsEmpty(valueAt(step.Old.Outputs, path)), absentIsEmpty(valueAt(step.New.Outputs, path))
		}
		property.Unknown = strings.Contains(property.After, unknownValue)
		made.Changes = append(made.Changes, property)
	}
	slices.SortFunc(made.Changes, func(a, b review.Property) int { return strings.Compare(a.Path, b.Path) })
	return made, true
}

// unknownValue is how the engine writes what it does not know yet.
const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

func absentIsEmpty(text string) string {
	if text == "absent" {
		return ""
	}
	return text
}

func nameOf(urn string) string {
	if urn == "" {
		return ""
	}
	return resource.URN(urn).Name()
}

var colours = regexp.MustCompile(`<\{%[^%]*%\}>|\x1b\[[0-9;]*m`)

func withoutColours(text string) string { return strings.TrimSpace(colours.ReplaceAllString(text, "")) }

// holdsData says that a resource of the type holds something that a new one of the same settings does not have.
func holdsData(token string) bool {
	return slices.ContainsFunc([]string{
		"gcp:alloydb/", "gcp:artifactregistry/repository:", "gcp:bigquery/dataset:", "gcp:bigquery/table:", "gcp:bigtable/", "gcp:compute/disk:",
		"gcp:compute/regionDisk:", "gcp:filestore/", "gcp:firestore/database:", "gcp:kms/cryptoKey:", "gcp:kms/cryptoKeyVersion:", "gcp:kms/keyRing:",
		"gcp:logging/projectBucketConfig:", "gcp:redis/", "gcp:secretmanager/secret:", "gcp:secretmanager/secretVersion:", "gcp:spanner/",
		"gcp:sql/database:", "gcp:sql/databaseInstance:", "gcp:storage/bucket:", "gcp:storage/bucketObject:",
	}, func(prefix string) bool { return strings.HasPrefix(token, prefix) })
}
