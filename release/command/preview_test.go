package command

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/release/preview"
)

const (
	shownImage = "us-docker.pkg.dev/cloudrun/container/hello@" + green
	aCommit    = "0123456789abcdef0123456789abcdef01234567"
)

// slot makes a slot as the program does.
func (l *laptop) slot(name string) {
	l.t.Helper()
	recorder := httptest.NewRecorder()
	l.cloud.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, services+"?serviceId="+name, strings.NewReader(fmt.Sprintf(`{"invokerIamDisabled":true,"annotations":{"slot-free-image":%q},
		"template":{"containers":[{"name":"main","image":"docker.io/library/caddy@%s","ports":[{"containerPort":8080}],
		"args":["--header-down","X-Robots-Tag: noindex"]},{"name":"app","image":%q}]}}`,
		"us-docker.pkg.dev/cloudrun/container/hello@"+blue, blue, "us-docker.pkg.dev/cloudrun/container/hello@"+blue))))
	require.Equal(l.t, http.StatusOK, recorder.Code, recorder.Body.String())
}

func TestPreview(t *testing.T) {
	t.Parallel()
	l := newLaptop(t, 0)
	l.slot("web-preview-1")
	up := func(ctx context.Context, pullRequest string) (int, string, string) {
		return l.release(ctx, "preview", "up", "--pull-request", pullRequest, "--commit", aCommit, "--image", shownImage, "--time-to-live", "2h",
			"--github-output", l.file("outputs"), "--json", "--", "web-preview-1")
	}
	exit, out, errors := up(t.Context(), "12")
	require.Equal(t, ExitDone, exit, errors)
	var said struct{ Slots []preview.Slot }
	require.NoError(t, json.Unmarshal([]byte(out), &said))
	require.Len(t, said.Slots, 1)
	assert.WithinDuration(t, time.Now().Add(2*time.Hour), said.Slots[0].Expires, time.Hour)
	said.Slots[0].Expires = time.Time{}
	assert.Equal(t, preview.Slot{Name: "web-preview-1", URL: "https://web-preview-1-42.us-central1.run.app", PullRequest: 12, Commit: aCommit,
		Image: shownImage, Ready: true}, said.Slots[0])

	exit, out, errors = up(t.Context(), "13")
	assert.Equal(t, ExitRefused, exit)
	assert.Equal(t, "{\n  \"slots\": []\n}\n", out)
	assert.Contains(t, errors, "release: no slot is free: web-preview-1 by #12 until ")

	for _, verb := range []string{"list", "expire"} {
		exit, out, errors = l.release(t.Context(), "preview", verb, "web-preview-1")
		assert.Equal(t, ExitDone, exit, errors)
		assert.Regexp(t, map[string]string{"expire": `^Nothing to free\.\n$`,
			"list": `^web-preview-1 is #12's until \S+: https://web-preview-1-42\.us-central1\.run\.app\n$`}[verb], out)
	}
	for _, want := range []string{"web-preview-1 was #12's and is free\n", "Nothing to free.\n"} {
		exit, out, errors = l.release(t.Context(), "preview", "down", "--pull-request", "12", "--github-output", l.file("outputs"),
			"web-preview-1")
		assert.Equal(t, ExitDone, exit, errors)
		assert.Equal(t, want, out)
	}
	outputs, err := os.ReadFile(l.file("outputs"))
	require.NoError(t, err)
	assert.Equal(t, "slot=web-preview-1\nurl=https://web-preview-1-42.us-central1.run.app\nfreed=[\"web-preview-1\"]\nfreed=[]\n",
		string(outputs))

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	exit, _, _ = up(cancelled, "12")
	assert.Equal(t, ExitInterrupted, exit)
	exit, _, errors = l.release(t.Context(), "preview", "list", "web")
	assert.Equal(t, ExitFailed, exit)
	assert.Contains(t, errors, "web is not a slot for pull requests")
}

func TestBadPreviewCalls(t *testing.T) {
	t.Parallel()
	l := newLaptop(t, 0)
	for name, test := range map[string]struct {
		arguments []string
		want      string
	}{
		"no slot": {[]string{"list"}, "takes up|down|expire|list SLOT..., got list"},
		"an unknown command": {[]string{"deploy", "web-preview-1"},
			`"deploy" is not a command of preview: use up, down, expire or list`},
		"an option instead of a slot's name": {[]string{"list", "--", "--help"}, `"--help" is not the name of a slot`},
		"down with pull request 0": {[]string{"down", "web-preview-1", "--pull-request", "0"},
			"--pull-request is not the number of a pull request"},
		"up with an empty lifetime": {[]string{"up", "web-preview-1", "--time-to-live", "0s"},
			"--pull-request is not the number of a pull request; --commit is " +
				"missing: name the pull request's commit, 40 hex digits; --image is not an image by digest: use HOST/PATH@sha256:DIGEST; " +
				"--time-to-live is not a duration: use one such as 72h"},
		"an image by tag": {[]string{"up", "web-preview-1", "--pull-request", "1", "--commit", aCommit, "--image", "web:latest"},
			"--image is not an image by digest"},
		"a short commit": {[]string{"up", "web-preview-1", "--pull-request", "1", "--commit", "0123", "--image", shownImage},
			`--commit "0123" is no`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exit, out, errors := l.release(t.Context(), append([]string{"preview"}, test.arguments...)...)
			assert.Equal(t, ExitUsage, exit)
			assert.Empty(t, out)
			assert.Contains(t, errors, test.want)
		})
	}
}
