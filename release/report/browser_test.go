package report

import (
	"bytes"
	"context"
	"image"
	_ "image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/device"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPageInABrowser looks at the page as a reader does: on a phone it needs no sideways scrolling and hides nothing, and without
// colour the two revisions' areas still look different.
func TestPageInABrowser(t *testing.T) {
	t.Parallel()
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			browser = found
			break
		}
	}
	if browser == "" {
		t.Skip("no browser is installed, so nobody looked at the page: apt-get install chromium")
	}
	raw, err := Render([]Run{failed()})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(file, raw, 0o600))

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ctx, cancel = chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Env("TMPDIR="+t.TempDir()),         // It leaves a folder there.
		chromedp.NoSandbox, chromedp.DisableGPU)...) // A container's root has no namespaces for the browser's sandbox; the page is ours.
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	var overflow, bandHeight, letters, outside float64
	var text string
	var bands, crosses int
	var shot []byte
	require.NoError(t, chromedp.Run(ctx,
		chromedp.Emulate(device.IPhone8),
		chromedp.Navigate("file://"+file),
		chromedp.Evaluate(`document.documentElement.scrollWidth - window.innerWidth`, &overflow),
		chromedp.Evaluate(`document.querySelector("path.band").getBoundingClientRect().height`, &bandHeight),
		chromedp.Evaluate(`Math.min(...Array.from(document.querySelectorAll("svg text"), t => t.getBoundingClientRect().height))`, &letters),
		chromedp.Evaluate(`Math.min(...Array.from(document.querySelectorAll("svg text"), t => t.getBoundingClientRect().left))`, &outside),
		chromedp.Evaluate(`document.querySelectorAll("path.band").length`, &bands),
		chromedp.Evaluate(`document.querySelectorAll("path.bad").length`, &crosses),
		chromedp.Evaluate(`document.body.innerText`, &text),
		chromedp.Evaluate(`document.documentElement.style.filter = "grayscale(1)"; 0`, nil),
		chromedp.Screenshot(`svg[aria-label^="Share"]`, &shot, chromedp.ByQuery),
	))
	assert.LessOrEqual(t, overflow, 0.0, "a phone scrolls sideways")
	assert.Greater(t, bandHeight, 40.0, "the chart is too flat to read on a phone")
	assert.GreaterOrEqual(t, letters, 12.0, "the charts' labels are too small to read on a phone")
	assert.GreaterOrEqual(t, outside, 0.0, "a label begins outside of the screen")
	assert.Equal(t, 2, bands)
	assert.Equal(t, 3, crosses)
	assert.Contains(t, text, "rollout: rolled back")
	assert.Contains(t, text, "3 probes in a row failed")
	assert.Contains(t, text, `<script>alert("who")</script>`)

	picture, _, err := image.Decode(bytes.NewReader(shot))
	require.NoError(t, err)
	// The candidate's stripe crosses the middle of its 10 % with other shades than the plain area below it.
	size := picture.Bounds()
	shades := func(fraction float64) int {
		seen := map[uint32]bool{}
		y := size.Min.Y + int(fraction*float64(size.Dy()))
		for x := size.Min.X + size.Dx()*35/100; x < size.Min.X+size.Dx()*65/100; x++ {
			r, _, _, _ := picture.At(x, y).RGBA()
			seen[r>>12] = true
		}
		return len(seen)
	}
	assert.GreaterOrEqual(t, shades(18.0/202), 3, "the candidate's area has a pattern")
	assert.Less(t, shades(110.0/202), 3, "the stable revision's area is plain")
	if keep := os.Getenv("RELEASE_REPORT_SCREENSHOT"); keep != "" {
		require.NoError(t, os.WriteFile(keep, shot, 0o600))
	}
}
