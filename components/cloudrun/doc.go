// Package cloudrun is a Cloud Run service that runs an image by digest, names its revisions after their content, and
// leaves traffic alone once it exists.
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
//   - The service's account reads its secrets. Pass those grants as DependsOn, each by itself: without them the first
//     revision cannot start.
//   - Cloud Run's own agent may pull the image, which it may in the service's project.
//   - Every update refreshes: see Traffic.
//
// # Revisions
//
// A revision is named SERVICE- and ten hexadecimal digits of a hash over the whole template, so the same template is
// always the same revision and any change is a new one. Cloud Run refuses a name it has seen with another template, and
// keeps the name of a revision that failed: Attempt changes the hash and nothing else.
//
// # Traffic
//
// The split is an input at the service's creation only, 100 % to the first revision by name unless told otherwise. From
// then on changes to it are ignored, here and in the program: whoever releases owns traffic. A later revision therefore
// serves nothing until it is released. `go run …/cmd/release rollout SERVICE --project P --region R` releases it step by
// step and takes it back when it fails; `gcloud run services update-traffic SERVICE --to-revisions REVISION=100` moves
// everything at once, and the output Revision is its name. Where nobody releases, create the service with Traffic
// {Latest: 100}: Cloud Run then gives each new revision all requests as soon as it is ready.
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
