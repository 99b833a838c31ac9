package cloudrun

import (
	"cmp"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v8/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/internal/container"
	"github.com/guiofsaints/procureflow-platform/internal/limits"
	"github.com/guiofsaints/procureflow-platform/internal/problems"
)

// Probe says how Cloud Run checks a container. Exactly one of Path, TCP and GRPC is required.
type Probe struct {
	// Path is requested by HTTP, and begins with a slash. Every instance answers it all day, so it has to be cheap. Default: none.
	Path string
	// TCP opens a connection, at startup only: Cloud Run has no such liveness probe. Default: false.
	TCP bool
	// GRPC asks the standard gRPC health service. Default: false.
	GRPC bool
	// GRPCService is the service that the health service is asked about. Default: none; it answers for the whole server.
	GRPCService string
	// Port is the port that is probed. Default: the service's own port. Required for a sidecar.
	Port int
	// InitialDelaySeconds is the time before the first probe, 0-240 at startup and 0-3600 for liveness. Default: 0.
	InitialDelaySeconds int
	// PeriodSeconds is the time between two probes, 1-240 at startup and 1-3600 for liveness. Default: 10.
	PeriodSeconds int
	// TimeoutSeconds is how long one probe may take, at most PeriodSeconds. Default: 1.
	TimeoutSeconds int
	// FailureThreshold is how many failures in a row make the container count as failed. Default: 3.
	FailureThreshold int
}

func (p Probe) startup(port int) *cloudrunv2.ServiceTemplateContainerStartupProbeArgs {
	p = p.withDefaults()
	probe := &cloudrunv2.ServiceTemplateContainerStartupProbeArgs{
		InitialDelaySeconds: pulumi.Int(p.InitialDelaySeconds), PeriodSeconds: pulumi.Int(p.PeriodSeconds),
		TimeoutSeconds: pulumi.Int(p.TimeoutSeconds), FailureThreshold: pulumi.Int(p.FailureThreshold),
	}
	at := pulumi.Int(cmp.Or(p.Port, port))
	switch {
	case p.GRPC:
		probe.Grpc = &cloudrunv2.ServiceTemplateContainerStartupProbeGrpcArgs{Port: at, Service: container.Text(p.GRPCService)}
	case p.TCP:
		probe.TcpSocket = &cloudrunv2.ServiceTemplateContainerStartupProbeTcpSocketArgs{Port: at}
	default:
		probe.HttpGet = &cloudrunv2.ServiceTemplateContainerStartupProbeHttpGetArgs{Path: pulumi.String(p.Path), Port: at}
	}
	return probe
}

func (p Probe) liveness(port int) *cloudrunv2.ServiceTemplateContainerLivenessProbeArgs {
	p = p.withDefaults()
	probe := &cloudrunv2.ServiceTemplateContainerLivenessProbeArgs{
		InitialDelaySeconds: pulumi.Int(p.InitialDelaySeconds), PeriodSeconds: pulumi.Int(p.PeriodSeconds),
		TimeoutSeconds: pulumi.Int(p.TimeoutSeconds), FailureThreshold: pulumi.Int(p.FailureThreshold),
	}
	at := pulumi.Int(cmp.Or(p.Port, port))
	if p.GRPC {
		probe.Grpc = &cloudrunv2.ServiceTemplateContainerLivenessProbeGrpcArgs{Port: at, Service: container.Text(p.GRPCService)}
	} else {
		probe.HttpGet = &cloudrunv2.ServiceTemplateContainerLivenessProbeHttpGetArgs{Path: pulumi.String(p.Path), Port: at}
	}
	return probe
}

func (p Probe) withDefaults() Probe {
	p.PeriodSeconds = cmp.Or(p.PeriodSeconds, defaultProbePeriodSeconds)
	p.TimeoutSeconds = cmp.Or(p.TimeoutSeconds, defaultProbeTimeoutSeconds)
	p.FailureThreshold = cmp.Or(p.FailureThreshold, defaultProbeFailureThreshold)
	return p
}

// problems checks a probe whose delay and period can be at most longest seconds.
func (p Probe) problems(field string, longest int, found *problems.List) {
	kinds := 0
	for _, set := range []bool{p.Path != "", p.TCP, p.GRPC} {
		if set {
			kinds++
		}
	}
	switch {
	case kinds > 1 || p.GRPCService != "" && !p.GRPC:
		found.Add("%s asks several things: set one of Path, TCP and GRPC, and GRPCService with GRPC alone", field)
	case kinds == 0 || p.Path != "" && !strings.HasPrefix(p.Path, "/"):
		found.Add("%s.Path %q is not a path: begin it with a slash, or set TCP or GRPC", field, p.Path)
	}
	found.If(p.Port < 0 || p.Port > limits.MaxPort, "%s.Port is %d: use 1-%d", field, p.Port, limits.MaxPort)
	period, timeout := p.withDefaults().PeriodSeconds, p.withDefaults().TimeoutSeconds
	found.If(period < 1 || period > longest, "%s.PeriodSeconds is %d: use 1-%d", field, period, longest)
	found.If(timeout < 1 || timeout > period, "%s.TimeoutSeconds is %d: use 1 to PeriodSeconds, %d", field, timeout, period)
	found.If(p.InitialDelaySeconds < 0 || p.InitialDelaySeconds > longest, "%s.InitialDelaySeconds is %d: use 0-%d", field,
		p.InitialDelaySeconds, longest)
	if threshold := p.withDefaults().FailureThreshold; longest == limits.MaxStartupSeconds && period >= 1 && period <= longest {
		found.If(threshold > longest/period, "%s gives an instance %d times %d s to start: Cloud Run waits %d s", field, threshold, period,
			longest)
	}
	found.If(p.FailureThreshold < 0, "%s.FailureThreshold is %d: use at least 1, or leave it out for %d", field,
		p.FailureThreshold, defaultProbeFailureThreshold)
}

// livenessProblems checks a liveness probe, which asks by HTTP or gRPC.
func (p Probe) livenessProblems(field string, found *problems.List) {
	p.problems(field, limits.MaxLivenessSeconds, found)
	found.If(p.TCP, "%s.TCP is not possible for a liveness probe: set Path or GRPC", field)
}
