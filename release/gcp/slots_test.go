package gcp

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	api "google.golang.org/api/run/v2"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/release/preview"
	"github.com/guiofsaints/procureflow-platform/release/probe"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

const (
	freeImage = "us-docker.pkg.dev/cloudrun/container/hello@" + blue
	shownAt   = "https://web-preview-1-42.us-central1.run.app"
)

// slots makes slots as the program does, and returns their keeper.
func (w *world) slots(names ...string) *preview.Keeper {
	w.t.Helper()
	for _, name := range names {
		w.call("POST", services+"?serviceId="+name, fmt.Sprintf(`{"invokerIamDisabled":true,"labels":{"purpose":"preview"},
			"annotations":{"slot-free-image":%q,"other":"kept"},"template":{"scaling":{"maxInstanceCount":1},"containers":[
			{"name":"main","image":"docker.io/library/caddy@%s","ports":[{"containerPort":8080}],"dependsOn":["app"],
			"args":["reverse-proxy","--header-down","X-Robots-Tag: noindex"]},
			{"name":"app","image":%q,"startupProbe":{"tcpSocket":{"port":3000}},"env":[{"name":"PORT","value":"3000"}]}]}}`,
			freeImage, green, freeImage))
	}
	w.Sleep(context.Background(), time.Minute)
	slots, err := NewSlots(w.t.Context(), Endpoints{Run: w.api.URL + "/run/"}, project, region)
	require.NoError(w.t, err)
	return &preview.Keeper{Slots: slots, Clock: w, Names: names,
		Look: func(ctx context.Context, url string) error { return probe.NoIndex(ctx, w.web.URL, url) }}
}

// live returns the slot's service as the API has it.
func (w *world) live(name string) *api.GoogleCloudRunV2Service {
	w.t.Helper()
	client, err := runClient(w.t.Context(), Endpoints{Run: w.api.URL + "/run/"})
	require.NoError(w.t, err)
	service, err := client.Projects.Locations.Services.Get("projects/" + project + "/locations/" + region + "/services/" + name).Do()
	require.NoError(w.t, err)
	return service
}

func imageOf(pullRequest int) string {
	return fmt.Sprintf("us-docker.pkg.dev/cloudrun/container/hello@sha256:%064x", pullRequest)
}

// TestSlotIsTakenAndFreed puts an image into a slot and takes it out again. The slot runs the image at an address that search
// engines do not list, keeps its other settings, and is free afterwards.
func TestSlotIsTakenAndFreed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 3*time.Second)
	keeper := w.slots("web-preview-1")
	request := preview.Request{PullRequest: 7, Commit: "c1", Image: imageOf(7), TimeToLive: time.Hour}
	slot, err := keeper.Up(t.Context(), request)
	require.NoError(t, err)
	slot.Etag = ""
	assert.Equal(t, preview.Slot{Name: "web-preview-1", URL: shownAt, PullRequest: 7, Commit: "c1", Image: imageOf(7), FreeImage: freeImage,
		Ready: true, Expires: slot.Expires}, slot)
	live := w.live("web-preview-1")
	assert.Equal(t, "kept", live.Annotations["other"])
	assert.Equal(t, int64(1), live.Template.Scaling.MaxInstanceCount)
	assert.Equal(t, []string{"app"}, live.Template.Containers[0].DependsOn)
	before := live.LatestCreatedRevision
	_, err = keeper.Up(t.Context(), request)
	require.NoError(t, err)
	assert.Equal(t, before, w.live("web-preview-1").LatestCreatedRevision, "a repeated up makes no revision")

	_, err = keeper.Down(t.Context(), 7)
	require.NoError(t, err)
	slots, err := keeper.List(t.Context())
	require.NoError(t, err)
	slots[0].Etag = ""
	assert.Equal(t, []preview.Slot{{Name: "web-preview-1", URL: shownAt, Image: freeImage, FreeImage: freeImage, Ready: true}}, slots)

	// An image that does not start is taken out again.
	require.NoError(t, w.cloud.Run.SetBehaviour(run.Digest(imageOf(8)), run.Behaviour{NeverReady: true}))
	_, err = keeper.Up(t.Context(), preview.Request{PullRequest: 8, Commit: "c2", Image: imageOf(8), TimeToLive: time.Hour})
	assert.ErrorContains(t, err, "the image does not start in web-preview-1: ")
	assert.ErrorContains(t, err, "; the slot is free again")
}

