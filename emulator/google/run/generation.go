package run

import (
	"strconv"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
)

// stampGeneration sets the fields in which a service or job records its history. Its generation goes up only if the caller changed a field.
func stampGeneration(c *rest.Change, message string, changed bool) {
	s := c.New
	if c.Old == nil {
		s["uid"], s["creator"], s["generation"] = c.IDs.UUID(), rest.Caller, "0"
	}
	if c.Old == nil || changed || desiredChanged(message, c.Old, s) {
		n, _ := strconv.Atoi(doc.Text(s, "generation")) // cannot fail: this function wrote it
		s["generation"] = strconv.Itoa(n + 1)
		s["updateTime"], s["lastModifier"] = rest.Timestamp(c.Now), rest.Caller
	}
}

// desiredChanged reports whether the caller changed a field of the message.
func desiredChanged(message string, old, fresh map[string]any) bool {
	for _, side := range []struct{ a, b map[string]any }{{old, fresh}, {fresh, old}} {
		for field := range side.a {
			_, output, found := schema.MaskPath("run:"+message, field)
			if found && !output && field != "etag" && !doc.Equal(side.a[field], side.b[field]) {
				return true
			}
		}
	}
	return false
}
