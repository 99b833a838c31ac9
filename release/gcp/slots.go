package gcp

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	run "google.golang.org/api/run/v2"

	"github.com/guiofsaints/procureflow-platform/internal/naming"
	"github.com/guiofsaints/procureflow-platform/release/preview"
	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// Slots reads and writes the slots of a project: the services with the annotations that package naming names. It implements
// preview.Slots.
type Slots struct {
	client *run.Service
	parent string
}

// NewSlots connects to a project's slots; it makes no call yet.
func NewSlots(ctx context.Context, endpoints Endpoints, project, region string) (*Slots, error) {
	client, err := runClient(ctx, endpoints)
	if err != nil {
		return nil, err
	}
	return &Slots{client: client, parent: fmt.Sprintf("projects/%s/locations/%s/services/", project, region)}, nil
}

func (s *Slots) get(ctx context.Context, name string) (*run.GoogleCloudRunV2Service, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	live, err := s.client.Projects.Locations.Services.Get(s.parent + name).Context(ctx).Do()
	if err != nil {
		return nil, s.explain(ctx, "read "+name, err)
	}
	if app(live) < 0 || live.Annotations[naming.SlotFreeImage] == "" {
		return nil, fmt.Errorf("%s is not a slot for pull requests: it lacks the container %s or the annotation %s; the key previews of dev's "+
			"settings makes the slots", name, naming.SlotApp, naming.SlotFreeImage)
	}
	return live, nil
}

func (s *Slots) explain(ctx context.Context, doing string, err error) error {
	return explain(ctx, doing, "the platform's SlotKeeper role on the slot, and roles/iam.serviceAccountUser on what slots run as", err)
}

// app returns the index of the container that runs the image, or a negative number if there is none.
func app(live *run.GoogleCloudRunV2Service) int {
	if live.Template == nil {
		return -1
	}
	return slices.IndexFunc(live.Template.Containers, func(c *run.GoogleCloudRunV2Container) bool { return c.Name == naming.SlotApp })
}

// Read implements preview.Slots. If somebody else has spoiled the number or the time in the annotations, it reads 0 or the zero time,
// and the slot counts as expired.
func (s *Slots) Read(ctx context.Context, name string) (preview.Slot, error) {
	live, err := s.get(ctx, name)
	if err != nil {
		return preview.Slot{}, err
	}
	slot := preview.Slot{Name: path.Base(live.Name), URL: live.Uri, Etag: live.Etag, Image: live.Template.Containers[app(live)].Image,
		FreeImage: live.Annotations[naming.SlotFreeImage], Commit: live.Annotations[naming.SlotCommit]}
	if holder, held := live.Annotations[naming.SlotPullRequest]; held {
		if slot.PullRequest, err = strconv.Atoi(holder); err != nil || slot.PullRequest < 1 {
			slot.PullRequest = -1
		}
		slot.Expires, _ = time.Parse(time.RFC3339, live.Annotations[naming.SlotExpires])
	}
	if live.Reconciling || live.ObservedGeneration < live.Generation {
		return slot, nil
	}
	if condition := live.TerminalCondition; condition != nil && condition.State == "CONDITION_FAILED" {
		slot.Failure = strings.Join(strings.Fields(condition.Message), " ")
		if slot.Failure == "" {
			slot.Failure = condition.Type + " failed"
		}
	}
	slot.Ready = slot.Failure == "" && live.LatestReadyRevision == live.LatestCreatedRevision
	return slot, nil
}

// Write implements preview.Slots with one PATCH, guarded by the etag of the read. It changes the image and the annotations. The rest of
// the template is sent back unchanged, because Cloud Run accepts only a whole template.
func (s *Slots) Write(ctx context.Context, slot preview.Slot) error {
	live, err := s.get(ctx, slot.Name)
	if err != nil {
		return err
	}
	if live.Etag != slot.Etag {
		return fmt.Errorf("write %s: %w", slot.Name, rollout.ErrConflict)
	}
	annotations := maps.Clone(live.Annotations)
	for _, name := range []string{naming.SlotPullRequest, naming.SlotCommit, naming.SlotExpires} {
		delete(annotations, name)
	}
	if slot.PullRequest != 0 {
		annotations[naming.SlotPullRequest] = strconv.Itoa(slot.PullRequest)
		annotations[naming.SlotCommit] = slot.Commit
		annotations[naming.SlotExpires] = slot.Expires.UTC().Format(time.RFC3339)
	}
	template := live.Template
	template.Revision = "" // Cloud Run names the new one.
	template.Containers[app(live)].Image = slot.Image
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	body := &run.GoogleCloudRunV2Service{Etag: slot.Etag, Annotations: annotations, Template: template}
	_, err = s.client.Projects.Locations.Services.Patch(live.Name, body).UpdateMask("annotations,template").Context(ctx).Do()
	return s.explain(ctx, "write "+slot.Name, err)
}