// TestConcurrentPullRequests checks that of many pull requests at once, each slot goes to one, and that the others are told who has
// the slots.
func TestConcurrentPullRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	keeper := w.slots("web-preview-1", "web-preview-2")
	var group sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		group.Go(func() {
			_, errs[i] = keeper.Up(t.Context(), preview.Request{PullRequest: i + 1, Commit: "c", Image: imageOf(i + 1), TimeToLive: time.Hour})
		})
	}
	group.Wait()
	served := 0
	for i, err := range errs {
		if err == nil {
			served++
			continue
		}
		var held *preview.HeldError
		assert.ErrorAs(t, err, &held, "#%d", i+1)
	}
	assert.Equal(t, 2, served)
	slots, err := keeper.List(t.Context())
	require.NoError(t, err)
	assert.NotEqual(t, slots[0].PullRequest, slots[1].PullRequest)
	for _, slot := range slots {
		assert.Equal(t, imageOf(slot.PullRequest), slot.Image, "the slot's holder and its image were written together")
	}
}

func TestOtherServicesAreNotSlots(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	keeper := w.slots("web-preview-1")
	keeper.Names = []string{"web"}
	request := preview.Request{PullRequest: 7, Commit: "c", Image: imageOf(7), TimeToLive: time.Hour}
	_, err := keeper.Up(t.Context(), request)
	assert.EqualError(t, err, "web is not a slot for pull requests: it lacks the container app or the annotation slot-free-image; the key "+
		"previews of dev's settings makes the slots")
	keeper.Names = []string{"elsewhere"}
	_, err = keeper.Up(t.Context(), request)
	assert.ErrorIs(t, err, rollout.ErrNotFound)

	// A spoiled annotation counts as expired, so that it does not block the slot for ever.
	w.call("PATCH", services+"/web-preview-1?updateMask=annotations", fmt.Sprintf(
		`{"annotations":{"slot-free-image":%q,"slot-pull-request":"all","slot-expires":"never"}}`, freeImage))
	keeper.Names = []string{"web-preview-1"}
	freed, err := keeper.Expire(t.Context())
	require.NoError(t, err)
	assert.Len(t, freed, 1)

	w.mu.Lock()
	w.fault = func(r *http.Request) int {
		if r.Method == http.MethodPatch {
			return http.StatusForbidden
		}
		return 0
	}
	w.mu.Unlock()
	_, err = keeper.Up(t.Context(), request)
	assert.EqualError(t, err, "write web-preview-1: 403 injected (the account needs the platform's SlotKeeper role on the slot, and "+
		"roles/iam.serviceAccountUser on what slots run as)")
}

// TestNoIndex checks that an answer has to say noindex or ask for a token.
func TestNoIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	w.slots("web-preview-1", "web-preview-2")
	w.call("PATCH", services+"/web-preview-2?updateMask=invokerIamDisabled", `{"invokerIamDisabled":false}`)
	for url, want := range map[string]string{
		shownAt: "",
		"https://web-preview-2-42.us-central1.run.app": "", // a token is asked for
		"https://web-42.us-central1.run.app": "https://web-42.us-central1.run.app answers 200 without X-Robots-Tag: noindex: search " +
			"engines would list it",
		"https://no-such-42.us-central1.run.app": "https://no-such-42.us-central1.run.app answers 404 without X-Robots-Tag: noindex: " +
			"search engines would list it",
	} {
		err := probe.NoIndex(t.Context(), w.web.URL, url)
		if want == "" {
			assert.NoError(t, err, url)
		} else {
			assert.EqualError(t, err, want)
		}
	}
}

