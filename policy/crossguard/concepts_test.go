package crossguard_test

import (
	"fmt"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// try prints what one policy reports on resources under a configuration, as a preview would.
func try(p crossguard.Policy, config string, resources ...ct.Resource) {
	p.Name, p.Description = "rule", "A thing is right."
	result, err := ct.Judge(crossguard.Pack{Name: "concepts", Version: "1.0.0", Policies: []crossguard.Policy{p}}, config, resources...)
	if err != nil {
		fmt.Println("refused:", err)
		return
	}
	for _, d := range result.Diagnostics {
		fmt.Println(d.Level+":", d.Text)
	}
	if reason, not := result.NotApplicable["rule"]; not {
		fmt.Println("not applicable:", reason)
	}
}

// The read handles the cases that a rule must not forget: an unknown value, a value of another type, and an absent value.
func ExampleObject_Int() {
	rule := crossguard.Policy{Enforcement: crossguard.Mandatory, Check: func(r *crossguard.Resource) {
		switch n, set := r.Int("size.max"); {
		case !set:
			r.Violation("has no size.max: set it to 5 or less")
		case n > 5:
			r.Violation("size.max is %d: set it to 5 or less", n)
		}
	}}
	for _, size := range []any{object{"max": "9"}, object{}, object{"max": ct.Unknown}, ct.UnknownObject, object{"max": []any{}}} {
		try(rule, "", ct.Resource{Type: thing, Properties: ct.Properties{"size": size}})
	}
	// Output:
	// mandatory: size.max is 9: set it to 5 or less
	// mandatory: has no size.max: set it to 5 or less
	// advisory: not checked: size.max is known only after the update
	// advisory: not checked: size is known only after the update
	// mandatory: size.max is a list, must be a whole number
}

// An unknown value in one element of a list ends the check of that element only.
func ExampleObject_Each() {
	try(crossguard.Policy{Check: func(r *crossguard.Resource) {
		r.Each("ports", func(port crossguard.Object) {
			if n := port.IntOr("number", 0); n < 1024 {
				r.Violation("%s is %d: take one from 1024 on", port.Path("number"), n)
			}
		})
	}}, "", ct.Resource{Type: thing, Properties: ct.Properties{"ports": []any{object{"number": ct.UnknownNumber}, object{"number": 80}}}})
	// Output:
	// advisory: ports[1].number is 80: take one from 1024 on
	// advisory: not checked: ports[0].number is known only after the update
}

// A map is visited in the order of its keys. A key may contain any characters.
func ExampleObject_EachStringEntry() {
	try(crossguard.Policy{Check: func(r *crossguard.Resource) {
		r.EachStringEntry("labels", func(key, value string) { r.Violation("%s is %s", key, value) })
		r.Violation("of %d labels, a/b is %s", r.LenMap("labels"), r.StringOr("labels"+crossguard.Key("a/b"), "absent"))
	}}, "", ct.Resource{Type: thing, Properties: ct.Properties{"labels": object{"team": "web", "a/b": "c"}}})
	// Output:
	// advisory: a/b is c
	// advisory: team is web
	// advisory: of 2 labels, a/b is c
}

// A rule that has an answer for an unknown value asks before it reads.
func ExampleObject_IsKnown() {
	try(crossguard.Policy{Check: func(r *crossguard.Resource) {
		if !r.IsKnown("size") {
			r.Violation("size may be anything: count it as 1000")
		}
	}}, "", ct.Resource{Type: thing, Properties: ct.Properties{"size": ct.UnknownNumber}})
	// Output: advisory: size may be anything: count it as 1000
}

// Secrets are read like other values, but they are kept out of messages.
func ExampleObject_IsSecret() {
	try(crossguard.Policy{Check: func(r *crossguard.Resource) {
		if password := r.StringOr("password", ""); len(password) < 12 && r.IsSecret("password") {
			r.Violation("password is %s, which is short", password)
		}
	}}, "", ct.Resource{Type: thing, Properties: ct.Properties{"password": ct.Secret{Value: "hunter2"}}})
	// Output: advisory: password is [secret], which is short
}

func ExampleResource_NotApplicable() {
	try(crossguard.Policy{Check: func(r *crossguard.Resource) {
		if r.StringOr("kind", "") == "test" {
			r.NotApplicable("is for a test")
		}
	}}, "", ct.Resource{Type: thing, Properties: ct.Properties{"kind": "test"}})
	// Output: not applicable: is for a test
}

// Options have types and bounds. A configuration outside them is refused before any resource is checked.
func ExampleOption() {
	rule := crossguard.Policy{
		Options: []crossguard.Option{
			{Name: "regions", Description: "Where things may be.", Default: []string{"us"}, MinItems: 1, Pattern: "^[a-z]+$"},
			{Name: "window", Description: "When they change.", Default: map[string]any{"day": "friday"}, Fields: []crossguard.Option{
				{Name: "day", Description: "Day of the week.", Default: "", Required: true, Enum: []string{"friday", "monday"}}}},
		},
		Check: func(r *crossguard.Resource) {
			r.Violation("may be in %v and change on %s", r.Config.Strings("regions"), r.Config.Object("window").String("day"))
		},
	}
	one := ct.Resource{Type: thing}
	try(rule, "", one)
	try(rule, `{"rule": {"regions": ["eu", "us"], "window": {"day": "monday"}}}`, one)
	try(rule, `{"rule": {"regions": []}}`, one)
	// Output:
	// advisory: may be in [us] and change on friday
	// advisory: may be in [eu us] and change on monday
	// refused: rpc error: code = InvalidArgument desc = configuration of policy pack concepts: rule.regions has 0 elements, must have 1 or more
}

// A user changes the level of a policy, and exempts a resource until a day.
func Example_configuration() {
	rule := crossguard.Policy{Check: func(r *crossguard.Resource) { r.Violation("is wrong") }}
	for _, config := range []string{`{}`, `{"rule": "mandatory"}`, `{"rule": "disabled"}`, `{"rule": {"exemptions": [
		{"resource": "load-*", "reason": "load test", "expires": "9999-12-31"}]}}`} {
		try(rule, config, ct.Resource{Type: thing, Name: "load-1"})
	}
	// Output:
	// advisory: is wrong
	// mandatory: is wrong
	// not applicable: exempt until 9999-12-31: load test
}

func ExampleResource_ViolationOf() {
	rule := crossguard.Policy{Name: "rule", Description: "Grants are small.", Severity: crossguard.Medium,
		Check: func(r *crossguard.Resource) {
			r.ViolationOf(crossguard.Critical, "grants to everybody")
			r.Violation("grants to a group")
		}}
	got, err := ct.Judge(crossguard.Pack{Name: "concepts", Version: "1.0.0", Policies: []crossguard.Policy{rule}}, "",
		ct.Resource{Type: thing})
	for _, d := range got.Diagnostics {
		fmt.Println(d.Severity, d.Text)
	}
	fmt.Println(err)
	// Output:
	// critical grants to everybody
	// medium grants to a group
	// <nil>
}

// A rule that looks for one good resource must not report that there is none while one may still be good.
func ExampleStack_Undecided() {
	rule := crossguard.Policy{CheckStack: func(s *crossguard.Stack) {
		good := false
		s.Each([]string{thing}, func(r *crossguard.Resource) { good = good || r.BoolOr("enabled", false) })
		if !good && !s.Undecided() {
			s.Violation("has no thing that is enabled")
		}
	}}
	try(rule, "", ct.Resource{Type: thing})
	try(rule, "", ct.Resource{Type: thing, Properties: ct.Properties{"enabled": ct.UnknownBool}})
	// Output:
	// advisory: has no thing that is enabled
	// advisory: not checked: enabled is known only after the update
}

// A stack policy sees how resources belong together: parents, dependencies, and the component that contains a resource.
func ExampleStack_Each() {
	site := &ct.Resource{Type: "shop:web:Site", Name: "site", Component: true}
	key := ct.Resource{Type: "test:index/key:Key", Name: "key"}
	one := ct.Resource{Type: thing, Name: "files", Parent: site, PropertyDependencies: map[string][]string{"key": {key.URN()}}}
	try(crossguard.Policy{CheckStack: func(s *crossguard.Stack) {
		s.Each([]string{thing}, func(r *crossguard.Resource) {
			parent, _ := r.Parent()
			for _, k := range r.PropertyDependencies("key") {
				r.Violation("%s in %s uses %s", r.Name, parent.Name, k.Name)
			}
		})
	}}, "", *site, key, one)
	// Output: advisory: files in site uses key
}

// A kind has every type that its function accepts, including types of services that do not exist yet.
func ExampleKind() {
	grants := crossguard.Kind{Name: "grants", Has: func(token string) bool { return strings.HasSuffix(token, "IamMember") }}
	rule := crossguard.Policy{Kind: grants, Check: func(r *crossguard.Resource) { r.Violation("grants %s", r.StringOr("role", "nothing")) }}
	try(rule, "", ct.Resource{Type: "gcp:new/thingIamMember:ThingIamMember", Properties: ct.Properties{"role": "roles/x"}})
	try(rule, "", ct.Resource{Type: thing})
	// Output:
	// advisory: grants roles/x
	// not applicable: applies only to grants
}

// A policy also reads the resource's options, its provider, the stack and the operation.
func ExampleResource_Options() {
	provider := &ct.Resource{Type: "pulumi:providers:gcp", Name: "main", Properties: ct.Properties{"region": "us-east1"}}
	try(crossguard.Policy{Check: func(r *crossguard.Resource) {
		p, _ := r.Provider()
		r.Violation("protected %v, changes of %v ignored, made in %s", r.Options().Protect, r.Options().IgnoreChanges, p.StringOr("region", ""))
		r.Violation("preview %v of stack %q", r.Deployment.DryRun, r.Deployment.Stack)
	}}, "", ct.Resource{Type: thing, Provider: provider, Options: crossguard.Options{Protect: true, IgnoreChanges: []string{"traffics"}}})
	// Output:
	// advisory: protected true, changes of [traffics] ignored, made in us-east1
	// advisory: preview false of stack ""
}

// A remedy sets values at any depth, elements of lists, and secrets. A secret stays a secret.
func ExampleRemedy_Set() {
	c, err := ct.Correct(crossguard.Policy{Name: "rule", Description: "Things are right.", Remediate: func(r *crossguard.Remedy) {
		r.Set("ports[0].number", 8080)
		r.Set("ports[1]", object{"number": 8081, "token": crossguard.Secret("generated")})
		r.Set("password", "changed")
		r.Remove("debug")
	}}, ct.Resource{Type: thing,
		Properties: ct.Properties{"ports": []any{object{"number": 80}}, "password": ct.Secret{Value: "old"}, "debug": true}})
	fmt.Println(c, err)
	// Output: map[password:{changed} ports:[map[number:8080] map[number:8081 token:{generated}]]] <nil>
}

// The engine shows the lines that a policy logs. They decide nothing.
func ExampleObject_Log() {
	rule := crossguard.Policy{Name: "rule", Description: "Things are right.",
		Check: func(r *crossguard.Resource) { r.Log("looked at %s", r.Name) }}
	got, err := ct.Judge(crossguard.Pack{Name: "concepts", Version: "1.0.0", Policies: []crossguard.Policy{rule}}, "",
		ct.Resource{Type: thing, Name: "web"})
	fmt.Println(len(got.Diagnostics), got.Logged[0].Text, err)
	// Output: 0 looked at web <nil>
}
