package crossguard_test

import (
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

func TestMetadataBeforeAnyConfiguration(t *testing.T) {
	t.Parallel()
	p := policy(func(*crossguard.Resource) {})
	p.DisplayName, p.Severity, p.Tags, p.RemediationSteps, p.URL = "The P", crossguard.High, []string{"x"}, "Do.", "https://x"
	p.Framework = crossguard.Framework{Name: "F", Version: "3.0", Reference: "1.4", Specification: "S"}
	p.Options = []crossguard.Option{
		{Name: "max", Description: "most", Default: 5, Min: 1, Max: 10},
		{Name: "owner", Description: "who", Default: "", Required: true},
		{Name: "kinds", Description: "which", Default: []string{"a"}, Enum: []string{"a", "b"}},
	}
	stack := crossguard.Policy{Name: "s", Description: "S.", CheckStack: func(*crossguard.Stack) {}}
	full := pack(p, stack)
	full.DisplayName, full.Description, full.Readme, full.Provider = "Test", "D", "# R", "gcp"
	full.Repository, full.Tags, full.Enforcement = "https://r", []string{"t"}, crossguard.Mandatory
	full.InitialConfig = map[string]crossguard.Settings{
		"p": {Options: map[string]any{"owner": "me"}}, "s": {Level: crossguard.Disabled},
	}
	c := ct.Start(t, full)
	info := c.Info()
	assert.Equal(t, []string{"test", "1.2.3", "Test", "D", "# R", "gcp", "https://r", "t"}, []string{info.Name, info.Version,
		info.DisplayName, info.Description, info.Readme, info.Provider, info.Repository, info.Tags[0]})
	assert.True(t, info.SupportsConfig)

	got := info.Policies[0]
	assert.Equal(t, []string{"p", "The P", "A thing is right.", "x", "Do.", "https://x", "F", "3.0", "1.4", "S"}, []string{got.Name,
		got.DisplayName, got.Description, got.Tags[0], got.RemediationSteps, got.Url, got.Framework.Name, got.Framework.Version,
		got.Framework.Reference, got.Framework.Specification})
	assert.Equal(t, pulumirpc.PolicySeverity_POLICY_SEVERITY_HIGH, got.Severity)
	assert.Equal(t, pulumirpc.PolicyType_POLICY_TYPE_RESOURCE, got.PolicyType)
	schema := got.ConfigSchema.Properties.AsMap()
	assert.Equal(t, map[string]any{"type": "integer", "description": "most", "minimum": 1.0, "maximum": 10.0, "default": 5.0}, schema["max"])
	assert.Equal(t, map[string]any{"type": "string", "description": "who"}, schema["owner"])
	assert.Equal(t, map[string]any{"type": "array", "description": "which", "default": []any{"a"},
		"items": map[string]any{"type": "string", "enum": []any{"a", "b"}}}, schema["kinds"])
	assert.Contains(t, schema, "exemptions")
	assert.Equal(t, []string{"owner"}, got.ConfigSchema.Required)

	assert.Equal(t, pulumirpc.PolicyType_POLICY_TYPE_STACK, info.Policies[1].PolicyType)
	assert.Equal(t, "s", info.Policies[1].DisplayName)
	assert.Nil(t, info.Policies[1].Framework)
	// An entry without a level would reach the engine as advisory.
	assert.Equal(t, pulumirpc.EnforcementLevel_MANDATORY, info.Policies[1].EnforcementLevel)
	assert.Equal(t, pulumirpc.EnforcementLevel_MANDATORY, info.InitialConfig["p"].EnforcementLevel)
	assert.Equal(t, pulumirpc.EnforcementLevel_DISABLED, info.InitialConfig["s"].EnforcementLevel)

	plugin, err := c.RPC.GetPluginInfo(t.Context(), &emptypb.Empty{})
	require.NoError(t, err)
	assert.Equal(t, "1.2.3", plugin.Version)
}

func TestLevelPrecedence(t *testing.T) {
	t.Parallel()
	check := func(r *crossguard.Resource) { r.Violation("bad") }
	tests := []struct {
		name                  string
		pack, policy, initial crossguard.Level
		config                string
		want                  string // "" if the policy does not run
	}{
		{"no level anywhere", 0, 0, 0, `{}`, "advisory"},
		{"the pack's level", crossguard.Mandatory, 0, 0, `{}`, "mandatory"},
		{"the policy's level", crossguard.Mandatory, crossguard.Advisory, 0, `{}`, "advisory"},
		{"the initial configuration's level", crossguard.Advisory, crossguard.Advisory, crossguard.Mandatory, `{}`, "mandatory"},
		{"the configuration's level", crossguard.Mandatory, crossguard.Mandatory, crossguard.Mandatory, `{"p": "advisory"}`, "advisory"},
		{"configuration disables", crossguard.Mandatory, 0, 0, `{"p": "disabled"}`, ""},
		{"configuration enables", crossguard.Disabled, 0, 0, `{"p": {"enforcementLevel": "mandatory"}}`, "mandatory"},
		{"configuration of all", crossguard.Advisory, 0, 0, `{"all": "mandatory"}`, "mandatory"},
		{"one policy against all", crossguard.Advisory, 0, 0, `{"all": "mandatory", "p": "advisory"}`, "advisory"},
		{"remediate without a remedy", crossguard.Advisory, 0, 0, `{"p": "remediate"}`, "mandatory"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := policy(check)
			p.Enforcement = test.policy
			full := pack(p)
			full.Enforcement = test.pack
			if test.initial != crossguard.Unset {
				full.InitialConfig = map[string]crossguard.Settings{"p": {Level: test.initial}}
			}
			c := ct.Start(t, full)
			require.NoError(t, c.Configure(test.config))
			got := c.Analyze(ct.Resource{Type: thing})
			if test.want == "" {
				assert.Empty(t, got.Diagnostics)
				return
			}
			require.Len(t, got.Diagnostics, 1)
			assert.Equal(t, test.want, got.Diagnostics[0].Level)
		})
	}
}

