package rest

import (
	"maps"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
)

// masked returns old with the patch's values in the fields that the mask names.
func (k *Kind) masked(old, patch map[string]any, mask string) (map[string]any, error) {
	fresh := maps.Clone(old)
	if mask == "" {
		switch k.Update.Mask {
		case MaskRequired:
			return nil, Invalid("Request must contain a valid update mask: update_mask is required.")
		case MaskReplaces:
			mask = "*"
		case MaskMerges:
			maps.Copy(fresh, patch)
			return fresh, nil
		case MaskPatches:
			return patched(old, patch), nil
		}
	}
	if mask == "*" {
		fresh = maps.Clone(patch)
		for field, value := range old {
			_, output, found := schema.MaskPath(k.message(), field)
			if output || !found || field == "name" || field == k.Stamps.Created || field == k.Stamps.Etag {
				fresh[field] = value
			}
		}
		return fresh, nil
	}
	for _, path := range strings.Split(mask, ",") {
		path = strings.TrimSpace(path)
		if own, found := k.Update.MaskNames[path]; found {
			path = own
		}
		fields, output, found := schema.MaskPath(k.message(), path)
		if !found {
			return nil, Invalid("Invalid value at 'update_mask' (type.googleapis.com/google.protobuf.FieldMask), \"%s\"", path)
		}
		if output || fields[0] == "name" || fields[0] == "etag" {
			continue
		}
		fresh = doc.With(fresh, doc.At(patch, fields...), fields...)
	}
	return fresh, nil
}

// patched returns old with the patch's fields in it. It merges nested objects as well.
func patched(old, patch map[string]any) map[string]any {
	fresh := maps.Clone(old)
	for field, value := range patch {
		if inner, isObject := value.(map[string]any); isObject && doc.Object(old, field) != nil {
			value = patched(doc.Object(old, field), inner)
		}
		fresh[field] = value
	}
	return fresh
}
