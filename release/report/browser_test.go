package report

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	_ "image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/guiofsaints/procureflow-platform/internal/webpage/webpagetest"
)

// picture is where the picture of docs/runbooks/rollout.md is written, of the page that this test's journal makes:
//
//	go test ./release/report -run TestPagesInABrowser -picture ../../docs/report.png
var picture = flag.String("picture", "", "write a picture of a release's page to this file")

// TestPagesInABrowser checks the pages as their readers see them.
func TestPagesInABrowser(t *testing.T) {
	t.Parallel()
	ctx := webpagetest.Browser(t)
	axe := webpagetest.Axe(t)
	folder := t.TempDir()
	index, files, err := Site([]Run{failed(), {Command: "rollback", Service: "projects/p/locations/r/services/web", Who: "ada",
		Events: failed().Events[20:]}},
		"index.html", "pages")
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(folder, "pages"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "index.html"), index, 0o600))
	for _, file := range files {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "pages", file.Name), file.Content, 0o600))
	}
	home := "file://" + filepath.Join(folder, "index.html")
	webpagetest.Check(ctx, t, axe, "report-index", home)
	webpagetest.Check(ctx, t, axe, "report", "file://"+filepath.Join(folder, "pages", files[0].Name))

	if *picture != "" {
		var shot []byte
		require.NoError(t, chromedp.Run(ctx, emulation.SetDeviceMetricsOverride(1100, 1020, 1, false),
			chromedp.Navigate("file://"+filepath.Join(folder, "pages", files[0].Name)), chromedp.CaptureScreenshot(&shot),
			emulation.SetDeviceMetricsOverride(1200, 900, 1, false)))
		require.NoError(t, os.WriteFile(*picture, shot, 0o644))
	}
	// Go from the index to a page and back. The pages work without a script and under their own content security policy.
	var title, back string
	require.NoError(t, chromedp.Run(ctx, chromedp.Navigate(home),
		chromedp.Click("tbody tr:last-child a", chromedp.ByQuery), chromedp.WaitVisible("#decisions", chromedp.ByQuery), chromedp.Text("h1",
			&title, chromedp.ByQuery),
		chromedp.Click("nav a", chromedp.ByQuery), chromedp.WaitVisible("table a", chromedp.ByQuery), chromedp.Text("h1", &back,
			chromedp.ByQuery)))
	assert.Contains(t, title, "web-green: rolled back")
	assert.Equal(t, "Releases", back)

	// Without colours, only the candidate's area has a pattern.
	shades := func(selector string) int {
		var shot []byte
		require.NoError(t, chromedp.Run(ctx,
			chromedp.Evaluate(fmt.Sprintf(`[...document.querySelectorAll(%q)].at(-1).id = "looked-at"; 0`, selector), nil),
			chromedp.Screenshot("#looked-at", &shot, chromedp.ByQuery),
			chromedp.Evaluate(`document.getElementById("looked-at").removeAttribute("id"); 0`, nil)))
		picture, _, err := image.Decode(bytes.NewReader(shot))
		require.NoError(t, err)
		seen := map[uint32]bool{}
		size := picture.Bounds()
		for x := size.Min.X + size.Dx()/10; x < size.Max.X-size.Dx()/10; x++ {
			r, _, _, _ := picture.At(x, size.Min.Y+size.Dy()/4).RGBA()
			seen[r>>12] = true
		}
		return len(seen)
	}
	require.NoError(t, chromedp.Run(ctx, chromedp.Navigate("file://"+filepath.Join(folder, "pages", files[0].Name)),
		chromedp.Evaluate(`document.documentElement.style.filter = "grayscale(1)"; 0`, nil)))
	assert.GreaterOrEqual(t, shades("rect.area.s1"), 3, "the candidate's area has a pattern")
	assert.Less(t, shades("rect.area.s0"), 3, "the stable revision's area is plain")
}