func TestSlotAsItIsRead(t *testing.T) {
	t.Parallel()
	const free = `"etag":"e","uri":"https://web-1","template":{"containers":[{"name":"app","image":"mine"},` +
		`{"name":"main","image":"proxy"}]},"latestReadyRevision":"b","latestCreatedRevision":"b"`
	annotated := func(more string) string { return `"annotations":{"slot-free-image":"free"` + more + `},` + free }
	held := func(holder, expires string) string {
		return annotated(`,"slot-pull-request":"` + holder + `","slot-commit":"c","slot-expires":"` + expires + `"`)
	}
	failed := func(message string) string {
		return annotated("") + `,"terminalCondition":{"type":"Ready","state":"CONDITION_FAILED","message":"` + message + `"}`
	}
	notReady := func(s *preview.Slot) { s.Ready = false }
	slot := func(change func(*preview.Slot)) *preview.Slot {
		slot := &preview.Slot{Name: "web-1", URL: "https://web-1", Etag: "e", Image: "mine", FreeImage: "free", Ready: true}
		change(slot)
		return slot
	}
	for name, test := range map[string]struct {
		document string
		want     *preview.Slot // nil if the service is no slot
	}{
		"free": {annotated(""), slot(func(*preview.Slot) {})},
		"held": {held("7", "2026-11-23T12:00:00Z"), slot(func(s *preview.Slot) {
			s.PullRequest, s.Commit, s.Expires = 7, "c", time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
		})},
		"held by the first":      {held("1", "never"), slot(func(s *preview.Slot) { s.PullRequest, s.Commit = 1, "c" })},
		"held by nobody's name":  {held("all", "never"), slot(func(s *preview.Slot) { s.PullRequest, s.Commit = -1, "c" })},
		"held by number 0":       {held("0", "never"), slot(func(s *preview.Slot) { s.PullRequest, s.Commit = -1, "c" })},
		"held below 0":           {held("-5", "never"), slot(func(s *preview.Slot) { s.PullRequest, s.Commit = -1, "c" })},
		"reconciling":            {annotated("") + `,"reconciling":true`, slot(notReady)},
		"not observed yet":       {annotated("") + `,"generation":"2","observedGeneration":"1"`, slot(notReady)},
		"observed":               {annotated("") + `,"generation":"2","observedGeneration":"2"`, slot(func(*preview.Slot) {})},
		"an older one is ready":  {strings.Replace(annotated(""), `Revision":"b"`, `Revision":"a"`, 1), slot(notReady)},
		"failed":                 {failed(`no\n  port`), slot(func(s *preview.Slot) { s.Failure, s.Ready = "no port", false })},
		"failed without message": {failed(""), slot(func(s *preview.Slot) { s.Failure, s.Ready = "Ready failed", false })},
		"ready with a message": {annotated("") + `,"terminalCondition":{"type":"Ready","state":"CONDITION_SUCCEEDED","message":"fine"}`,
			slot(func(*preview.Slot) {})},
		"without the annotation": {free, nil},
		"without the container":  {strings.Replace(annotated(""), `"name":"app"`, `"name":"web"`, 1), nil},
		"without a template":     {`"annotations":{"slot-free-image":"free"}`, nil},
	} {
		fake := &fakeAPI{answers: map[string]string{"GET services/web-1": `{"name":"x/web-1",` + test.document + `}`}}
		slots, err := NewSlots(t.Context(), fake.endpoints(), "p", "us-central1")
		require.NoError(t, err)
		got, err := slots.Read(t.Context(), "web-1")
		if test.want == nil {
			assert.ErrorContains(t, err, "web-1 is not a slot for pull requests: ", name)
			continue
		}
		require.NoError(t, err, name)
		assert.Equal(t, *test.want, got, name)
	}
}

// TestSlotIsWrittenWhole checks that a write changes the image of the slot's own container and the annotations of the holder, and that
// Cloud Run names the revision.
func TestSlotIsWrittenWhole(t *testing.T) {
	t.Parallel()
	fake := &fakeAPI{answers: map[string]string{"PATCH services/web-1?updateMask=annotations%2Ctemplate": "{}",
		"GET services/web-1": `{"name":"projects/p/locations/us-central1/services/web-1","etag":"e","annotations":{"other":"kept",
			"slot-free-image":"free","slot-pull-request":"7","slot-commit":"c","slot-expires":"never"},"template":{"revision":"web-1-a",
			"containers":[{"name":"main","image":"proxy"},{"name":"app","image":"mine"}]}}`}}
	slots, err := NewSlots(t.Context(), fake.endpoints(), "p", "us-central1")
	require.NoError(t, err)
	expires := time.Date(2026, 11, 23, 13, 0, 0, 0, time.FixedZone("", 3600))
	require.NoError(t, slots.Write(t.Context(), preview.Slot{Name: "web-1", Etag: "e", Image: "new", PullRequest: 8, Commit: "d",
		Expires: expires}))
	require.NoError(t, slots.Write(t.Context(), preview.Slot{Name: "web-1", Etag: "e", Image: "free"}))
	assert.ErrorIs(t, slots.Write(t.Context(), preview.Slot{Name: "web-1", Etag: "older"}), rollout.ErrConflict)
	const patch = "PATCH " + where + "/services/web-1?updateMask=annotations%2Ctemplate "
	assert.Equal(t, []string{
		patch + `{"annotations":{"other":"kept","slot-commit":"d","slot-expires":"2026-11-23T12:00:00Z","slot-free-image":"free",` +
			`"slot-pull-request":"8"},"etag":"e","template":{"containers":[{"image":"proxy","name":"main"},{"image":"new","name":"app"}]}}`,
		patch + `{"annotations":{"other":"kept","slot-free-image":"free"},"etag":"e",` +
			`"template":{"containers":[{"image":"proxy","name":"main"},{"image":"free","name":"app"}]}}`,
	}, fake.bodies)
}
