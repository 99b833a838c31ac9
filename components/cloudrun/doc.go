// Package cloudrun makes a Cloud Run service that runs an image by digest. It names revisions after their content, and leaves the
// traffic of an existing service alone.
//
//	web, err := cloudrun.NewService(ctx, "web", &cloudrun.ServiceArgs{
//		Project:        pulumi.String("procureflow-dev"),
//		ProjectNumber:  pulumi.String("123456789012"),
//		Location:       pulumi.String("us-central1"),
//		ServiceName:    "procureflow-web",
//		Image:          pulumi.String("us-central1-docker.pkg.dev/procureflow-dev/procureflow/web@sha256:…"),
//		ServiceAccount: runtime.Email,
//		MaxInstances:   2,
//		Startup:        cloudrun.Probe{Path: "/"},
//		Liveness:       cloudrun.Probe{Path: "/"},
//		URLVariables:   []string{"NEXTAUTH_URL"},
//		Secrets:        map[string]cloudrun.SecretVariable{"MONGODB_URI": {Secret: id, Version: version}},
//	}, pulumi.DependsOn(secrets.Accessors["runtime"]))
//
// # What has to be there
//
//   - The API run.googleapis.com is on in the project. Component project turns it on; depend on its Ready.
//   - The service's account may read its secrets. Pass each of those grants in DependsOn: without them the first revision cannot
//     start.
//   - Cloud Run's own agent may pull the image. In the service's project it always may.
//   - Every update refreshes: see Traffic.
//
// # Revisions
//
// A revision's name is SERVICE- and ten hexadecimal digits of a hash over the whole template. So the same template always makes the
// same revision, and a changed template makes a new one. Cloud Run refuses a name that it has seen with another template, and keeps
// the name of a revision that failed. To deploy the same template again, raise Attempt, which changes only the hash.
//
// # Traffic
//
// The split is an input only when the service is created. By default the first revision gets 100 %, by name. Afterwards the
// component ignores changes of the split, because the release controller owns traffic. So a later revision gets no requests until it
// is released. `go run …/cmd/release rollout SERVICE --project P --region R` releases it step by step, and takes it back if it
// fails. `gcloud run services update-traffic SERVICE --to-revisions REVISION=100` moves all requests at once; the output Revision is
// the revision's name. If nobody makes releases, create the service with Traffic {Latest: 100}: Cloud Run then gives each new
// revision all requests as soon as it is ready.
//
// The provider writes a service as a whole, with the traffic that the state remembers. A project that uses this component
// therefore has `options: {refresh: always}` in its Pulumi.yaml, or passes --refresh to every update; without the option the
// component warns.
//
// # Renames
//
// The type token and the children's logical names are a permanent interface: stacks remember them. A rename keeps a
// pulumi.Alias with the old name on the renamed resource until no stack has the old one.
package cloudrun
