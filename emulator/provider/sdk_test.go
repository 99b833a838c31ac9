package provider

import (
	"go/ast"
	"go/parser"
	"go/token"
	gotypes "go/types"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOwnStructsAreTheSDKs holds the structs that stand for the SDK's against its source: every property has the same name and type, and
// has to be given or not. The SDK is parsed here, which takes a fraction of compiling it.
func TestOwnStructsAreTheSDKs(t *testing.T) {
	t.Parallel()
	output, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi-gcp/sdk/v8").Output()
	require.NoError(t, err, "find the module pulumi-gcp: run `go mod download`")
	for _, test := range []struct {
		folder, file, name string
		own                pulumi.Input
	}{
		{"sql", "databaseInstance.go", "databaseInstanceArgs", inputsOf[databaseInstance]{}},
		{"sql", "databaseInstance.go", "databaseInstanceState", inputsOf[databaseInstanceState]{}},
		{"sql", "database.go", "databaseArgs", inputsOf[database]{}},
		{"sql", "user.go", "userArgs", inputsOf[databaseUser]{}},
		{"storage", "bucket.go", "bucketArgs", inputsOf[bucket]{}},
		{"storage", "bucket.go", "bucketState", inputsOf[bucketState]{}},
		{"storage", "bucketIAMMember.go", "bucketIAMMemberArgs", inputsOf[bucketMember]{}},
		{"storage", "bucketIAMMember.go", "bucketIAMMemberState", inputsOf[bucketMemberState]{}},
	} {
		source := sdkSource{t: t, structs: map[string]*ast.StructType{}}
		for _, file := range []string{test.file, "pulumiTypes.go"} {
			source.read(filepath.Join(strings.TrimSpace(string(output)), "go", "gcp", test.folder, file))
		}
		source.compare(test.name, test.own.ElementType())
	}
}

// sdkSource are the structs of some files.
type sdkSource struct {
	t       *testing.T
	structs map[string]*ast.StructType
}

func (s sdkSource) read(file string) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	require.NoError(s.t, err)
	ast.Inspect(parsed, func(node ast.Node) bool {
		if spec, isType := node.(*ast.TypeSpec); isType {
			if fields, isStruct := spec.Type.(*ast.StructType); isStruct {
				s.structs[spec.Name.Name] = fields
			}
		}
		return true
	})
}

func (s sdkSource) compare(name string, own reflect.Type) {
	require.NotNil(s.t, s.structs[name], name)
	theirs := map[string]string{}
	for _, f := range s.structs[name].Fields.List {
		if f.Tag != nil {
			theirs[reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("pulumi")] = gotypes.ExprString(f.Type)
		}
	}
	for _, field := range reflect.VisibleFields(own) {
		property, is := field.Tag.Get("pulumi"), field.Type
		if field.Anonymous {
			continue
		}
		if len(field.Index) > 1 && !slices.Contains([]reflect.Kind{reflect.Pointer, reflect.Slice, reflect.Map}, is.Kind()) {
			is = reflect.PointerTo(is) // An input may be absent in a state.
		}
		s.compareType(name+"."+property, theirs[property], is)
	}
}

// compareType compares a type as the SDK writes it with one of this package, where a struct has another name.
func (s sdkSource) compareType(path, theirs string, own reflect.Type) {
	for _, prefix := range []struct {
		text string
		kind reflect.Kind
	}{{"*", reflect.Pointer}, {"[]", reflect.Slice}, {"map[string]", reflect.Map}} {
		if rest, found := strings.CutPrefix(theirs, prefix.text); found || own.Kind() == prefix.kind {
			if assert.True(s.t, found && own.Kind() == prefix.kind, "%s is %q there and %s here", path, theirs, own) {
				s.compareType(path, rest, own.Elem())
			}
			return
		}
	}
	if own.Kind() == reflect.Struct {
		s.compare(theirs, own)
		return
	}
	assert.Equal(s.t, theirs, own.String(), path)
}
