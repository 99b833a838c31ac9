package crossguardtest_test

import (
	"fmt"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	"github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

// ParseExport reads a stack's export, which is then judged as a preview would judge it. In a test, LoadExport reads it from a file.
func ExampleParseExport() {
	resources, err := crossguardtest.ParseExport([]byte(`{"version": 3, "deployment": {"resources": [
		{"urn": "urn:pulumi:prod::shop::shop:web:Site::site", "type": "shop:web:Site"},
		{"urn": "urn:pulumi:prod::shop::shop:web:Site$gcp:storage/bucket:Bucket::files", "type": "gcp:storage/bucket:Bucket",
		 "custom": true, "parent": "urn:pulumi:prod::shop::shop:web:Site::site", "inputs": {"location": "us-east1"}}]}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	regions := crossguard.Policy{
		Name: "regions", Description: "Buckets are in us-central1.", Types: []string{"gcp:storage/bucket:Bucket"},
		Check: func(r *crossguard.Resource) {
			if location := r.StringOr("location", "nowhere"); location != "us-central1" {
				r.Violation("location is %s: move it to us-central1", location)
			}
		},
	}
	pack := crossguard.Pack{Name: "example", Version: "1.0.0", Policies: []crossguard.Policy{regions}}
	result, err := crossguardtest.Judge(pack, `{"regions": "mandatory"}`, resources...)
	for _, d := range result.Diagnostics {
		fmt.Println(d.Level, d.URN)
		fmt.Println(d.Text)
	}
	fmt.Println(err)
	// Output:
	// mandatory urn:pulumi:prod::shop::shop:web:Site$gcp:storage/bucket:Bucket::files
	// location is us-east1: move it to us-central1
	// <nil>
}
