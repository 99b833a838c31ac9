package approvals

import (
	"errors"
	"net/http"
	"strings"
)

var errLink = errors.New("the answer's Link header cannot be read")

// morePages tells whether an answer says that another page follows, in any of RFC 8288's spellings. A header that cannot be
// read is an error: nobody knows what it would have said.
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

// nextLink reads one link, <address>; name=value; …, up to the comma behind it, and tells whether it leads to the next page.
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
		// Of several rel the first counts.
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
