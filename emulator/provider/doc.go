// Package provider contains the sandbox's Pulumi providers for Google Cloud and GitHub. The real engine attaches to them
// (PULUMI_DEBUG_PROVIDERS) instead of downloading the official plugins. They call the emulated cloud over HTTP, as the official
// providers call the real one.
//
//	gcp, err := provider.Serve(ctx, provider.Options{API: "http://127.0.0.1:8080", Name: provider.GCP})
//	defer gcp.Close()
//	os.Setenv("PULUMI_DEBUG_PROVIDERS", fmt.Sprintf("gcp:%d", gcp.Port()))
//
// A resource type is one row of a table; see [resourceType] and the gcp_*.go and github*.go files. The row says where the type
// lives in the API, how its id is written, and which properties have another name or shape in the API. The properties and their
// types come from the SDK's own structs. properties.txt holds the official providers' facts about them (required, computed,
// replaces, refused). Only types that differ from a document that is created, read, patched and deleted have code of their own:
// members of IAM policies, secret versions, enabled services, custom roles.
//
// Where the official providers differ from the API, this package follows the providers. For example, `deletionProtection` exists
// only in the provider, Cloud Run services are updated without a mask, and only those labels and annotations are managed that the
// program names.
package provider
