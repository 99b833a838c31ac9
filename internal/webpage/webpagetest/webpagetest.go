// Package webpagetest looks at pages as their readers do: in a real browser, in both colour schemes, on a phone and on paper, and with
// axe-core's rules for accessibility.
package webpagetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// axeCore is the version of axe-core that checks the pages.
const axeCore = "axe-core@4.14.1"

// Browser starts a browser for a test. If none is installed, the test is skipped with that reason.
func Browser(t *testing.T) context.Context {
	t.Helper()
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			browser = found
			break
		}
	}
	if browser == "" {
		t.Skip("no browser is installed, so the page was not looked at: apt-get install chromium")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	t.Cleanup(cancel)
	// The browser makes a socket in its temporary folder. A socket's path has at most 107 bytes, and TMPDIR may be longer.
	temporary, err := os.MkdirTemp("/tmp", "")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(temporary)) })
	ctx, cancel = chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser),
		chromedp.UserDataDir(t.TempDir()), chromedp.Env("TMPDIR="+temporary),
		chromedp.NoSandbox, chromedp.DisableGPU)...) // A container's root has no namespaces for the browser's sandbox; the page is ours.
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	// Closed and not killed: the children of a killed browser go on writing into the folder that the test removes.
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) })
	require.NoError(t, chromedp.Run(ctx))
	return ctx
}

// Axe is the source of axe-core, from npm. It is kept in the user's cache folder, because npm takes a second and longer to start. It is
// empty if npm is missing or cannot get it. Then the part of the test named axe-core is skipped and says so, and the other parts run.
func Axe(t *testing.T) (source string) {
	t.Helper()
	t.Run("axe-core", func(t *testing.T) {
		cache, err := os.UserCacheDir()
		require.NoError(t, err)
		kept := filepath.Join(cache, "procureflow-platform", axeCore+".js")
		require.NoError(t, os.MkdirAll(filepath.Dir(kept), 0o755))
		lock := flock.New(kept + ".lock") // Several packages' tests run at once.
		require.NoError(t, lock.Lock())
		defer func() { assert.NoError(t, lock.Unlock()) }()
		raw, err := os.ReadFile(kept)
		if err != nil {
			raw = fetchAxe(t)
			require.NoError(t, errors.Join(os.WriteFile(kept+".part", raw, 0o600), os.Rename(kept+".part", kept)))
		}
		source = string(raw)
	})
	return source
}

// fetchAxe skips the test if npm does not deliver axe-core.
func fetchAxe(t *testing.T) []byte {
	t.Helper()
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("npm is not installed, so the page was not checked by axe-core's rules for accessibility: apt-get install npm")
	}
	folder := t.TempDir()
	install := exec.Command(npm, "install", "--prefix", folder, "--no-save", "--no-audit", "--no-fund", "--ignore-scripts",
		"--fetch-retries=0", axeCore)
	if said, err := install.CombinedOutput(); err != nil {
		t.Skipf("npm could not get %s, so the page was not checked by its rules: %v: %s", axeCore, err, said)
	}
	raw, err := os.ReadFile(filepath.Join(folder, "node_modules", "axe-core", "axe.min.js"))
	require.NoError(t, err)
	return raw
}

// brokenWords finds the words in tables and lists of facts that a line breaks in the middle.
const brokenWords = `(() => {
	const broken = []
	for (const cell of document.querySelectorAll("th, td, dt, dd:not(:has(.digest)), h1, h2, h3, li, button")) {
		const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT)
		for (let node; node = walker.nextNode();) {
			if (node.parentElement.closest(".digest, svg")) continue
			for (const word of node.textContent.matchAll(/[\p{L}\p{N}]+/gu)) {
				const range = document.createRange()
				range.setStart(node, word.index)
				range.setEnd(node, word.index + word[0].length)
				const tops = new Set([...range.getClientRects()].map(box => Math.round(box.top)))
				if (tops.size > 1) broken.push(word[0])
			}
		}
	}
	return broken
})()`

// Look is a colour scheme and a width in which a page is looked at.
type Look struct {
	Name, Scheme, Media string
	Width               int64
}

