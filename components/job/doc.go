// Package job makes a Cloud Run job, which runs an image by digest until it exits. A schedule, a release or a person starts it.
//
//	migrate, err := job.NewJob(ctx, "job-migrate", &job.JobArgs{
//		Project:        pulumi.String("procureflow-dev"),
//		Location:       pulumi.String("us-central1"),
//		JobName:        "procureflow-migrate",
//		Image:          web.Image,
//		ServiceAccount: runtime.Email,
//		Args:           []string{"migrate"},
//		Secrets:        map[string]job.SecretVariable{"MONGODB_URI": {Secret: id, Version: version}},
//	}, pulumi.DependsOn(secrets.Accessors["migrate"]))
//
// Pass each grant that lets the job's account read a secret in DependsOn. Without the grants Cloud Run refuses the job.
//
// # Schedule
//
// With a Schedule, Cloud Scheduler starts the job as an account that may run this job and nothing else. The account is the caller's,
// because a component makes no identities; the grant is made here.
//
// # Renames
//
// The type token and the children's logical names are a permanent interface: stacks remember them.
package job
