package stacks

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// somePreviews returns previews of the minimal document's service.
func somePreviews() map[string]any {
	return map[string]any{"services": []any{"web"}, "runtimeAccount": "shop-previews", "public": true}
}

func TestPreviews(t *testing.T) {
	t.Parallel()
	workflows := map[string]any{"repository": "somebody/platform", "refs": []any{"refs/tags/v1.0.0"}}
	settings, err := parseChanged(t, dev, change{"previews": somePreviews(), "github.workflows": workflows})
	require.NoError(t, err)
	assert.Equal(t, &Previews{Services: []string{"web"}, Slots: 2, TimeToLive: "72h", RuntimeAccount: "shop-previews", Public: true,
		Front: "docker.io/library/caddy@sha256:4c6e91c6ed0e2fa03efd5b44747b625fec79bc9cd06ac5235a779726618e530d"}, settings.Previews)
	assert.Equal(t, []string{"shop-web-preview-1", "shop-web-preview-2"}, settings.SlotNames("web"))
	assert.Empty(t, settings.SlotNames("api"))
	assert.Equal(t, "shop-previews", settings.PreviewRepository())
	assert.Equal(t, 4, settings.PreviewDays())
	settings.Previews.TimeToLive = "1h30m"
	assert.Equal(t, 2, settings.PreviewDays())
	plain, err := parseChanged(t, dev, change{})
	require.NoError(t, err)
	assert.Empty(t, plain.SlotNames("web"), "without previews")

	const outside = "previews: is set outside of dev; leave it out: nobody has reviewed a pull request's image, so it may run only in dev"
	for name, test := range map[string]struct {
		stack   string
		changes change
		want    []string
	}{
		"in staging": {staging, nil, []string{outside}},
		"in prod":    {prod, nil, []string{outside}},
		"an unknown key": {dev, change{"previews.minInstances": 1}, []string{"previews.minInstances: is not a setting; known here: " +
			"environment, front, outsideCallers, public, runtimeAccount, secrets, services, slots, timeToLive"}},
		"no service": {dev, change{"previews.services": []any{}}, []string{"previews.services: is empty; list at least 1 of the services " +
			"to look at"}},
		"another service": {dev, change{"previews.services[0]": "api"}, []string{"previews.services[0]: names a service that is not there; use " +
			"the key of one under services: web"}},
		"a service twice": {dev, change{"previews.services": []any{"web", "web"}},
			[]string{"previews.services[1]: is there twice; remove one of the two"}},
		"gRPC": {dev, change{"services.web.http2": true}, []string{"previews.services[0]: takes requests by HTTP/2, as for gRPC; remove it: " +
			"a slot passes on HTTP/1 only"}},
		"asked by gRPC": {dev, change{"services.web.liveness": map[string]any{"grpc": true}},
			[]string{"previews.services[0]: takes requests by HTTP/2, as for gRPC; remove it: a slot passes on HTTP/1 only"}},
		"volumes": {dev, change{"services.web.volumes": map[string]any{"scratch": map[string]any{"memory": "64Mi"}},
			"services.web.mounts": map[string]any{"scratch": "/scratch"}}, []string{
			"previews.services[0]: has sidecars or volumes; remove it: a slot has neither, and the image would not run as it does in dev"}},
		"the longest name": {dev, change{"previews.slots": 10, "services.web.name": strings.Repeat("a", 37)}, nil},
		"the physical name of another service": {dev, change{"services.other": func() any {
			service := minimal(dev)["services"].(map[string]any)["web"].(map[string]any)
			service["name"], service["runtimeAccount"] = "shop-web-preview-2", "shop-other"
			return service
		}()}, []string{"previews.services[0]: would have a slot with the name of services.other; give that service another name"}},
		"a service called previews": {dev, change{"services.previews": func() any {
			service := minimal(dev)["services"].(map[string]any)["web"].(map[string]any)
			service["name"], service["runtimeAccount"] = "shop-other", "shop-other"
			return service
		}()}, []string{"services.previews: has an account that would be named like that of the slots; give the service another key"}},
		"numbers out of range": {dev, change{"previews.slots": 11, "previews.timeToLive": "721h"}, []string{
			"previews.slots: is out of range; use 1 to 10 slots",
			"previews.timeToLive: is not a time for which a slot can be kept; use 1h to 720h, for example 72h"}},
		"the repository's own workflow": {dev, change{"github.workflows": absent{}},
			[]string{"previews: would trust the repository's own workflow, which a pull request can change; set github.workflows: the " +
				"platform's file at a commit cannot be changed"}},
		"no slots": {dev, change{"previews.slots": 0}, []string{"previews.slots: is out of range; use 1 to 10 slots"}},
		"a lifetime without an end": {dev, change{"previews.timeToLive": "never"},
			[]string{"previews.timeToLive: is not a time for which a slot can be kept; " +
				"use 1h to " +
				"720h, for example 72h"}},
		"a lifetime that is too short": {dev, change{"previews.timeToLive": "59m"},
			[]string{"previews.timeToLive: is not a time for which a slot can be kept; " +
				"use 1h to " +
				"720h, for example 72h"}},
		"a service's account": {dev, change{"previews.runtimeAccount": "shop-web"}, []string{"previews.runtimeAccount: is also the account of " +
			"services.web; give each its own: so each has only the rights and secrets that it needs"}},
		"the pipeline's account": {dev, change{"previews.runtimeAccount": "github-actions-slots"},
			[]string{"previews.runtimeAccount: begins like the pipeline's own accounts; use another name: the container would have the " +
				"pipeline's rights"}},
		"a long registry": {dev, change{"registry.id": strings.Repeat("r", 55)}, []string{"previews: has images in a repository whose name " +
			"would be too long; shorten registry.id by 9"}},
		"a front by tag": {dev, change{"previews.front": "docker.io/library/caddy:2"},
			[]string{"previews.front: is not an image by digest; use " +
				"HOST/PATH@sha256:DIGEST without a tag, because what a tag names can change; " +
				"`docker buildx imagetools inspect NAME:TAG` shows the digest"}},
		"no callers": {dev, change{"previews.public": false},
			[]string{"previews.outsideCallers: is empty, so nobody could open a slot; name " +
				"who may, each with a reason, or write public: true"}},
		"public, with callers": {dev, change{"previews.outsideCallers": map[string]any{"group:a@example.com": "They look at pull requests."}},
			[]string{"previews.public: lets everybody open the slots, so outsideCallers has no effect; write false, or remove outsideCallers"}},
		"somebody": {dev, change{"previews.public": false, "previews.outsideCallers": map[string]any{"group:a@example.com": "They look at pull " +
			"requests."}}, nil},
		"allUsers as a named caller": {dev, change{"previews.public": false,
			"previews.outsideCallers": map[string]any{"allUsers": "They look at " +
				"pull requests."}},
			[]string{"previews.outsideCallers.allUsers: is everybody; write public: true if that is meant"}},
		"the port": {dev, change{"previews.environment": map[string]any{"PORT": "1"}},
			[]string{"previews.environment.PORT: is set by Cloud Run " +
				"itself; remove it, or choose another name"}},
		"a secret that nobody declared": {dev, change{"previews.secrets": map[string]any{"A": "b"}},
			[]string{"previews.secrets.A: names a secret " +
				"that is not declared; declare it under secrets at the top level"}},
		"a secret of its service": {dev, change{"secrets": map[string]any{"b": map[string]any{"version": "1"}},
			"services.web.secrets": map[string]any{"B": "b"}, "previews.secrets": map[string]any{"A": "b"}}, []string{"previews.secrets.A: is " +
			"read by services.web too, and everybody who may push a branch could read it; make a secret for previews alone"}},
		"a secret of a job": {dev, change{"secrets": map[string]any{"b": map[string]any{"version": "1"}}, "jobs.tidy": map[string]any{
			"name": "shop-tidy", "service": "web", "runtimeAccount": "shop-tidy", "secrets": map[string]any{"B": "b"}},
			"previews.secrets": map[string]any{"A": "b"}}, []string{"previews.secrets.A: is read by jobs.tidy too, and everybody who may push a " +
			"branch could read it; make a secret for previews alone"}},
		"a secret that only the previews read": {dev, change{"secrets": map[string]any{"b": map[string]any{"version": "1"}},
			"previews.secrets": map[string]any{"A": "b"}}, nil},
		"a variable twice": {dev, change{"secrets": map[string]any{"b": map[string]any{"version": "1"}},
			"previews.secrets":     map[string]any{"A": "b"},
			"previews.environment": map[string]any{"A": "c"}}, []string{"previews.secrets.A: has a second source under environment; keep one of " +
			"the two"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document := minimal(test.stack)
			put(document, "previews", somePreviews())
			put(document, "github.workflows", workflows)
			for _, path := range sortedKeys(test.changes) {
				put(document, path, test.changes[path])
			}
			_, err := Parse(toJSON(t, document), test.stack)
			assert.Equal(t, test.want, lines(t, err))
		})
	}
}
