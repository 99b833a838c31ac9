package approvals

import (
	"errors"
	"net/http"
	"strings"
)

var errLink = errors.New("the answer's Link header cannot be read")

// morePages says whether another page follows an answer. It reads every spelling of the Link header that RFC 8288 allows. A header that
// it cannot read is an error, because a page may be missing.
func morePages(header http.Header) (bool, error) {
	for _, links := range header.Values("Link") {
		for strings.Trim(links, " \t,") != "" {
			next, rest, err := nextLink(strings.TrimLeft(links, " \t,"))
			if next || err != nil {
				return next, err
			}
			links = rest
		}
	}
	return false, nil
}

// nextLink reads one link, <address>; name=value; …, up to the comma after it. next says whether the link leads to the next page.
func nextLink(text string) (next bool, rest string, err error) {
	_, text, closed := strings.Cut(text, ">")
	if !closed {
		return false, "", errLink
	}
	for related := false; ; {
		text = strings.TrimLeft(text, " \t")
		switch {
		case text == "", text[0] == ',':
			return next, text, nil
		case text[0] != ';':
			return false, "", errLink
		}
		var name, value string
		if name, value, text, err = parameter(text[1:]); err != nil {
			return false, "", err
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