func TestOptionPrecedence(t *testing.T) {
	t.Parallel()
	p := policy(func(r *crossguard.Resource) {
		r.Violation("%d %v %q %q %v", r.Config.Int("i"), r.Config.Number("n"), r.Config.String("s"), r.Config.Strings("l"), r.Config.Bool("b"))
	})
	p.Options = []crossguard.Option{
		{Name: "i", Description: "-", Default: 1}, {Name: "n", Description: "-", Default: 0.5}, {Name: "b", Description: "-", Default: true},
		{Name: "s", Description: "-", Default: "x"}, {Name: "l", Description: "-", Default: []string{"y"}},
	}
	full := pack(p)
	full.InitialConfig = map[string]crossguard.Settings{"p": {Options: map[string]any{"i": 2, "l": []string{"z"}}}}
	c := ct.Start(t, full)
	assert.Equal(t, []string{`2 0.5 "x" ["z"] true`}, c.Analyze(ct.Resource{Type: thing}).Messages())
	require.NoError(t, c.Configure(`{"p": {"i": 3, "s": "w", "b": false}}`))
	assert.Equal(t, []string{`3 0.5 "w" ["z"] false`}, c.Analyze(ct.Resource{Type: thing}).Messages())
	require.NoError(t, c.Configure(`{}`))
	assert.Equal(t, []string{`2 0.5 "x" ["z"] true`}, c.Analyze(ct.Resource{Type: thing}).Messages())
}