// looks lists all ways in which pages are looked at.
var looks = []Look{
	{"light", "light", "", 1200}, {"dark", "dark", "", 1200}, {"phone-light", "light", "", 360}, {"phone-dark", "dark", "", 360}, {"print",
		"light", "print", 794},
}

// Check opens the page at an address in every colour scheme and width, and checks that people can read and use it. If the environment
// variable PAGE_PICTURES names a folder, it writes pictures there.
func Check(ctx context.Context, t *testing.T, axe, name, address string) {
	t.Helper()
	for _, look := range looks {
		var overflow, letters, left float64
		var broken, headings []string
		require.NoError(t, chromedp.Run(ctx,
			emulation.SetEmulatedMedia().WithMedia(look.Media).WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme",
				Value: look.Scheme}}),
			emulation.SetDeviceMetricsOverride(look.Width, 900, 1, look.Width < 500),
			chromedp.Navigate(address),
			chromedp.Evaluate(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &overflow),
			chromedp.Evaluate(`Math.min(99, ...Array.from(document.querySelectorAll("svg.chart text"), t => parseFloat(getComputedStyle(t).fontSize)))`, &letters),
			chromedp.Evaluate(`Math.min(0, ...Array.from(document.querySelectorAll("svg.chart text"), t => t.getBoundingClientRect().left))`, &left),
			chromedp.Evaluate(brokenWords, &broken),
			chromedp.Evaluate(`Array.from(document.querySelectorAll("h1"), h => h.innerText)`, &headings),
		), "%s, %s", name, look.Name)
		assert.LessOrEqual(t, overflow, 0.0, "%s, %s: the page scrolls sideways", name, look.Name)
		assert.GreaterOrEqual(t, letters, 12.0, "%s, %s: the charts' labels are too small", name, look.Name)
		assert.GreaterOrEqual(t, left, 0.0, "%s, %s: a label begins outside of the screen", name, look.Name)
		assert.Empty(t, broken, "%s, %s: lines end within these words", name, look.Name)
		assert.Len(t, headings, 1, "%s, %s: a page has one title", name, look.Name)
		if axe != "" && look.Media == "" {
			assert.Empty(t, violations(ctx, t, axe), "%s, %s", name, look.Name)
		}
		if folder := os.Getenv("PAGE_PICTURES"); folder != "" {
			var shot []byte
			require.NoError(t, chromedp.Run(ctx, chromedp.FullScreenshot(&shot, 100)))
			require.NoError(t, os.WriteFile(filepath.Join(folder, name+"-"+look.Name+".png"), shot, 0o600))
		}
	}
	require.NoError(t, chromedp.Run(ctx, emulation.SetEmulatedMedia(), emulation.SetDeviceMetricsOverride(1200, 900, 1, false)))
	if folder := os.Getenv("PAGE_PICTURES"); folder != "" {
		require.NoError(t, chromedp.Run(ctx, chromedp.ActionFunc(func(ctx context.Context) error {
			paper, _, err := page.PrintToPDF().Do(ctx)
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(folder, name+".pdf"), paper, 0o600)
		})))
	}
}

// violations returns what axe-core finds wrong, by its rules for WCAG 2.2 AA and its best practices.
func violations(ctx context.Context, t *testing.T, axe string) (found []string) {
	t.Helper()
	var raw string
	require.NoError(t, chromedp.Run(ctx, chromedp.Evaluate(axe+";0", nil),
		chromedp.Evaluate(`axe.run().then(result => JSON.stringify(result.violations))`, &raw,
			func(p *runtime.EvaluateParams) *runtime.EvaluateParams {
				return p.WithAwaitPromise(true)
			})))
	var list []struct {
		ID, Help string
		Nodes    []struct {
			HTML           string
			FailureSummary string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(raw), &list))
	for _, violation := range list {
		for _, node := range violation.Nodes {
			found = append(found, fmt.Sprintf("%s: %s: %.200s: %s", violation.ID, violation.Help, node.HTML, node.FailureSummary))
		}
	}
	return found
}
