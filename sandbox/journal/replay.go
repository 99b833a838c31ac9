package journal

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// errDamaged says that the entries contradict each other or the state they began with.
var errDamaged = errors.New("the journal does not fit the state it began with")

// replay applies an operation's entries to the state with which the operation began. An entry names a resource in one of two ways: by its
// position in that state ("old"), or by the operation that made it ("new").
type replay struct {
	base *apitype.DeploymentV3
	old  map[int64]*change
	// made are the resources of this operation in the order in which they were made. A resource that was removed again is
	// nil.
	made       []*apitype.ResourceV3
	madeBy     map[int64]int
	begun      map[int64]apitype.JournalEntry
	extensions map[apitype.ExtensionRef]apitype.Extension
	refreshed  bool
	byteString bool
}

// change is a change of one resource of the base.
type change struct {
	gone, deleting, replacing bool
	state                     *apitype.ResourceV3
}

// newReplay begins with a state. byteString says that a secret in it holds bytes that are no text, which its resources do not show.
func newReplay(base *apitype.DeploymentV3, byteString bool) *replay {
	if base == nil {
		base = &apitype.DeploymentV3{}
	}
	return &replay{base: base, byteString: byteString, old: map[int64]*change{}, madeBy: map[int64]int{},
		begun: map[int64]apitype.JournalEntry{}, extensions: map[apitype.ExtensionRef]apitype.Extension{}}
}

// add applies one entry.
func (r *replay) add(entry apitype.JournalEntry) error {
	r.byteString = r.byteString || entry.RequiresByteString
	r.refreshed = r.refreshed || entry.IsRefresh
	switch entry.Kind {
	case apitype.JournalEntryKindBegin:
		r.begun[entry.OperationID] = entry
	case apitype.JournalEntryKindFailure:
		delete(r.begun, entry.OperationID)
	case apitype.JournalEntryKindSuccess:
		delete(r.begun, entry.OperationID)
		return r.succeeded(entry)
	case apitype.JournalEntryKindRefreshSuccess:
		delete(r.begun, entry.OperationID)
		r.refreshed = true
		return r.put(entry)
	case apitype.JournalEntryKindOutputs:
		if entry.State == nil {
			return nil
		}
		return r.put(entry)
	case apitype.JournalEntryKindWrite:
		if entry.NewSnapshot == nil {
			return fmt.Errorf("%w: entry %d writes no state", errDamaged, entry.SequenceID)
		}
		r.base = entry.NewSnapshot
	case apitype.JournalEntryKindSecretsManager:
		r.base.SecretsProviders = entry.SecretsProvider
	case apitype.JournalEntryKindSnippets:
		r.base.Snippets = entry.Snippets
	case apitype.JournalEntryKindExtensionParameterize:
		if entry.ExtensionRef != nil && entry.Extension != nil {
			r.extensions[*entry.ExtensionRef] = *entry.Extension
		}
	case apitype.JournalEntryKindRebuiltBaseState:
		// The engine goes on from the state so far, and names its resources by their new positions.
		rebuilt, err := r.deployment()
		if err != nil {
			return err
		}
		*r = *newReplay(rebuilt, r.byteString)
	default:
		return fmt.Errorf("the engine's journal has an entry of kind %d, which the sandbox does not know", entry.Kind)
	}
	return nil
}

// succeeded applies a finished step: it made a resource, removed one, or marked one for later.
func (r *replay) succeeded(entry apitype.JournalEntry) error {
	if entry.State != nil {
		r.madeBy[entry.OperationID] = len(r.made)
		r.made = append(r.made, entry.State)
	}
	for _, mark := range []struct {
		old, new *int64
		onOld    func(*change)
		onNew    func(at int)
	}{
		{entry.RemoveOld, entry.RemoveNew, func(c *change) { c.gone = true }, func(at int) { r.made[at] = nil }},
		{entry.DeleteOld, entry.DeleteNew, func(c *change) { c.deleting = true }, func(at int) { r.made[at].Delete = true }},
		{entry.PendingReplacementOld, entry.PendingReplacementNew, func(c *change) { c.replacing = true },
			func(at int) { r.made[at].PendingReplacement = true }},
	} {
		if err := r.mark(entry.SequenceID, mark.old, mark.new, mark.onOld, mark.onNew); err != nil {
			return err
		}
	}
	return nil
}

// put gives a resource another state, or removes it if the entry has no state.
func (r *replay) put(entry apitype.JournalEntry) error {
	return r.mark(entry.SequenceID, entry.RemoveOld, entry.RemoveNew,
		func(c *change) {
			c.state = entry.State
			c.gone = c.gone || entry.State == nil
		},
		func(at int) { r.made[at] = entry.State })
}