// TestMessagesBeginWithTheDescription checks that a message contains the description, because the engine prints only the message of
// a diagnostic.
func TestMessagesBeginWithTheDescription(t *testing.T) {
	t.Parallel()
	p := policy(func(r *crossguard.Resource) {
		r.Violation("is bad")
		r.ViolationOf(crossguard.Critical, "is worse")
		r.Has("later")
	})
	p.Severity = crossguard.Low
	whole := stackPolicy(func(s *crossguard.Stack) { s.ViolationOf(crossguard.High, "is incomplete") })
	c := ct.Start(t, pack(p, whole))
	request, err := ct.Resource{Type: thing, Properties: ct.Properties{"later": ct.Unknown}}.Request()
	require.NoError(t, err)
	one, err := c.RPC.Analyze(t.Context(), request)
	require.NoError(t, err)
	all, err := c.RPC.AnalyzeStack(t.Context(), &pulumirpc.AnalyzeStackRequest{})
	require.NoError(t, err)
	var got []string
	for _, d := range append(one.Diagnostics, all.Diagnostics...) {
		got = append(got, d.Severity.String()+" "+d.Message)
	}
	assert.Equal(t, []string{"POLICY_SEVERITY_LOW A thing is right.\nis bad", "POLICY_SEVERITY_CRITICAL A thing is right.\nis worse",
		"POLICY_SEVERITY_LOW not checked: later is known only after the update", "POLICY_SEVERITY_HIGH A stack is right.\nis incomplete"}, got)
}

func TestNotApplicableReasonsHaveNoSecrets(t *testing.T) {
	t.Parallel()
	c := ct.Start(t, pack(policy(func(r *crossguard.Resource) { r.NotApplicable("is for %s", r.StringOr("owner", "nobody")) })))
	got := c.Analyze(ct.Resource{Type: thing, Properties: ct.Properties{"owner": ct.Secret{Value: "hunter2\xff"}}})
	assert.Equal(t, "is for [secret]", got.NotApplicable["p"])
	got = c.Analyze(ct.Resource{Type: thing, Properties: ct.Properties{"owner": "a\xff"}})
	assert.Equal(t, "is for a\ufffd", got.NotApplicable["p"])
}

func TestConfigureRefusesUnknownNames(t *testing.T) {
	t.Parallel()
	p := policy(func(*crossguard.Resource) {})
	p.Options = []crossguard.Option{
		{Name: "max", Description: "most", Default: 5, Min: 1, Max: 10}, {Name: "kind", Description: "which", Default: "a",
			Enum: []string{"a", "b"}},
		{Name: "owner", Description: "who", Default: "", Required: true}, {Name: "list", Description: "some", Default: []string{}},
	}
	c := ct.Start(t, func() crossguard.Pack {
		full := pack(p)
		full.InitialConfig = map[string]crossguard.Settings{"p": {Options: map[string]any{"owner": "me"}}}
		return full
	}())
	tests := []struct{ config, want string }{
		{`{"q": "mandatory"}`, `the pack has no policy "q": correct the name or remove it`},
		{`{"pp": "mandatory"}`, `the pack has no policy "pp": did you mean p? Correct the name or remove it`},
		{`{"p": {"maximum": 3}}`, `p has no option "maximum": it has enforcementLevel, exemptions, max, kind, owner, list`},
		{`{"p": {"max": 11}}`, `p.max is 11, must be from 1 to 10`},
		{`{"p": {"max": 2.5}}`, `p.max is 2.5, must be a whole number`},
		{`{"p": {"max": "3"}}`, `p.max must be a number, not 3`},
		{`{"p": {"kind": "c"}}`, `p.kind is "c", must be one of a, b`},
		{`{"p": {"kind": 1}}`, `p.kind must be a string, not 1`},
		{`{"p": {"list": "x"}}`, `p.list must be a list of strings, not x`},
		{`{"p": {"list": [1]}}`, `p.list[0] must be a string, not 1`},
		{`{"all": {"max": 3}}`, `"all" sets the enforcement level and exceptions only, not max`},
		{`{"p": {"exemptions": {}}}`, `p.exemptions must be a list of {resource, reason, expires}, not map[]`},
		{`{"p": {"exemptions": [{"resource": "x", "reason": "y", "until": "z"}]}}`,
			`p.exemptions[0]: unknown key "until": use resource, reason and expires`},
		{`{"p": {"exemptions": [{"resource": "x", "reason": " ", "expires": "2027-01-31"}]}}`,
			`p.exemptions[0]: needs a resource (URN or name pattern) and a reason`},
		{`{"p": {"exemptions": [{"resource": "x", "reason": "y", "expires": "soon"}]}}`,
			`p.exemptions[0]: expires "soon" is not a date: write YYYY-MM-DD`},
		{`{"p": {"exemptions": [{"resource": "**", "reason": "y", "expires": "2027-01-31"}]}}`,
			`p.exemptions[0]: exempts every resource: set the policy's enforcement level instead`},
		{`{"p": {"exemptions": [{"resource": "urn:*", "reason": "y", "expires": "2027-01-31"}]}}`,
			`p.exemptions[0]: names no resource: end the URN with ::NAME`},
		{`{"p": {"exemptions": [{"resource": "urn:pulumi:*::*", "reason": "y", "expires": "2027-01-31"}]}}`,
			`p.exemptions[0]: names no resource: end the URN with ::NAME`},
		{`{"p": {"exemptions": [{"resource": "urn:pulumi:dev::test::pulumi*", "reason": "y", "expires": "2027-01-31"}]}}`,
			`p.exemptions[0]: names no resource: end the URN with ::NAME`},
		{`{"p": {"exemptions": [{"resource": "x", "reason": "y", "expires": "2027-02-29"}]}}`,
			`p.exemptions[0]: expires "2027-02-29" is not a date`},
	}
	for _, test := range tests {
		err := c.Configure(test.config)
		assert.Equal(t, codes.InvalidArgument, status.Code(err), test.config)
		assert.ErrorContains(t, err, "configuration of policy pack test: "+test.want)
	}
	err := c.Configure(`{"q": "mandatory", "p": {"max": 11, "kind": "c"}}`)
	for _, all := range []string{`no policy "q"`, "p.max is 11", `p.kind is "c"`} {
		assert.ErrorContains(t, err, all)
	}
}

