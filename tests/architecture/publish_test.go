package architecture_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	modules "golang.org/x/mod/module"
)

// TestFileNamesAreAllowedInModules checks the names of all files. Go refuses a whole version if some system cannot store one of its files.
func TestFileNamesAreAllowedInModules(t *testing.T) {
	t.Parallel()
	for _, name := range files(t) {
		assert.NoError(t, modules.CheckFilePath(name), "go get would refuse every version that has this file: rename it")
	}
	assert.Error(t, modules.CheckFilePath("tests/review/a-stranger's.json"))
}