// mark finds the resource that an entry names, if it names one.
func (r *replay) mark(entry int64, old, made *int64, onOld func(*change), onNew func(at int)) error {
	if old != nil {
		if *old < 0 || *old >= int64(len(r.base.Resources)) {
			return fmt.Errorf("%w: entry %d names resource %d of %d", errDamaged, entry, *old, len(r.base.Resources))
		}
		if r.old[*old] == nil {
			r.old[*old] = &change{}
		}
		onOld(r.old[*old])
	}
	if made != nil {
		at, ok := r.madeBy[*made]
		if !ok || r.made[at] == nil {
			return fmt.Errorf("%w: entry %d names the resource of operation %d, and it made none", errDamaged, entry, *made)
		}
		onNew(at)
	}
	return nil
}

// deployment returns the state after all entries so far: the resources of this operation, and then those of the base that it has not
// reached. Operations that have begun and not ended are pending.
func (r *replay) deployment() (*apitype.DeploymentV3, error) {
	after := *r.base
	after.Resources = nil
	for _, made := range r.made {
		if made != nil {
			after.Resources = append(after.Resources, *made)
		}
	}
	for i, state := range r.base.Resources {
		if changed := r.old[int64(i)]; changed != nil {
			if changed.gone {
				continue
			}
			if changed.state != nil {
				state = *changed.state
			}
			state.Delete = state.Delete || changed.deleting
			state.PendingReplacement = state.PendingReplacement || changed.replacing
		}
		after.Resources = append(after.Resources, state)
	}
	after.PendingOperations = nil
	for _, begun := range slices.SortedFunc(maps.Values(r.begun), func(a, b apitype.JournalEntry) int {
		return cmp.Compare(a.SequenceID, b.SequenceID)
	}) {
		if begun.Operation != nil {
			after.PendingOperations = append(after.PendingOperations, *begun.Operation)
		}
	}
	for _, pending := range r.base.PendingOperations {
		// How an earlier creation ended has to be found out. The engine repeats other operations by itself.
		if pending.Type == apitype.OperationTypeCreating {
			after.PendingOperations = append(after.PendingOperations, pending)
		}
	}
	if len(r.extensions) > 0 {
		after.Extensions = maps.Clone(r.extensions)
		maps.Copy(after.Extensions, r.base.Extensions)
	}
	if r.refreshed {
		dropDangling(after.Resources)
	}
	return after.NormalizeURNReferences()
}

// dropDangling removes references to resources that a refresh found gone. A resource comes after all resources that it
// refers to.
func dropDangling(resources []apitype.ResourceV3) {
	known, parents := map[resource.URN]bool{}, map[resource.URN]resource.URN{}
	unknown := func(urn resource.URN) bool { return !known[urn] }
	for i := range resources {
		state := &resources[i]
		if state.Parent != "" && unknown(state.Parent) {
			state.Parent = parents[state.Parent]
		}
		parents[state.URN] = state.Parent
		state.Dependencies = slices.DeleteFunc(slices.Clone(state.Dependencies), unknown)
		state.ReplaceWith = slices.DeleteFunc(slices.Clone(state.ReplaceWith), unknown)
		if state.PropertyDependencies != nil {
			left := map[resource.PropertyKey][]resource.URN{}
			for key, urns := range state.PropertyDependencies {
				left[key] = slices.DeleteFunc(slices.Clone(urns), unknown)
			}
			state.PropertyDependencies = left
		}
		if state.DeletedWith != "" && unknown(state.DeletedWith) {
			state.DeletedWith = ""
		}
		known[state.URN] = true
	}
}

// result returns the state after all entries as the file backend keeps it: with its manifest, its schema's version, and the features that
// an older engine has to know to read it.
func (r *replay) result(now time.Time, version string) (deployment *apitype.DeploymentV3, schema int, features []string, err error) {
	if deployment, err = r.deployment(); err != nil {
		return nil, 0, nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	deployment.Manifest = apitype.ManifestV1{Time: now, Version: version}
	deployment.Manifest.Magic = deployment.Manifest.NewMagic()
	deployment.Metadata.IntegrityErrorMetadata = nil
	used := map[string]bool{"byteString": r.byteString, "snippets-prototype": len(deployment.Snippets) > 0}
	for _, state := range deployment.Resources {
		noteFeatures(state, used)
	}
	for _, pending := range deployment.PendingOperations {
		noteFeatures(pending.Resource, used)
	}
	maps.DeleteFunc(used, func(_ string, is bool) bool { return !is })
	schema = apitype.DeploymentSchemaVersionCurrent
	if len(used) > 0 {
		schema = apitype.DeploymentSchemaVersionLatest
	}
	return deployment, schema, slices.Sorted(maps.Keys(used)), nil
}

// noteFeatures adds the features of the newer schema that a resource's state uses.
func noteFeatures(state apitype.ResourceV3, used map[string]bool) {
	for name, is := range map[string]bool{
		"refreshBeforeUpdate": state.RefreshBeforeUpdate, "views": state.ViewOf != "", "hooks": len(state.ResourceHooks) > 0,
		"taint": state.Taint, "replaceWith": len(state.ReplaceWith) > 0, "extensionParameterization": state.ExtensionRef != "",
		"snippets-prototype": state.SnippetID != "",
	} {
		used[name] = used[name] || is
	}
}