func TestPacksAreValidated(t *testing.T) {
	t.Parallel()
	check := func(*crossguard.Resource) {}
	_, err := crossguard.NewServer(crossguard.Pack{
		Name: "no spaces", Policies: []crossguard.Policy{
			{Name: "all", Description: "x", Check: check},
			{Name: "twice", Description: "x", Check: check}, {Name: "twice", Description: "x", Check: check},
			{Name: "empty"},
			{Name: "nameless", Description: "x", Check: check, Kind: crossguard.Kind{Has: func(string) bool { return true }}},
			{Name: "unfixable", Description: "x", Check: check, Enforcement: crossguard.Remediate},
			{Name: "options", Description: "x", Check: check, Options: []crossguard.Option{
				{Name: "enforcementLevel", Description: "x", Default: 1}, {Name: "odd", Description: "x", Default: int8(1)},
				{Name: "out", Description: "x", Default: 9, Min: 1, Max: 3}, {Description: "x", Default: 1},
				{Name: "half", Description: "x", Default: 9, Min: 1},
			}},
			{Name: "short", Description: "x", Check: check, Types: []string{"Bucket", "gcp:storage:", "gcp:storage/bucket:Bucket"}},
		},
		InitialConfig: map[string]crossguard.Settings{"ghost": {}},
	})
	for _, want := range []string{
		`pack name "no spaces": use`, "has no version", `policy name "all"`, "policy twice is there twice", "policy empty: has no description",
		"policy empty: checks nothing: give it Check, Remediate or CheckStack",
		"policy nameless: its kind needs both a name and a function", "policy unfixable: its level is remediate but it has no Remediate function",
		`option "enforcementLevel" is there twice or reserved`, "option odd: its default is a int8", "option out: is 9, must be from 1 to 3",
		"option : needs a name and a description", "option half: its Min is 1 and its Max 0: give it both, or neither",
		`policy short: type "Bucket" is not a type token`, `policy short: type "gcp:storage:" is not a type token`,
		`initial configuration names policy "ghost"`,
	} {
		assert.ErrorContains(t, err, want)
	}
	bad := pack(policy(check))
	bad.InitialConfig = map[string]crossguard.Settings{"p": {Options: map[string]any{"nope": 1}}}
	_, err = crossguard.NewServer(bad)
	assert.EqualError(t, err, `initial configuration: p has no option "nope": it has enforcementLevel, exemptions`)
	assert.Equal(t, err, bad.Validate(), "Validate finds it too")

	for version, want := range map[string]string{"": "pack test has no version", "one": `version "one"`} {
		versioned := pack(policy(check))
		versioned.Version = version
		assert.ErrorContains(t, versioned.Validate(), want)
	}
	assert.EqualError(t, pack().Validate(), "pack test has no policies: give it one")
}

