package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSticky(t *testing.T) {
	t.Parallel()
	const (
		old = "a has session affinity and keeps the visitors that it answered: the steps give b new visitors only, and " +
			"100 % gives it all others at once; "
		new    = "b has session affinity and keeps the visitors that it answered: its share may grow beyond a step's; "
		remedy = "leave sessionAffinity off where releases go by steps"
	)
	for _, test := range []struct {
		stable, candidate bool
		want              string
	}{
		{false, false, ""},
		{true, false, old + remedy},
		{false, true, new + remedy},
		{true, true, old + new + remedy},
	} {
		assert.Equal(t, test.want, Sticky(Revision{Name: "a", Sticky: test.stable}, Revision{Name: "b", Sticky: test.candidate}))
	}
}
