// Package glamour stands in for what shows Markdown in a terminal, in which code has the colours of 150 languages. Here Markdown is shown
// as it is written.
package glamour

import "github.com/charmbracelet/glamour/ansi"

type (
	// TermRenderer returns what it is given.
	TermRenderer struct{}
	// TermRendererOption is not looked at.
	TermRendererOption func()
)

// NewTermRenderer never fails.
func NewTermRenderer(...TermRendererOption) (*TermRenderer, error) { return &TermRenderer{}, nil }

// Render returns the text.
func (*TermRenderer) Render(text string) (string, error) { return text, nil }

// WithAutoStyle changes nothing.
func WithAutoStyle() TermRendererOption { return nil }

// WithStyles changes nothing.
func WithStyles(ansi.StyleConfig) TermRendererOption { return nil }

// WithWordWrap changes nothing.
func WithWordWrap(int) TermRendererOption { return nil }
