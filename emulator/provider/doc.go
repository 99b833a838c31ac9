// Package provider is the sandbox's Pulumi providers for Google Cloud and GitHub. The real engine attaches to them
// instead of downloading the official plugins (PULUMI_DEBUG_PROVIDERS), and they call the simulated cloud over HTTP as
// the official ones call the real one.
//
//	gcp, err := provider.Serve(ctx, provider.Options{API: "http://127.0.0.1:8080", Name: provider.GCP})
//	defer gcp.Close()
//	os.Setenv("PULUMI_DEBUG_PROVIDERS", fmt.Sprintf("gcp:%d", gcp.Port()))
//
// A resource type is one row of a table (see [resourceType] and the gcp_*.go and github*.go files): where it lives in the
// API, how its id is written, and which properties have another name or shape there. The properties and their types come
// from the SDK's own structs, and what the official providers say of them (required, computed, replaces, refused) from
// properties.txt, so the table repeats none of them. Only what truly
// behaves unlike a document that is created, read, patched and deleted has code of its own: members of IAM policies,
// secret versions, enabled services, custom roles.
//
// Where the official providers differ from the API, this package follows the providers: `deletionProtection` is theirs,
// Cloud Run services are updated without a mask, labels and annotations are only managed where the program names them.
package provider
