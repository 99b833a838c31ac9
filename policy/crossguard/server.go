package crossguard

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Server answers the engine's analyzer protocol for one pack.
type Server struct {
	pulumirpc.UnimplementedAnalyzerServer
	pack      Pack
	info      *pulumirpc.AnalyzerInfo
	configure sync.Mutex
	session   atomic.Pointer[session]
	cancelled atomic.Bool
	stop      func()
	log       func(Logged)
	watch     func(Read)
}

// NewServer makes the server of a pack. It fails if the pack is faulty.
func NewServer(pack Pack) (*Server, error) {
	if err := pack.Validate(); err != nil {
		return nil, err
	}
	if pack.Clock == nil {
		pack.Clock = time.Now
	}
	first, err := newSession(&pack)
	if err != nil {
		return nil, err
	}
	info, err := pack.info()
	if err != nil {
		return nil, err
	}
	s := &Server{pack: pack, info: info, stop: func() {}, log: engineLog("", os.Stderr)}
	s.session.Store(first)
	return s, nil
}

// Register adds the server to a gRPC server made with [ServerOptions].
func (s *Server) Register(g *grpc.Server) { g.RegisterService(&serviceDesc, s) }

// Handshake tells the engine that the analyzer speaks the current protocol.
func (s *Server) Handshake(
	context.Context, *pulumirpc.AnalyzerHandshakeRequest,
) (*pulumirpc.AnalyzerHandshakeResponse, error) {
	return &pulumirpc.AnalyzerHandshakeResponse{}, nil
}

// GetPluginInfo returns the pack's version. It answers before ConfigureStack too, because pulumi policy publish never configures a
// stack.
func (s *Server) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: s.pack.Version}, nil
}

// GetAnalyzerInfo returns the pack's metadata. It answers before ConfigureStack too, because pulumi policy publish never configures
// a stack.
func (s *Server) GetAnalyzerInfo(context.Context, *emptypb.Empty) (*pulumirpc.AnalyzerInfo, error) {
	return s.info, nil
}

// ConfigureStack tells the pack which stack is analyzed, and whether in a preview or an update.
func (s *Server) ConfigureStack(
	_ context.Context, r *pulumirpc.AnalyzerStackConfigureRequest,
) (*pulumirpc.AnalyzerStackConfigureResponse, error) {
	s.configure.Lock()
	defer s.configure.Unlock()
	s.session.Store(s.session.Load().inStack(&Deployment{
		Organization: r.Organization, Project: r.Project, Stack: r.Stack, DryRun: r.DryRun,
		Config: r.Config, SecretKeys: r.ConfigSecretKeys, Tags: r.Tags,
	}))
	return &pulumirpc.AnalyzerStackConfigureResponse{}, nil
}

// Configure sets levels, options and exemptions. It refuses unknown names, because a misspelt name would leave a policy as it was
// without anybody noticing.
func (s *Server) Configure(_ context.Context, r *pulumirpc.ConfigureAnalyzerRequest) (*emptypb.Empty, error) {
	s.configure.Lock()
	defer s.configure.Unlock()
	next, err := s.session.Load().configured(&s.pack, r)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	s.session.Store(next)
	return &emptypb.Empty{}, nil
}

// Cancel makes current and later calls fail, and then ends the process.
func (s *Server) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	if !s.cancelled.Swap(true) {
		go s.stop()
	}
	return &emptypb.Empty{}, nil
}

func (s *Server) ended(ctx context.Context) error {
	if s.cancelled.Load() {
		return status.Error(codes.Canceled, "the engine cancelled the analysis")
	}
	return ctx.Err()
}

// analyze runs the policies on one resource.
func (s *Server) analyze(ctx context.Context, message string) (any, error) {
	session, h := s.session.Load(), parseHeader(message)
	session.operation.saw(h)
	h.typ = s.pack.canonical(h.typ)
	plan := session.planFor(&s.pack, h.typ)
	response := pulumirpc.AnalyzeResponse{}
	o := &outcome{}
	untouched := *newResource(h, o)
	untouched.value.blind = session.blind()
	untouched.Deployment = session.deployment
	resource := &Resource{}
	for _, i := range plan.check {
		if err := s.ended(ctx); err != nil {
			return nil, err
		}
		p, set := &s.pack.Policies[i], &session.settings[i]
		*o, *resource = outcome{}, untouched // one policy does not see what another one did to the resource
		resource.Config = set.config
		if s.watch != nil {
			resource.run.watch = s.watching(p, false)
		}
		o.evaluate(func() { p.Check(resource) })
		s.tell(p, o)
		if !o.foundAnything() && len(set.exemptions) == 0 {
			continue
		}
		if len(set.exemptions) > 0 {
			session.exemptions.saw(h.urn)
			if !o.decided() {
				session.undecided(i, h.urn, h.name)
			}
		}
		o.exempt = session.exempt(i, o, func(finding) (string, string) { return h.urn, h.name }, s.pack.Clock)
		s.add(&response, i, set.level, o, h.urn)
	}
	if len(response.Diagnostics) == 0 && len(response.NotApplicable) == 0 {
		return encoded(plan.pass), nil
	}
	response.NotApplicable = append(response.NotApplicable, plan.notApplicable...)
	return &response, nil
}

