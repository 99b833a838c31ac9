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

// TestOwnStructsAreTheSDKs compares this package's structs with the SDKs' source: every property has the same name and type and is
// equally optional. The test parses the SDKs, which takes a fraction of the time of compiling them.
func TestOwnStructsAreTheSDKs(t *testing.T) {
	t.Parallel()
	google, github := sdkFolder(t, "pulumi-gcp/sdk/v8", "go/gcp"), sdkFolder(t, "pulumi-github/sdk/v6", "go/github")
	for _, test := range []struct {
		folder, file, name string
		own                pulumi.Input
	}{
		{google + "/sql", "databaseInstance.go", "databaseInstanceArgs", inputsOf[databaseInstance]{}},
		{google + "/sql", "databaseInstance.go", "databaseInstanceState", inputsOf[databaseInstanceState]{}},
		{google + "/sql", "database.go", "databaseArgs", inputsOf[database]{}},
		{google + "/sql", "user.go", "userArgs", inputsOf[databaseUser]{}},
		{google + "/storage", "bucket.go", "bucketArgs", inputsOf[bucket]{}},
		{google + "/storage", "bucket.go", "bucketState", inputsOf[bucketState]{}},
		{google + "/storage", "bucketIAMMember.go", "bucketIAMMemberArgs", inputsOf[bucketMember]{}},
		{google + "/storage", "bucketIAMMember.go", "bucketIAMMemberState", inputsOf[bucketMemberState]{}},
		{google + "/organizations", "project.go", "projectArgs", inputsOf[projectInputs]{}},
		{google + "/organizations", "getProject.go", "LookupProjectArgs", inputsOf[projectLookup]{}},
		{google + "/organizations", "getProject.go", "LookupProjectResult", inputsOf[projectFound]{}},
		{github, "repositoryEnvironment.go", "repositoryEnvironmentArgs", inputsOf[environment]{}},
		{github, "repositoryEnvironment.go", "repositoryEnvironmentState", inputsOf[environmentState]{}},
		{github, "repositoryEnvironmentDeploymentPolicy.go", "repositoryEnvironmentDeploymentPolicyArgs", inputsOf[deploymentPolicy]{}},
		{github, "repositoryEnvironmentDeploymentPolicy.go", "repositoryEnvironmentDeploymentPolicyState", inputsOf[deploymentPolicyState]{}},
		{github, "actionsEnvironmentVariable.go", "actionsEnvironmentVariableArgs", inputsOf[environmentVariable]{}},
		{github, "actionsEnvironmentVariable.go", "actionsEnvironmentVariableState", inputsOf[environmentVariableState]{}},
		{github, "actionsVariable.go", "actionsVariableArgs", inputsOf[actionsVariable]{}},
		{github, "actionsVariable.go", "actionsVariableState", inputsOf[actionsVariableState]{}},
		{github, "actionsRepositoryPermissions.go", "actionsRepositoryPermissionsArgs", inputsOf[allowedActions]{}},
		{github, "actionsRepositoryPermissions.go", "actionsRepositoryPermissionsState", inputsOf[allowedActionsState]{}},
		{github, "workflowRepositoryPermissions.go", "workflowRepositoryPermissionsArgs", inputsOf[workflowToken]{}},
		{github, "workflowRepositoryPermissions.go", "workflowRepositoryPermissionsState", inputsOf[workflowTokenState]{}},
		{github, "repositoryVulnerabilityAlerts.go", "repositoryVulnerabilityAlertsArgs", inputsOf[vulnerabilityAlert]{}},
		{github, "repositoryVulnerabilityAlerts.go", "repositoryVulnerabilityAlertsState", inputsOf[vulnerabilityAlertState]{}},
		{github, "repositoryRuleset.go", "repositoryRulesetArgs", inputsOf[repositoryRuleset]{}},
		{github, "repositoryRuleset.go", "repositoryRulesetState", inputsOf[rulesetState]{}},
	} {
		source := sdkSource{t: t, structs: map[string]*ast.StructType{}}
		for _, file := range []string{test.file, "pulumiTypes.go"} {
			source.read(filepath.Join(test.folder, file))
		}
		source.compare(test.name, test.own.ElementType())
	}
}

// sdkFolder returns the folder of a package of an SDK's module.
func sdkFolder(t *testing.T, module, folder string) string {
	t.Helper()
	output, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/"+module).Output()
	require.NoError(t, err, "find the module %s: run `go mod download`", module)
	return filepath.Join(strings.TrimSpace(string(output)), folder)
}

// sdkSource holds the structs of some files.
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

// compareType compares a type in the SDK's source with one of this package, whose structs may have other names.
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
