package journal

import (
	"net/http"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// Begin forgets what an earlier command planned, and what the policies reported in it.
func (s *Service) Begin() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.findings, s.planned = nil, nil
}

// events keeps the engine's events that the history needs, what a preview plans, and what the policies report.
func (s *Service) events(r *http.Request) (any, error) {
	var batch struct {
		Events []struct {
			SummaryEvent     *apitype.SummaryEvent
			PolicyEvent      *apitype.PolicyEvent
			ResourcePreEvent *apitype.ResourcePreEvent
		}
	}
	if err := body(r, &batch); err != nil {
		return nil, err
	}
	return nil, s.running(r, func(u *update) error {
		for _, event := range batch.Events {
			if event.SummaryEvent != nil {
				u.changes = event.SummaryEvent.ResourceChanges
			}
			if step := event.ResourcePreEvent; step != nil && u.request.Options.DryRun {
				s.planned = append(s.planned, step.Metadata)
			}
			if told := event.PolicyEvent; told != nil {
				u.findings = append(u.findings, *told)
				if !slices.Contains(s.findings, *told) {
					s.findings = append(s.findings, *told)
				}
			}
		}
		return nil
	})
}

// Changes returns how many resources the last complete update created, changed, deleted and left alone.
func (s *Service) Changes() map[apitype.OpType]int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.changes
}

// Findings returns what the policies have reported since Begin: in the update, once it has succeeded, and before that in its preview too.
// Each finding is there once, because both report the same.
func (s *Service) Findings() []apitype.PolicyEvent {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.findings
}
