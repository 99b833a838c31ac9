package review_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/sandbox/review"
)

func TestNewFindingsAreToldFromOldOnes(t *testing.T) {
	t.Parallel()
	stays := review.Finding{Policy: "run-nonroot", Level: "advisory", Resource: "web", Message: "as root"}
	gone := review.Finding{Policy: "gone", Level: "advisory", Message: "x"}
	warns := review.Finding{Policy: "a-warning", Level: "advisory", Message: "x"}
	stops := review.Finding{Policy: "z-stops", Level: "mandatory", Message: "x"}
	// The same policy with another message about the same resource is another finding.
	other := review.Finding{Policy: "run-nonroot", Level: "advisory", Resource: "web", Message: "as root, in two containers"}
	assert.Equal(t, review.Findings{New: []review.Finding{stops, warns, other}, Old: []review.Finding{stays}, Gone: []review.Finding{gone}},
		review.CompareFindings([]review.Finding{gone, stays}, []review.Finding{other, stays, warns, stops}))
	assert.Equal(t, review.Findings{New: []review.Finding{}, Old: []review.Finding{}, Gone: []review.Finding{}}, review.CompareFindings(nil,
		nil))
}

func TestWhatAChangeWidens(t *testing.T) {
	t.Parallel()
	fact := func(kind, subject, text string, level float64) review.Fact {
		return review.Fact{Kind: kind, Subject: subject, Text: text, Level: level}
	}
	guard := func(subject, text string, level float64) review.Fact { return fact(review.Guard, subject, text, level) }
	for name, test := range map[string]struct {
		before, after []review.Fact
		want          []review.AuthorityChange
	}{
		"nothing": {[]review.Fact{guard("g", "x", 1)}, []review.Fact{guard("g", "x", 1)}, nil},
		"the same rights": {[]review.Fact{fact(review.Holds, "ci", "r", 0), fact(review.Holds, "ci", "s", 0)},
			[]review.Fact{fact(review.Holds, "ci", "s", 0), fact(review.Holds, "ci", "r", 0)}, nil},
		"somebody holds more": {nil, []review.Fact{fact(review.Holds, "ci", "roles/owner on project p", 0)},
			[]review.AuthorityChange{{Widens: true, Added: true, Kind: review.Holds, Subject: "ci", Text: "roles/owner on project p"}}},
		"somebody holds the same role on several things of the same words": {nil, []review.Fact{fact(review.Holds, "ci", "r on an account", 0),
			fact(review.Holds, "ci", "r on an account", 0), fact(review.Holds, "cd", "r on an account", 0)}, []review.AuthorityChange{
			{Widens: true, Added: true, Kind: review.Holds, Subject: "cd", Text: "r on an account"},
			{Widens: true, Added: true, Kind: review.Holds, Subject: "ci", Text: "r on an account"}}},
		"somebody holds less": {[]review.Fact{fact(review.Holds, "ci", "roles/owner on project p", 0)}, nil,
			[]review.AuthorityChange{{Kind: review.Holds, Subject: "ci", Text: "roles/owner on project p"}}},
		"a guard goes": {[]review.Fact{guard("main, deletion", "nobody deletes it", 0)}, nil,
			[]review.AuthorityChange{{Widens: true, Kind: review.Guard, Subject: "main, deletion", Text: "nobody deletes it"}}},
		"a guard comes": {nil, []review.Fact{guard("main, deletion", "nobody deletes it", 0)},
			[]review.AuthorityChange{{Added: true, Kind: review.Guard, Subject: "main, deletion", Text: "nobody deletes it"}}},
		"a guard asks for less": {[]review.Fact{guard("main", "2 approvals", 2)}, []review.Fact{guard("main", "1 approvals", 1)},
			[]review.AuthorityChange{
				{Widens: true, Added: true, Kind: review.Guard, Subject: "main", Text: "1 approvals", Was: "2 approvals"}}},
		"a guard asks for more": {[]review.Fact{guard("main", "1 approvals", 1)}, []review.Fact{guard("main", "2 approvals", 2)},
			[]review.AuthorityChange{
				{Added: true, Kind: review.Guard, Subject: "main", Text: "2 approvals", Was: "1 approvals"}}},
		"others approve": {[]review.Fact{guard("prod", "user 1", 0)}, []review.Fact{guard("prod", "user 2", 0)}, []review.AuthorityChange{
			{Widens: true, Added: true, Kind: review.Guard, Subject: "prod", Text: "user 2", Was: "user 1"}}},
		"many jobs become one account": {nil, []review.Fact{fact(review.Becomes, "deploy", "a push", 0), fact(review.Becomes, "deploy", "a tag",
			0),
			fact(review.Becomes, "ci", "a tag", 0), fact(review.Becomes, "deploy", "a comment", 0)}, []review.AuthorityChange{
			{Widens: true, Added: true, Kind: review.Becomes, Subject: "ci", Text: "a tag"},
			{Widens: true, Added: true, Kind: review.Becomes, Subject: "deploy", Text: "a push", More: 2}}},
		"an account that more can become, and that holds more": {nil, []review.Fact{fact(review.Becomes, "deploy", "a push", 0),
			fact(review.Holds, "deploy", "r", 0), fact(review.Holds, "deploy", "s", 0)}, []review.AuthorityChange{
			{Widens: true, Added: true, Kind: review.Becomes, Subject: "deploy", Text: "a push"},
			{Widens: true, Added: true, Kind: review.Holds, Subject: "deploy", Text: "r"},
			{Widens: true, Added: true, Kind: review.Holds, Subject: "deploy", Text: "s"}}},
		"the order: the internet first, then wider access": {[]review.Fact{fact(review.Reads, "web", "the secret a", 0)},
			[]review.Fact{fact(review.Holds, "z", "r", 0), fact(review.Internet, "web", "anybody", 0)}, []review.AuthorityChange{
				{Widens: true, Added: true, Kind: review.Internet, Subject: "web", Text: "anybody"},
				{Widens: true, Added: true, Kind: review.Holds, Subject: "z", Text: "r"}, {Kind: review.Reads, Subject: "web", Text: "the secret a"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := test.want
			if want == nil {
				want = []review.AuthorityChange{}
			}
			changes := review.CompareAuthority(test.before, test.after)
			assert.Equal(t, want, changes)
			widens := slices.ContainsFunc(want, func(c review.AuthorityChange) bool { return c.Widens })
			assert.Equal(t, widens, review.Report{Stacks: []review.Stack{{}, {Authority: changes}}}.Widens())
		})
	}
}
