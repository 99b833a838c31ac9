package run_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

func TestRevisionsAreListedNewestFirst(t *testing.T) {
	t.Parallel()
	w := start(t)
	for i, name := range []string{"web-b", "web-c", "web-a"} {
		if i == 0 {
			w.OK("POST", services+"?serviceId=web", `{"template":`+tpl(name, healthy)+`}`)
		} else {
			w.OK("PATCH", services+"/web?updateMask=template", `{"template":`+tpl(name, healthy)+`}`)
		}
		w.Clock.Advance(time.Second)
	}
	list := func(query string) []string {
		answer := w.OK("GET", services+"/web/revisions"+query, "")
		var out []string
		for i := range answer["revisions"].([]any) {
			name := cloudtest.Dig(answer, "revisions", i, "name").(string)
			out = append(out, name[len(name)-5:])
		}
		return out
	}
	assert.Equal(t, []string{"web-a", "web-c", "web-b"}, list(""))
	assert.Equal(t, []string{"web-c", "web-b"}, list("?pageSize=2&pageToken=1"))
}

func TestDeletionsAnswerWhatWasDeleted(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.split()
	w.OK("PATCH", services+"/web?updateMask=traffic", `{"traffic":[`+to("web-green", 100, "")+`]}`)
	code, operation := w.Call("DELETE", services+"/web/revisions/web-blue", "")
	assert.Equal(t, 200, code)
	assert.Equal(t, "type.googleapis.com/google.cloud.run.v2.Revision", cloudtest.Dig(operation, "response", "@type"))
	assert.Equal(t, web+"/revisions/web-blue", cloudtest.Dig(operation, "response", "name"))
	before := w.OK("GET", services+"/web", "")
	w.Clock.Advance(time.Minute)
	_, operation = w.Call("DELETE", services+"/web", "")
	assert.Equal(t, "type.googleapis.com/google.cloud.run.v2.Service", cloudtest.Dig(operation, "response", "@type"))
	assert.Equal(t, "2026-11-23T12:01:00.000000Z", cloudtest.Dig(operation, "response", "deleteTime"))
	assert.Equal(t, before["uid"], cloudtest.Dig(operation, "response", "uid"))
	assert.Equal(t, before["traffic"], cloudtest.Dig(operation, "response", "traffic"))
	assert.Equal(t,
		"Not Found NOT_FOUND: Resource 'web' of kind 'SERVICE' in region 'us-central1' in project 'procureflow-dev' does not exist.",
		w.Refused("DELETE", services+"/web", ""))
	assert.Equal(t,
		"Not Found NOT_FOUND: Resource 'web' of kind 'SERVICE' in region 'us-central1' in project 'procureflow-dev' does not exist.",
		w.Refused("GET", services+"/web/revisions", ""))
	// Nothing is left for a service of the same name: its revisions' names are free again.
	w.OK("POST", services+"?serviceId=web", `{"template":`+tpl("web-blue", broken)+`}`)
}
