package cloudrun

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/container"
	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
)

func (args *ServiceArgs) validate() error {
	if args == nil {
		return errors.New("args is nil: pass a *ServiceArgs")
	}
	found := &problems.List{}
	found.If(args.Project == nil, "args.Project is missing: set the project's id")
	found.If(args.ProjectNumber == nil, "args.ProjectNumber is missing: set the project's number, which is part of the URL")
	found.If(args.Location == nil, "args.Location is missing: set the region, for example us-central1")
	found.If(args.ServiceAccount == nil, "args.ServiceAccount is missing: set the e-mail address of the service's own account")
	found.If(!limits.IsServiceName(args.ServiceName),
		"args.ServiceName %q is not a service id: use 1-%d lower-case letters, digits and hyphens, "+
			"beginning with a letter and not ending with a hyphen", args.ServiceName, limits.MaxServiceName)
	container.CheckImage(args.Image, args.ImageUser, found)
	found.Optional("args.Port", args.Port, limits.MaxPort, DefaultPort)
	found.Optional("args.Concurrency", args.Concurrency, limits.MaxConcurrency, DefaultConcurrency)
	found.Optional("args.TimeoutSeconds", args.TimeoutSeconds, limits.MaxRequestSeconds, DefaultTimeoutSeconds)
	found.If(args.MaxInstances < 1, "args.MaxInstances is %d: set at least 1, it caps cost", args.MaxInstances)
	found.If(args.MinInstances < 0 || args.MinInstances > max(args.MaxInstances, 0), "args.MinInstances is %d: use 0 to MaxInstances, %d",
		args.MinInstances, args.MaxInstances)
	found.If(args.Attempt < 0, "args.Attempt is %d: use 0 or more", args.Attempt)
	found.If(ingressValues[args.ingress()] == "", "args.Ingress %q is unknown: use one of %s", args.Ingress,
		strings.Join(slices.Sorted(maps.Keys(ingressValues)), ", "))
	args.Startup.problems("args.Startup", limits.MaxStartupSeconds, found)
	args.Liveness.livenessProblems("args.Liveness", found)
	args.containerProblems(found)
	args.volumeProblems(found)
	args.networkProblems(found)
	args.invokerProblems(found)
	args.variableProblems(found)
	args.trafficProblems(found)
	if _, known := args.Sidecars[args.ImageOf]; args.ImageOf != "" {
		found.If(!known, "args.ImageOf %q is not a sidecar: name one of args.Sidecars", args.ImageOf)
		found.If(len(args.Traffic) > 0, "args.Traffic and args.ImageOf exclude each other, because with ImageOf the newest revision has "+
			"all requests: keep one")
	}
	return found.Err()
}

// variableProblems checks the variables of the service's own container. Cloud Run itself sets PORT there.
func (args *ServiceArgs) variableProblems(found *problems.List) {
	own := map[string]pulumi.StringInput{}
	for i, name := range args.URLVariables {
		own[name] = pulumi.String("") // The URL follows from the service's other arguments.
		found.If(slices.Contains(args.URLVariables[:i], name), "args.URLVariables has %q twice: keep one", name)
	}
	container.Variables{
		Field:    "args",
		Reserved: func(name string) bool { return name == limits.PortVariable || limits.IsServiceVariable(name) },
		Plain: map[string]map[string]pulumi.StringInput{
			"Environment": args.Environment, "URLVariables": own, "OtherURLs": args.OtherURLs,
		},
		Secrets: container.Secrets(args.Secrets),
	}.Check(found)
}

func (args *ServiceArgs) invokerProblems(found *problems.List) {
	for _, key := range slices.Sorted(maps.Keys(args.Invokers)) {
		invoker := args.Invokers[key]
		found.If(invoker.Member == nil, "args.Invokers[%q].Member is missing: set who may call the service", key)
		found.If(invoker.Reason == "", "args.Invokers[%q].Reason is missing: say what the service is called for", key)
	}
	found.If(args.Public && len(args.Invokers) > 0, "args.Public lets anybody call a service that has Invokers: set one of the two")
}

func (args *ServiceArgs) trafficProblems(found *problems.List) {
	if len(args.Traffic) == 0 {
		return
	}
	total := 0
	for _, target := range slices.Sorted(maps.Keys(args.Traffic)) {
		percent := args.Traffic[target]
		total += percent
		found.If(percent < 0 || percent > 100, "args.Traffic[%q] is %d: use 0-100", target, percent)
		found.If(target != Latest && !strings.HasPrefix(target, args.ServiceName+"-"),
			"args.Traffic[%q] is not a revision of %q: use %s or a name that begins with %s-", target,
			args.ServiceName, Latest, args.ServiceName)
	}
	found.If(total != 100, "args.Traffic sums to %d: it has to be 100", total)
}
