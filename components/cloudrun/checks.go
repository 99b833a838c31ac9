package cloudrun

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
	return image.ToStringOutput().ApplyT(func(image string) (string, error) {
		return image, checkImage("args.Image", image)
	}).(pulumi.StringOutput)
}

// pinned passes a version on once it is known to be a number.
func pinned(name string, input pulumi.StringInput) pulumi.StringOutput {
	return input.ToStringOutput().ApplyT(func(version string) (string, error) {
		return version, checkVersion(name, version)
	}).(pulumi.StringOutput)
}

func checkImage(field, image string) error {
	if limits.ImageByDigest.MatchString(image) {
		return nil
	}
	return fmt.Errorf("%s %q is not an image by digest: write NAME@sha256:<64 hex digits>, a tag may move", field, image)
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
	return fmt.Errorf("args.Secrets[%q].Version %q is not a version's number: pin one, for example \"1\", so that a rollback restores "+
		"the value", name, value)
}

func (args *ServiceArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass a *ServiceArgs")
	}
	var problems []error
	refuse := func(wrong bool, format string, values ...any) {
		if wrong {
			problems = append(problems, fmt.Errorf(format, values...))
		}
	}
	refuse(args.Project == nil, "args.Project is missing: set the project's id")
	refuse(args.ProjectNumber == nil, "args.ProjectNumber is missing: set the project's number, which is part of the URL")
	refuse(args.Location == nil, "args.Location is missing: set the region, for example us-central1")
	refuse(args.ServiceAccount == nil, "args.ServiceAccount is missing: set the e-mail address of the service's own account")
	refuse(!limits.IsServiceName(args.ServiceName),
		"args.ServiceName %q is not a service id: use 1-49 lower-case letters, digits and hyphens, "+
			"beginning with a letter and not ending with a hyphen", args.ServiceName)
	switch image := args.Image.(type) {
	case nil:
		refuse(true, "args.Image is missing: set an image by digest, NAME@sha256:<64 hex digits>")
	case pulumi.String:
		if err := checkImage("args.Image", string(image)); err != nil {
			problems = append(problems, err)
		}
		if user, given := args.ImageUser.(pulumi.String); given && user != "" {
			if err := checkImageUser(string(user), string(image)); err != nil {
				problems = append(problems, err)
			}
		}
	}
	refuse(args.Port < 0 || args.Port > limits.MaxPort, "args.Port is %d: use 1-65535, or leave it out for %d", args.Port, DefaultPort)
	refuse(args.Concurrency < 0 || args.Concurrency > limits.MaxConcurrency, "args.Concurrency is %d: use 1-1000, or leave it out for %d",
		args.Concurrency, DefaultConcurrency)
	refuse(args.TimeoutSeconds < 0 || args.TimeoutSeconds > limits.MaxRequestSeconds,
		"args.TimeoutSeconds is %d: use 1-3600, or leave it out for %d", args.TimeoutSeconds, DefaultTimeoutSeconds)
	refuse(args.MaxInstances < 1, "args.MaxInstances is %d: set at least 1, it caps cost", args.MaxInstances)
	refuse(args.MinInstances < 0 || args.MinInstances > max(args.MaxInstances, 0), "args.MinInstances is %d: use 0 to MaxInstances, %d",
		args.MinInstances, args.MaxInstances)
	refuse(args.Attempt < 0, "args.Attempt is %d: use 0 or more", args.Attempt)
	refuse(ingressValues[args.ingress()] == "", "args.Ingress %q is unknown: use one of %s", args.Ingress,
		strings.Join(slices.Sorted(maps.Keys(ingressValues)), ", "))
	problems = append(problems, args.Startup.problems("args.Startup", limits.MaxStartupSeconds)...)
	problems = append(problems, args.Liveness.livenessProblems("args.Liveness")...)
	problems = append(problems, args.containerProblems()...)
	problems = append(problems, args.invokerProblems()...)
	problems = append(problems, args.variableProblems()...)
	problems = append(problems, args.trafficProblems()...)
	return errors.Join(problems...)
}

func (args *ServiceArgs) variableProblems() []error {
	fields := map[string][]string{}
	for name := range args.Environment {
		fields[name] = append(fields[name], "Environment")
	}
	for _, name := range args.URLVariables {
		fields[name] = append(fields[name], "URLVariables")
	}
	for name := range args.OtherURLs {
		fields[name] = append(fields[name], "OtherURLs")
	}
	for name := range args.Secrets {
		fields[name] = append(fields[name], "Secrets")
	}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		field := "args." + fields[name][0]
		if !variable.MatchString(name) {
			problems = append(problems, fmt.Errorf("%s[%q] is no variable's name: use letters, digits and underscores", field, name))
		}
		if name == limits.PortVariable || limits.IsServiceVariable(name) {
			problems = append(problems, fmt.Errorf("%s[%q] is set by Cloud Run itself: choose another name", field, name))
		}
		if len(fields[name]) > 1 {
			problems = append(problems, fmt.Errorf("variable %q is given %d times, in %s: keep one", name, len(fields[name]),
				strings.Join(fields[name], " and ")))
		}
		if value, given := args.OtherURLs[name]; given && value == nil {
			problems = append(problems, fmt.Errorf("args.OtherURLs[%q] has no value: set one, or remove it", name))
		}
		if value, given := args.Environment[name]; given && value == nil {
			problems = append(problems, fmt.Errorf("args.Environment[%q] has no value: set one, or remove it", name))
		}
		if secret, given := args.Secrets[name]; given {
			problems = append(problems, secret.problems(name)...)
		}
	}
	return problems
}

func (args *ServiceArgs) invokerProblems() []error {
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(args.Invokers)) {
		invoker := args.Invokers[key]
		if invoker.Member == nil {
			problems = append(problems, fmt.Errorf("args.Invokers[%q].Member is missing: set who may call the service", key))
		}
		if invoker.Reason == "" {
			problems = append(problems, fmt.Errorf("args.Invokers[%q].Reason is missing: say what the service is called for", key))
		}
	}
	if args.Public && len(args.Invokers) > 0 {
		problems = append(problems, errors.New("args.Public lets anybody call a service that has Invokers: set one of the two"))
	}
	return problems
}

func (s SecretVariable) problems(name string) []error {
	var problems []error
	if s.Secret == nil {
		problems = append(problems, fmt.Errorf("args.Secrets[%q].Secret is missing: set the secret's id", name))
	}
	switch version := s.Version.(type) {
	case nil:
		problems = append(problems, fmt.Errorf("args.Secrets[%q].Version is missing: pin a version's number", name))
	case pulumi.String:
		if err := checkVersion(name, string(version)); err != nil {
			problems = append(problems, err)
		}
	}
	return problems
}

func (args *ServiceArgs) trafficProblems() []error {
	if len(args.Traffic) == 0 {
		return nil
	}
	var problems []error
	total := 0
	for _, target := range slices.Sorted(maps.Keys(args.Traffic)) {
		percent := args.Traffic[target]
		total += percent
		if percent < 0 || percent > 100 {
			problems = append(problems, fmt.Errorf("args.Traffic[%q] is %d: use 0-100", target, percent))
		}
		if target != Latest && !strings.HasPrefix(target, args.ServiceName+"-") {
			problems = append(problems, fmt.Errorf("args.Traffic[%q] is no revision of %q: use %s or a name that begins with %s-", target,
				args.ServiceName, Latest, args.ServiceName))
		}
	}
	if total != 100 {
		problems = append(problems, fmt.Errorf("args.Traffic sums to %d: it has to be 100", total))
	}
	return problems
}
