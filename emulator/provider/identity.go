package provider

import (
	"cmp"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
)

// Identity returns what the cloud calls a resource with these inputs. Two resources of one type with one identity are one thing in the
// cloud. It is "" if only the API can name the resource, for example an alert, or if the inputs lack a part of the name.
func Identity(token string, inputs map[string]any) string {
	t, err := lookup(token)
	if err != nil {
		return ""
	}
	id, err := expand(cmp.Or(t.locate, t.idTemplate()), inputs, asIs)
	if err != nil {
		return ""
	}
	if title := doc.Text(inputs, "condition", "title"); title != "" {
		id += "/" + title // A member's binding with another condition is another binding.
	}
	return id
}