// analyzeStack runs the stack policies. It then judges the exemptions of all policies.
func (s *Server) analyzeStack(ctx context.Context, message string) (any, error) {
	session := s.session.Load()
	inv := parseInventory(message, &s.pack, session.operation.end())
	inv.blind = session.blind()
	response := &pulumirpc.AnalyzeResponse{}
	who := func(f finding) (urn, name string) {
		// The engine shows a violation of the stack as a whole at the stack's own resource.
		roots := inv.byType["pulumi:pulumi:Stack"]
		if f.urn == "" && len(roots) > 0 {
			root := inv.resources[roots[0]]
			return root.urn, root.name
		}
		if i, found := inv.byURN()[f.urn]; found {
			name = inv.resources[i].name
		}
		return f.urn, name
	}
	for i := range s.pack.Policies {
		if err := s.ended(ctx); err != nil {
			return nil, err
		}
		p, set := &s.pack.Policies[i], &session.settings[i]
		if set.level == Disabled {
			if s.pack.mayNotDisable(p) && inv.hasAny(p) {
				s.add(response, i, Mandatory, &outcome{violations: []finding{{text: mayNotDisable}}}, "")
			}
			continue
		}
		o := &outcome{}
		switch {
		case p.CheckStack == nil:
		case !inv.hasAny(p):
			o.notApplicable = p.onlyAppliesTo()
		default:
			stack := &Stack{Config: set.config, Deployment: session.deployment, all: inv, run: &run{outcome: o}}
			if s.watch != nil {
				stack.run.watch = s.watching(p, true)
			}
			o.evaluate(func() { p.CheckStack(stack) })
			s.tell(p, o)
			o.exempt = session.exempt(i, o, who, s.pack.Clock)
		}
		if o.decided() {
			o.violations = append(o.violations,
				session.staleExemptions(i, p.Check == nil, inv, s.pack.Clock())...)
		}
		s.add(response, i, set.level, o, "")
		s.add(response, i, Advisory, &outcome{violations: session.endless(i)}, "")
	}
	return response, nil
}

// add turns an outcome into diagnostics.
func (s *Server) add(response *pulumirpc.AnalyzeResponse, policy int, level Level, o *outcome, urn string) {
	p := &s.pack.Policies[policy]
	if level == Remediate { // the remedy has run before, so a remaining violation must stop the update
		level = Mandatory
	}
	diagnose := func(urn string, level Level, severity Severity, message string) {
		if severity == SeverityUnset {
			severity = p.Severity
		}
		response.Diagnostics = append(response.Diagnostics, &pulumirpc.AnalyzeDiagnostic{
			PolicyName: p.Name, PolicyPackName: s.pack.Name, PolicyPackVersion: s.pack.Version,
			Description: p.Description, Message: message, Urn: urn,
			EnforcementLevel: level.proto(), Severity: pulumirpc.PolicySeverity(severity),
		})
	}
	for _, v := range o.violations {
		// The engine prints the message without the description. So the message begins with it, as in the other SDKs.
		diagnose(v.urn, level, v.severity, p.Description+"\n"+v.text)
	}
	for i, u := range o.unknown {
		if slices.ContainsFunc(o.unknown[:i], func(f finding) bool { return f.urn == u.urn }) {
			continue // the first unknown path of the resource has named this one
		}
		diagnose(u.urn, Advisory, SeverityUnset, notChecked(o.unknown[i:], u.urn))
	}
	if o.crash != "" {
		diagnose(urn, Mandatory, SeverityUnset, fmt.Sprintf("the rule itself failed and so does not pass: %s. This is a mistake in "+
			"policy pack %s %s: report it, or disable the policy", o.crash, s.pack.Name, s.pack.Version))
	}
	reasons := o.exempt
	if o.notApplicable != "" {
		reasons = append(reasons, o.notApplicable)
	}
	for _, reason := range reasons {
		response.NotApplicable = append(response.NotApplicable, notApplicable(p, reason))
	}
}

// notChecked writes the single advisory for a resource with unknown values. It names every unknown path.
func notChecked(unknown []finding, urn string) string {
	var paths []string
	for _, u := range unknown {
		if u.urn == urn {
			paths = append(paths, u.text)
		}
	}
	verb := "is"
	if len(paths) > 1 {
		verb = "are"
	}
	return fmt.Sprintf("not checked: %s %s known only after the update", strings.Join(paths, ", "), verb)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
