package job

import (
	"cmp"
	"errors"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/container"
	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
)

func (args *JobArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass a *JobArgs")
	}
	found := &problems.List{}
	found.If(args.Project == nil, "args.Project is missing: set the project's id")
	found.If(args.Location == nil, "args.Location is missing: set the region, for example us-central1")
	found.If(args.ServiceAccount == nil, "args.ServiceAccount is missing: set the e-mail address of the job's own account")
	found.If(!limits.IsJobName(args.JobName), "args.JobName %q is not a job id: use 1-%d lower-case letters, digits and hyphens, beginning "+
		"with a letter and not ending with a hyphen", args.JobName, limits.MaxJobName)
	container.CheckImage(args.Image, args.ImageUser, found)
	found.Optional("args.Tasks", args.Tasks, limits.MaxTasks, DefaultTasks)
	found.If(args.Parallelism < 0 || args.Parallelism > max(args.Tasks, DefaultTasks),
		"args.Parallelism is %d: use at most as many as Tasks, or leave it out", args.Parallelism)
	if args.VPC != nil {
		container.VPC(*args.VPC).Check(args.Project, args.Location, found)
	}
	found.If(args.MaxRetries < 0 || args.MaxRetries > limits.MaxTaskRetries, "args.MaxRetries is %d: use 0-%d", args.MaxRetries,
		limits.MaxTaskRetries)
	found.Optional("args.TimeoutSeconds", args.TimeoutSeconds, limits.MaxTaskSeconds, DefaultTimeoutSeconds)
	if s := args.Schedule; s != nil {
		found.If(len(strings.Fields(s.Cron)) != 5, "args.Schedule.Cron %q is not a schedule: use five fields, minute first", s.Cron)
		found.If(s.TimeZone == "", "args.Schedule.TimeZone is missing: name the time zone of Cron, such as Europe/Berlin or UTC")
		found.If(s.Account == nil, "args.Schedule.Account is missing: set the e-mail address of an account that starts the job and nothing else")
	}
	container.Variables{Field: "args", Reserved: limits.IsJobVariable, Secrets: container.Secrets(args.Secrets),
		Plain: map[string]map[string]pulumi.StringInput{"Environment": args.Environment}}.Check(found)
	return found.Err()
}

// inputs returns the component's inputs, which state keeps and policies read.
func (args *JobArgs) inputs() pulumi.Map {
	inputs := pulumi.Map{"project": args.Project, "location": args.Location, "jobName": pulumi.String(args.JobName), "image": args.Image,
		"serviceAccount": args.ServiceAccount, "maxRetries": pulumi.Int(args.MaxRetries), "tasks": pulumi.Int(cmp.Or(args.Tasks, DefaultTasks)),
		"parallelism": pulumi.Int(args.Parallelism), "vpc": pulumi.Bool(args.VPC != nil), "databases": pulumi.Bool(args.CloudSQL != nil)}
	if args.Schedule != nil {
		inputs["schedule"] = pulumi.String(args.Schedule.Cron)
	}
	return inputs
}
