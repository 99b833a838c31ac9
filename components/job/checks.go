package job

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/limits"
)

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// byDigest passes an image on once it is known to be one that cannot change under its name.
func byDigest(image pulumi.StringInput) pulumi.StringOutput {
	return image.ToStringOutput().ApplyT(func(image string) (string, error) { return image, checkImage(image) }).(pulumi.StringOutput)
}

// pinned passes a version on once it is known to be a number.
func pinned(name string, input pulumi.StringInput) pulumi.StringOutput {
	return input.ToStringOutput().ApplyT(func(version string) (string, error) {
		return version, checkVersion(name,
			version)
	}).(pulumi.StringOutput)
}

func checkImage(image string) error {
	if limits.ImageByDigest.MatchString(image) {
		return nil
	}
	return fmt.Errorf("args.Image %q is not an image by digest: write NAME@sha256:<64 hex digits>, a tag may move", image)
}

// checkImageUser refuses what was found in another image.
func checkImageUser(user, image string) error {
	_, digest, _ := strings.Cut(image, "@")
	if name, of, _ := strings.Cut(user, "@"); name != "" && of == digest {
		return nil
	}
	return fmt.Errorf("args.ImageUser %q does not belong to args.Image: write USER@%s, or leave it out", user, digest)
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
	var problems []error
	refuse := func(wrong bool, format string, values ...any) {
		if wrong {
			problems = append(problems, fmt.Errorf(format, values...))
		}
	}
	refuse(args.Project == nil, "args.Project is missing: set the project's id")
	refuse(args.Location == nil, "args.Location is missing: set the region, for example us-central1")
	refuse(args.ServiceAccount == nil, "args.ServiceAccount is missing: set the e-mail address of the job's own account")
	refuse(!limits.IsJobName(args.JobName), "args.JobName %q is not a job id: use 1-57 lower-case letters, digits and hyphens, beginning "+
		"with a "+
		"letter and not ending with a hyphen", args.JobName)
	switch image := args.Image.(type) {
	case nil:
		refuse(true, "args.Image is missing: set an image by digest, NAME@sha256:<64 hex digits>")
	case pulumi.String:
		problems = append(problems, checkImage(string(image)))
		if user, given := args.ImageUser.(pulumi.String); given && user != "" {
			problems = append(problems, checkImageUser(string(user), string(image)))
		}
	}
	refuse(args.Tasks < 0, "args.Tasks is %d: use at least 1, or leave it out for %d", args.Tasks, DefaultTasks)
	refuse(args.MaxRetries < 0 || args.MaxRetries > limits.MaxTaskRetries, "args.MaxRetries is %d: use 0-10", args.MaxRetries)
	refuse(args.TimeoutSeconds < 0 || args.TimeoutSeconds > limits.MaxTaskSeconds,
		"args.TimeoutSeconds is %d: use 1-86400, or leave it out for %d", args.TimeoutSeconds, DefaultTimeoutSeconds)
	if s := args.Schedule; s != nil {
		refuse(len(strings.Fields(s.Cron)) != 5, "args.Schedule.Cron %q is no schedule: use five fields, minute first", s.Cron)
		refuse(s.TimeZone == "", "args.Schedule.TimeZone is missing: name whose clock counts, such as Europe/Berlin or UTC")
		refuse(s.Account == nil, "args.Schedule.Account is missing: set the e-mail address of an account that starts the job and nothing else")
	}
	return errors.Join(append(problems, args.variableProblems()...)...)
}

func (args *JobArgs) variableProblems() []error {
	var problems []error
	names := append(slices.Collect(maps.Keys(args.Environment)), slices.Collect(maps.Keys(args.Secrets))...)
	slices.Sort(names)
	for i, name := range names {
		if !variable.MatchString(name) {
			problems = append(problems, fmt.Errorf("variable %q is no variable's name: use letters, digits and underscores", name))
		}
		if limits.IsJobVariable(name) {
			problems = append(problems, fmt.Errorf("variable %q is set by Cloud Run itself: choose another name", name))
		}
		if i > 0 && names[i-1] == name {
			problems = append(problems, fmt.Errorf("variable %q is given in Environment and in Secrets: keep one", name))
		}
		if value, given := args.Environment[name]; given && value == nil {
			problems = append(problems, fmt.Errorf("args.Environment[%q] has no value: set one, or remove it", name))
		}
		secret, given := args.Secrets[name]
		if given && secret.Secret == nil {
			problems = append(problems, fmt.Errorf("args.Secrets[%q].Secret is missing: set the secret's id", name))
		}
		if given && secret.Version == nil {
			problems = append(problems, fmt.Errorf("args.Secrets[%q].Version is missing: pin a version's number", name))
		}
		if version, known := secret.Version.(pulumi.String); known {
			problems = append(problems, checkVersion(name, string(version)))
		}
	}
	return problems
}

// inputs are recorded in state, where policies see them.
func (args *JobArgs) inputs() pulumi.Map {
	inputs := pulumi.Map{"project": args.Project, "location": args.Location, "jobName": pulumi.String(args.JobName), "image": args.Image,
		"serviceAccount": args.ServiceAccount, "maxRetries": pulumi.Int(args.MaxRetries)}
	if args.Schedule != nil {
		inputs["schedule"] = pulumi.String(args.Schedule.Cron)
	}
	return inputs
}
