// Package webpage has the common parts of the platform's pages: one style for both colour schemes, phones and paper; charts as inline
// SVG; and a server for pages on loopback that other origins cannot reach. A page is readable without a script.
package webpage

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"strings"
)

//go:embed style.css
var style string

//go:embed patterns.html
var patterns string

//go:embed live.js
var script string

// Head has the values that the head of every page and the beginning of its body need.
type Head struct{}

// Style is the page's style, for its one style element.
func (Head) Style() template.CSS { return template.CSS(style) }

// Patterns are the patterns with which charts fill areas. They belong at the beginning of the body.
func (Head) Patterns() template.HTML { return template.HTML(patterns) }

// Script keeps a page that is served live up to date, for its one script element.
func (Head) Script() template.JS { return template.JS(script) }

// Breakable lets the lines of a text end after slashes. Without that, a long path on a phone ends its lines within words.
func (Head) Breakable(text string) template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(text), "/", "/<wbr>"))
}

// Policy is the content security policy of a page that is a file: it has a style, and nothing else may be loaded or run.
func (Head) Policy() string {
	return "default-src 'none'; style-src " + hash(style) + "; base-uri 'none'; form-action 'none'"
}

// livePolicy also allows a served page to run its one script, to read itself again and to send its own forms.
func livePolicy() string {
	return "default-src 'none'; style-src " + hash(style) + "; script-src " + hash(script) +
		"; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
