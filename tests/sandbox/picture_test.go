package sandbox_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/webpage/webpagetest"
	"github.com/guiofsaints/procureflow-platform/sandbox/server"
)

// picture is the file of README's picture, docs/console.png. It shows the real page in the middle of the demonstration's release
// whose errors only metrics see:
//
//	go test ./tests/sandbox -run TestDemo$ -picture ../../docs/console.png
var picture = flag.String("picture", "", "write a picture of the console during the demonstration's rare errors to this file")

// photograph waits until the console shows failed answers of a candidate, and takes the picture.
func photograph(t *testing.T, file string) {
	ctx := webpagetest.Browser(t)
	var status server.Status
	assert.Eventually(t, func() bool {
		data, err := os.ReadFile(file)
		return err == nil && json.Unmarshal(data, &status) == nil && status.Console != ""
	}, 2*time.Minute, 100*time.Millisecond)
	seen := false
	for began := time.Now(); !seen && time.Since(began) < 3*time.Minute; time.Sleep(time.Second) {
		_ = chromedp.Run(ctx, emulation.SetDeviceMetricsOverride(1100, 860, 1, false), chromedp.Navigate(status.Console),
			chromedp.Evaluate(`document.querySelectorAll("svg.chart svg.bad").length >= 6`, &seen))
	}
	assert.True(t, seen, "the console showed no failed answers")
	var shot []byte
	if assert.NoError(t, chromedp.Run(ctx, chromedp.CaptureScreenshot(&shot))) {
		require.Less(t, len(shot), 300<<10, "a picture in the repository is small")
		assert.NoError(t, os.WriteFile(*picture, shot, 0o644))
	}
}
