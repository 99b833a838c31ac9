// Package nextpage reads from an answer's Link header whether another page follows, in every spelling that RFC 8288 allows.
package nextpage

import (
	"errors"
	"net/http"
	"strings"
)

var errLink = errors.New("the answer's Link header cannot be read")

// Address returns the address of the next page as the header has it, and whether there is one. A header that it cannot read is an
// error, because a page may be missing.
func Address(header http.Header) (address string, more bool, err error) {
	for _, links := range header.Values("Link") {
		for strings.Trim(links, " \t,") != "" {
			address, next, rest, err := link(strings.TrimLeft(links, " \t,"))
			if next || err != nil {
				return address, next, err
			}
			links = rest
		}
	}
	return "", false, nil
}

// link reads one link, <address>; name=value; …, up to the comma after it. next says whether the link leads to the next page.
func link(text string) (address string, next bool, rest string, err error) {
	address, text, closed := strings.Cut(text, ">")
	if !closed || !strings.HasPrefix(address, "<") {
		return "", false, "", errLink
	}
	address = address[1:]
	for related := false; ; {
		text = strings.TrimLeft(text, " \t")
		switch {
		case text == "", text[0] == ',':
			return address, next, text, nil
		case text[0] != ';':
			return "", false, "", errLink
		}
		var name, value string
		if name, value, text, err = parameter(text[1:]); err != nil {
			return "", false, "", err
		}
		// The first rel counts; later ones are ignored.
		if strings.EqualFold(name, "rel") && !related {
			related = true
			for _, relation := range strings.Fields(value) {
				next = next || strings.EqualFold(relation, "next")
			}
		}
	}
}

// parameter reads one parameter, whose value may be left out or quoted.
func parameter(text string) (name, value, rest string, err error) {
	end := strings.IndexAny(text, "=;,")
	if end < 0 || text[end] != '=' {
		if end < 0 {
			end = len(text)
		}
		return strings.TrimSpace(text[:end]), "", text[end:], nil
	}
	name, text = strings.TrimSpace(text[:end]), strings.TrimLeft(text[end+1:], " \t")
	if !strings.HasPrefix(text, `"`) {
		end = strings.IndexAny(text+";", ";,")
		return name, strings.TrimSpace(text[:end]), text[end:], nil
	}
	var unquoted strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return name, unquoted.String(), text[i+1:], nil
		case '\\':
			i++
		}
		if i < len(text) {
			unquoted.WriteByte(text[i])
		}
	}
	return "", "", "", errLink
}
