// Command policyx is a policy pack on Pulumi's own Go SDK, policyx, which is experimental. The benchmark compares it with the
// platform's pack. It has the rules of ../typescript, written as users of policyx write them. It is a separate Go module,
// because that SDK brings some fifty modules.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/policyx"
)

func main() {
	err := policyx.Main(func(*pulumi.Context) (policyx.PolicyPack, error) {
		policies := slices.Concat(resourceRules(), stackRules())
		return policyx.NewPolicyPack("peer", semver.MustParse("1.0.0"), policyx.EnforcementLevelMandatory, policies)
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type check func(props property.Map, report func(string))

func rule(name string, types []string, do check) policyx.Policy {
	return policyx.NewResourceValidationPolicy(name, policyx.ResourceValidationPolicyArgs{
		Description: name, EnforcementLevel: policyx.EnforcementLevelMandatory,
		ValidateResource: func(_ context.Context, args policyx.ResourceValidationArgs) error {
			if slices.Contains(types, args.Resource.Type) {
				do(args.Resource.Properties, func(message string) { args.Manager.ReportViolation(message, "") })
			}
			return nil
		},
	})
}

// get returns the value at a path of keys. It returns null for an absent or unknown value, because policyx passes values on as
// they came.
func get(props property.Map, path string) property.Value {
	at := property.New(props)
	for key := range strings.SplitSeq(path, ".") {
		if !at.IsMap() {
			return property.New(property.Null)
		}
		at = at.AsMap().Get(key)
	}
	return at
}

func text(props property.Map, path, otherwise string) string {
	if v := get(props, path); v.IsString() {
		return v.AsString()
	}
	return otherwise
}

func number(props property.Map, path string, otherwise float64) float64 {
	switch v := get(props, path); {
	case v.IsNumber():
		return v.AsNumber()
	case v.IsString():
		if n, err := strconv.ParseFloat(strings.TrimRight(v.AsString(), "sMGi"), 64); err == nil {
			return n
		}
	}
	return otherwise
}

func truth(props property.Map, path string, otherwise bool) bool {
	if v := get(props, path); v.IsBool() {
		return v.AsBool()
	}
	return otherwise
}

func must(ok func(property.Map) bool, message string) check {
	return func(props property.Map, report func(string)) {
		if !ok(props) {
			report(message)
		}
	}
}

func each(do check) check {
	return func(props property.Map, report func(string)) {
		containers := get(props, "template.containers")
		if !containers.IsArray() {
			containers = get(props, "template.spec.containers")
		}
		if !containers.IsArray() {
			return
		}
		for _, c := range containers.AsArray().All {
			if c.IsMap() {
				do(c.AsMap(), report)
			}
		}
	}
}
