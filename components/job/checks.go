package job

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
)

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// pinned passes a version on once it is known to be a number.
func pinned(name string, input pulumi.StringInput) pulumi.StringOutput {
	return input.ToStringOutput().ApplyT(func(version string) (string, error) {
		return version, checkVersion(name, version)
	}).(pulumi.StringOutput)
}

func checkVersion(name, value string) error {
	if limits.SecretVersion.MatchString(value) {
		return nil
	}
	return fmt.Errorf("args.Secrets[%q].Version %q is not a version's number: pin one, for example \"1\"", name, value)
}

func (args *JobArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass a *JobArgs")
	}
	found := &problems.List{}
	found.If(args.Project == nil, "args.Project is missing: set the project's id")
	found.If(args.Location == nil, "args.Location is missing: set the region, for example us-central1")
	found.If(args.ServiceAccount == nil, "args.ServiceAccount is missing: set the e-mail address of the job's own account")
	found.If(!limits.IsJobName(args.JobName), "args.JobName %q is not a job id: use 1-57 lower-case letters, digits and hyphens, beginning "+
		"with a letter and not ending with a hyphen", args.JobName)
	switch image := args.Image.(type) {
	case nil:
		found.Add("args.Image is missing: set an image by digest, NAME@sha256:<64 hex digits>")
	case pulumi.String:
		found.Take(problems.Image("args.Image", string(image)))
		if user, given := args.ImageUser.(pulumi.String); given && user != "" {
			found.Take(problems.ImageUser(string(user), string(image)))
		}
	}
	found.If(args.Tasks < 0 || args.Tasks > limits.MaxTasks, "args.Tasks is %d: use 1-10000, or leave it out for %d", args.Tasks, DefaultTasks)
	found.If(args.Parallelism < 0 || args.Parallelism > max(args.Tasks, DefaultTasks),
		"args.Parallelism is %d: use at most as many as Tasks, or leave it out", args.Parallelism)
	found.If(args.VPC != nil && args.VPC.Network == "" && args.VPC.Subnetwork == "", "args.VPC names no network: set Network or Subnetwork")
	found.If(args.MaxRetries < 0 || args.MaxRetries > limits.MaxTaskRetries, "args.MaxRetries is %d: use 0-10", args.MaxRetries)
	found.If(args.TimeoutSeconds < 0 || args.TimeoutSeconds > limits.MaxTaskSeconds,
		"args.TimeoutSeconds is %d: use 1-86400, or leave it out for %d", args.TimeoutSeconds, DefaultTimeoutSeconds)
	if s := args.Schedule; s != nil {
		found.If(len(strings.Fields(s.Cron)) != 5, "args.Schedule.Cron %q is not a schedule: use five fields, minute first", s.Cron)
		found.If(s.TimeZone == "", "args.Schedule.TimeZone is missing: name whose clock counts, such as Europe/Berlin or UTC")
		found.If(s.Account == nil, "args.Schedule.Account is missing: set the e-mail address of an account that starts the job and nothing else")
	}
	args.variableProblems(found)
	return found.Err()
}

func (args *JobArgs) variableProblems(found *problems.List) {
	names := append(slices.Collect(maps.Keys(args.Environment)), slices.Collect(maps.Keys(args.Secrets))...)
	slices.Sort(names)
	for i, name := range names {
		found.If(!variable.MatchString(name), "variable %q is not a variable's name: use letters, digits and underscores", name)
		found.If(limits.IsJobVariable(name), "variable %q is set by Cloud Run itself: choose another name", name)
		found.If(i > 0 && names[i-1] == name, "variable %q is given in Environment and in Secrets: keep one", name)
		if value, given := args.Environment[name]; given && value == nil {
			found.Add("args.Environment[%q] has no value: set one, or remove it", name)
		}
		secret, given := args.Secrets[name]
		found.If(given && secret.Secret == nil, "args.Secrets[%q].Secret is missing: set the secret's id", name)
		found.If(given && secret.Version == nil, "args.Secrets[%q].Version is missing: pin a version's number", name)
		if version, known := secret.Version.(pulumi.String); known {
			found.Take(checkVersion(name, string(version)))
		}
	}
}

// inputs are recorded in state, where policies see them.
func (args *JobArgs) inputs() pulumi.Map {
	inputs := pulumi.Map{"project": args.Project, "location": args.Location, "jobName": pulumi.String(args.JobName), "image": args.Image,
		"serviceAccount": args.ServiceAccount, "maxRetries": pulumi.Int(args.MaxRetries), "tasks": pulumi.Int(cmp.Or(args.Tasks, DefaultTasks)),
		"parallelism": pulumi.Int(args.Parallelism), "vpc": pulumi.Bool(args.VPC != nil), "databases": pulumi.Bool(args.CloudSQL != nil)}
	if args.Schedule != nil {
		inputs["schedule"] = pulumi.String(args.Schedule.Cron)
	}
	return inputs
}
