package cloudrun

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// hashDigits is how many hexadecimal digits of the hash a revision's name has: 40 bits, so that two of the at most 1000
// revisions of a service share a name with a probability under one in a million.
const hashDigits = 10

// revisionName returns the name of the revision that a template makes. The name is unknown while any value in the
// template is.
func revisionName(service string, attempt int, template *cloudrunv2.ServiceTemplateArgs) pulumi.StringOutput {
	return template.ToServiceTemplateOutput().ApplyT(func(resolved cloudrunv2.ServiceTemplate) (string, error) {
		hash, err := templateHash(resolved, attempt)
		if err != nil {
			return "", fmt.Errorf("name the revision of service %s: %w", service, err)
		}
		return service + "-" + hash, nil
	}).(pulumi.StringOutput)
}

// templateHash returns the same hash for templates with the same content. Absent fields are left out, so that a newer
// SDK with more optional fields does not rename the revisions of unchanged templates.
func templateHash(template cloudrunv2.ServiceTemplate, attempt int) (string, error) {
	document, err := json.Marshal(map[string]any{"template": template, "attempt": attempt})
	if err != nil {
		return "", fmt.Errorf("write the template as JSON: %w", err)
	}
	var fields any
	if err := json.Unmarshal(document, &fields); err != nil {
		return "", fmt.Errorf("read the template's JSON: %w", err)
	}
	canonical, err := json.Marshal(withoutNulls(fields))
	if err != nil {
		return "", fmt.Errorf("write the template's canonical JSON: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])[:hashDigits], nil
}

// withoutNulls drops absent values at every level. The encoder sorts the keys.
func withoutNulls(value any) any {
	switch value := value.(type) {
	case map[string]any:
		kept := make(map[string]any, len(value))
		for key, element := range value {
			if element != nil {
				kept[key] = withoutNulls(element)
			}
		}
		return kept
	case []any:
		kept := make([]any, 0, len(value))
		for _, element := range value {
			kept = append(kept, withoutNulls(element))
		}
		return kept
	default:
		return value
	}
}
