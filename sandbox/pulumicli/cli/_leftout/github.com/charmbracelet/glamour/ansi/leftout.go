// Package ansi stands in for what writes Markdown for a terminal. The types of its styles stay.
package ansi
