package architecture_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	modules "golang.org/x/mod/module"
)

// TestAModuleTakesEveryFile: Go refuses a version as a whole when one file of it has a name that some system cannot hold.
func TestAModuleTakesEveryFile(t *testing.T) {
	t.Parallel()
	for _, name := range files(t) {
		assert.NoError(t, modules.CheckFilePath(name), "go get would refuse every version that has this file: rename it")
	}
	assert.Error(t, modules.CheckFilePath("tests/review/a-stranger's.json"))
}