// TestRequiredOptions checks that the Default of a required option gives only its type, and that the initial
// configuration may leave it out.
func TestRequiredOptions(t *testing.T) {
	t.Parallel()
	p := policy(func(r *crossguard.Resource) { r.Violation("%s %d", r.Config.String("size"), r.Config.Int("count")) })
	p.Options = []crossguard.Option{
		{Name: "size", Description: "how big", Default: "", Required: true, Enum: []string{"s", "m"}},
		{Name: "count", Description: "how many", Default: 0, Required: true, Min: 1, Max: 3},
	}
	full := pack(p)
	full.InitialConfig = map[string]crossguard.Settings{"p": {Level: crossguard.Mandatory, Options: map[string]any{"count": 2}}}
	c := ct.Start(t, full)
	assert.ErrorContains(t, c.Configure(`{}`), "p needs the option size: how big")
	require.NoError(t, c.Configure(`{"p": {"size": "m"}}`))
	assert.Equal(t, []string{"m 2"}, c.Analyze(ct.Resource{Type: thing}).Messages())
}

func TestPoliciesApplyToTheirTypes(t *testing.T) {
	t.Parallel()
	typed := policy(func(r *crossguard.Resource) { r.Violation("ran") })
	typed.Types = []string{thing, "test:index/other:Other"}
	partial := policy(func(r *crossguard.Resource) { r.NotApplicable("no %s", "need") })
	partial.Name = "partial"
	fixer := crossguard.Policy{Name: "fixer", Description: "Fixes.", Remediate: func(*crossguard.Remedy) {}}
	c := ct.Start(t, pack(typed, partial, fixer))

	got := c.Analyze(ct.Resource{Type: thing})
	assert.Equal(t, []string{"ran"}, got.Messages())
	assert.Equal(t, map[string]string{"partial": "no need", "fixer": "corrects resources and checks none"}, got.NotApplicable)

	many := policy(func(*crossguard.Resource) {})
	many.Types = []string{"a:b:C", "a:b:D", "a:b:E", "a:b:F", "a:b:G"}
	assert.Equal(t, "applies only to a:b:C, a:b:D, a:b:E and 2 other types",
		ct.Start(t, pack(many)).Analyze(ct.Resource{Type: thing}).NotApplicable["p"])

	got = c.Analyze(ct.Resource{Type: "test:index/third:Third"})
	assert.Empty(t, got.Diagnostics)
	assert.Equal(t, "applies only to test:index/thing:Thing, test:index/other:Other", got.NotApplicable["p"])
}

