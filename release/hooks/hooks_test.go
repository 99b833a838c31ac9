package hooks

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func execution(name string, minute int, state State, mark string) Execution {
	return Execution{Name: name, Mark: mark, Created: noon.Add(time.Duration(minute) * time.Minute), State: state}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	mark := Mark(Before, "web-b")
	assert.Equal(t, "before/web-b", mark)
	for name, test := range map[string]struct {
		executions []Execution
		want       string // The name of the execution that counts; empty if one has to be started.
		extra      []string
	}{
		"no execution at all":                    {},
		"somebody ran the job by hand":           {executions: []Execution{execution("a", 1, Running, "")}},
		"an execution for another revision":      {executions: []Execution{execution("a", 1, Running, Mark(Before, "web-c"))}},
		"an execution of the other phase":        {executions: []Execution{execution("a", 1, Succeeded, Mark(After, "web-b"))}},
		"it runs":                                {executions: []Execution{execution("a", 1, Running, mark)}, want: "a"},
		"it has run since before the last write": {executions: []Execution{execution("a", -9, Running, mark)}, want: "a"},
		"it succeeded":                           {executions: []Execution{execution("a", 1, Succeeded, mark)}, want: "a"},
		"started in the moment of the write":     {executions: []Execution{execution("a", 0, Succeeded, mark)}, want: "a"},
		"it failed":                              {executions: []Execution{execution("a", 1, Failed, mark)}, want: "a"},
		"somebody cancelled it":                  {executions: []Execution{execution("a", 1, Cancelled, mark)}, want: "a"},
		"an earlier rollout's failed":            {executions: []Execution{execution("a", -1, Failed, mark)}},
		"an earlier rollout's succeeded":         {executions: []Execution{execution("a", -1, Succeeded, mark)}},
		"two at once, the earlier one counts": {executions: []Execution{execution("b", 2, Running, mark), execution("a", 1, Running, mark)},
			want:  "a",
			extra: []string{"b"}},
		"two in the same moment, by name": {executions: []Execution{execution("b", 1, Running, mark), execution("a", 1, Running, mark)},
			want:  "a",
			extra: []string{"b"}},
		"the second one was cancelled": {executions: []Execution{execution("b", 2, Cancelled, mark), execution("a", 1, Succeeded, mark)},
			want: "a"},
		"two at once, the first one has failed": {executions: []Execution{execution("b", 2, Running, mark), execution("a", 1, Failed, mark)},
			want:  "a",
			extra: []string{"b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			decision := Decide(test.executions, mark, noon)
			assert.Equal(t, test.want == "", decision.Start)
			assert.Equal(t, test.want, decision.Execution.Name)
			var extra []string
			for _, one := range decision.Extra {
				extra = append(extra, one.Name)
			}
			assert.Equal(t, test.extra, extra)
		})
	}
}

func TestProblem(t *testing.T) {
	t.Parallel()
	a, b := "sha256:"+strings.Repeat("a", 64), "sha256:"+strings.Repeat("b", 64)
	for name, test := range map[string]struct {
		hook  Hook
		job   Job
		image string
		want  string
	}{
		"the candidate's image":                       {job: Job{Image: "r/web@" + a}, image: "r/web@" + a},
		"the same digest elsewhere":                   {job: Job{Image: "r2/web@" + a}, image: "r/web@" + a},
		"its own image":                               {hook: Hook{OwnImage: true}, job: Job{Image: "r/smoke@" + b}, image: "r/web@" + a},
		"its own image, which no other container has": {hook: Hook{OwnImage: true}, job: Job{Image: "r/smoke@" + b}},
		"the image of another release": {job: Job{Name: "migrate", Image: "r/web@" + b}, image: "r/web@" + a,
			want: "the job migrate runs " + b + " and the candidate " + a + ": deploy both of the same digest, or say ownImage: true"},
		"by tag": {hook: Hook{OwnImage: true}, job: Job{Name: "migrate", Image: "r/web:latest"}, image: "r/web@" + a,
			want: "the job migrate runs r/web:latest, which is not by digest and may be another image tomorrow: deploy it by digest"},
		"the candidate's image is unknown": {job: Job{Name: "migrate", Image: "r/web@" + a},
			want: "the candidate's image is not known, and the job migrate has to run the same image: try again"},
		"not ready": {job: Job{Name: "migrate", Image: "r/web@" + a, Message: "Image not found."}, image: "r/web@" + a,
			want: "the job migrate cannot run: Image not found."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, Problem(test.hook, test.job, test.image))
		})
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	good := Hooks{Before: []Hook{{Job: "migrate", Timeout: time.Minute}}, After: []Hook{{Job: "smoke", Timeout: 1, OnFailure: Hold}}}
	assert.NoError(t, good.Validate())
	assert.True(t, Hooks{}.Empty())
	assert.False(t, good.Empty())
	wrong := Hooks{Before: []Hook{{Job: "projects/p/jobs/migrate"}, {Job: "m", Timeout: 1, OnFailure: Hold}, {Job: "m", Timeout: 1}},
		After: []Hook{{Job: "", Timeout: -1, OnFailure: "ignore"}}}
	assert.EqualError(t, wrong.Validate(), `before[0]: job is "projects/p/jobs/migrate": use the short name of a Cloud Run job
before[0]: timeout has to be longer than 0
before[1]: onFailure is for after hooks: a release never goes on after a failed before hook
before[2]: job m is listed twice: one execution would count for both
after[0]: job is "": use the short name of a Cloud Run job
after[0]: timeout has to be longer than 0
after[0]: onFailure is "ignore": use rollback or hold`)
}

func TestReason(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "the before hook migrate: failed (execution migrate-x), exit 1; its log: https://l",
		Reason(Before, "migrate", "failed", Execution{Name: "migrate-x", Message: "exit 1.", Log: "https://l"}))
	assert.Equal(t, "the after hook smoke: not run", Reason(After, "smoke", "not run", Execution{}))
}