func TestPanicIsAMandatoryViolation(t *testing.T) {
	t.Parallel()
	broken := policy(func(r *crossguard.Resource) {
		r.Violation("before")
		secret := r.StringOr("password", "")
		r.Each("list", func(crossguard.Object) { panic("cannot handle " + secret) })
	})
	broken.Enforcement = crossguard.Advisory
	typo := policy(func(r *crossguard.Resource) { r.Config.Int("absent") })
	typo.Name = "typo"
	badPath := policy(func(r *crossguard.Resource) { r.Has(`a["b`) })
	badPath.Name = "bad-path"
	sound := policy(func(r *crossguard.Resource) { r.Violation("still runs") })
	sound.Name = "sound"
	c := ct.Start(t, pack(broken, typo, badPath, sound))
	got := c.Analyze(ct.Resource{Type: thing, Properties: ct.Properties{
		"password": ct.Secret{Value: "hunter2"}, "list": []any{map[string]any{}}, "a": map[string]any{},
	}})
	urn := ct.Resource{Type: thing}.URN()
	const tail = ". This is a mistake in policy pack test 1.2.3: report it, or disable the policy"
	require.Len(t, got.Diagnostics, 5)
	assert.Equal(t, ct.Message{Policy: "p", Level: "advisory", URN: urn, Text: "before"}, got.Diagnostics[0])
	assert.Equal(t, "mandatory", got.Diagnostics[1].Level)
	assert.Regexp(t, `^the rule itself failed and so does not pass: cannot handle \[secret\] \(server_test\.go:\d+\)`+tail+"$",
		got.Diagnostics[1].Text)
	assert.Regexp(t, `policy typo has no option absent of type int \(.*\)`+tail, got.Of("typo").Diagnostics[0].Text)
	assert.Regexp(t, `property path \["b: \[" without "\]`, got.Of("bad-path").Diagnostics[0].Text)
	assert.Equal(t, "still runs", got.Of("sound").Diagnostics[0].Text)
}

func TestPoliciesSeeDeploymentOptionsAndProvider(t *testing.T) {
	t.Parallel()
	no := false
	c := ct.Start(t, pack(policy(func(r *crossguard.Resource) {
		d, o := r.Deployment, r.Options()
		provider, has := r.Provider()
		r.Violation("%s/%s/%s %v %v %v %v", d.Organization, d.Project, d.Stack, d.DryRun, d.Config, d.SecretKeys, d.Tags)
		r.Violation("%v %v %v %v %s %v %s %s", o.Protect, o.IgnoreChanges, o.AdditionalSecretOutputs, o.Aliases, o.Parent,
			o.DeleteBeforeReplace == nil || *o.DeleteBeforeReplace, o.CreateTimeout, o.ReadTimeout)
		if has {
			r.Violation("%s %s %s %d", provider.Type, provider.Name, provider.URN, provider.IntOr("n", 0))
			provider.IntOr("region", 0)
		}
	})))
	got := c.Analyze(ct.Resource{Type: thing})
	assert.Equal(t, []string{"// false map[] [] map[]", "false [] [] []  true 0s 0s"}, got.Messages())

	c.ConfigureStack(crossguard.Deployment{Organization: "o", Project: "test", Stack: "dev", DryRun: true,
		Config: map[string]string{"a:b": "c"}, SecretKeys: []string{"a:s"}, Tags: map[string]string{"k": "v"}})
	got = c.Analyze(ct.Resource{Type: thing, Options: crossguard.Options{
		Protect: true, IgnoreChanges: []string{"x"}, AdditionalSecretOutputs: []string{"y"}, Aliases: []string{"urn:z"}, Parent: "urn:p",
		DeleteBeforeReplace: &no, CreateTimeout: 90 * time.Second, ReadTimeout: time.Second,
	}, Provider: &ct.Resource{Type: "pulumi:providers:test", Name: "main", Properties: ct.Properties{"n": 3, "region": ct.Unknown}}})
	assert.Equal(t, []string{
		"o/test/dev true map[a:b:c] [a:s] map[k:v]",
		"true [x] [y] [urn:z] urn:p false 1m30s 1s",
		"pulumi:providers:test main urn:pulumi:dev::test::pulumi:providers:test::main 3",
		"not checked: provider(main).region is known only after the update",
	}, got.Messages())

	require.NoError(t, c.Configure(`{}`)) // a second configuration keeps the stack
	assert.Contains(t, c.Analyze(ct.Resource{Type: thing}).Messages()[0], "o/test/dev true")
}

func TestCancelEndsAnalysis(t *testing.T) {
	t.Parallel()
	c := ct.Start(t, pack(policy(func(*crossguard.Resource) {})))
	c.Cancel()
	_, err := c.RPC.Analyze(t.Context(), &pulumirpc.AnalyzeRequest{Type: thing})
	assert.Equal(t, codes.Canceled, status.Code(err))
}
