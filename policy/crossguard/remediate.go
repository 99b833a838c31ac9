package crossguard

import (
	"context"
	"fmt"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// remediate corrects one resource. Each remedy sees the corrections of the remedies before it.
func (s *Server) remediate(ctx context.Context, message string) (any, error) {
	session, h := s.session.Load(), parseHeader(message)
	h.typ = s.pack.canonical(h.typ)
	response := &pulumirpc.RemediateResponse{}
	properties := &structpb.Struct{}
	decoded := false
	for i := range s.pack.Policies {
		p, set := &s.pack.Policies[i], &session.settings[i]
		if set.level != Remediate || p.Check == nil && p.Remediate == nil {
			continue
		}
		if err := s.ended(ctx); err != nil {
			return nil, err
		}
		if reason := s.remedyNotApplicable(p, set, h); reason != "" {
			response.NotApplicable = append(response.NotApplicable, notApplicable(p, reason))
			continue
		}
		if !decoded {
			if err := proto.Unmarshal([]byte(h.properties), properties); err != nil {
				return nil, status.Errorf(codes.InvalidArgument, "properties of %s: %v", h.urn, err)
			}
			decoded = true
		}
		o := &outcome{}
		corrected := proto.Clone(properties).(*structpb.Struct)
		remedy := &Remedy{Resource: newResource(h, o), properties: corrected}
		if s.watch != nil {
			remedy.run.watch = s.watching(p, false)
		}
		remedy.Config, remedy.Deployment = set.config, session.deployment
		o.evaluate(func() { p.Remediate(remedy) })
		s.tell(p, o)
		// A rule that ended early has done half of its work, so its corrections are dropped.
		if len(o.unknown) == 0 && o.crash == "" && o.notApplicable == "" && !proto.Equal(properties, corrected) {
			properties = corrected
			h.properties = remedy.value.text
			response.Remediations = append(response.Remediations, s.remediation(p, proto.CloneOf(corrected), ""))
		}
		s.addRemedy(response, p, o)
	}
	return response, nil
}

func (s *Server) remedyNotApplicable(p *Policy, set *setting, h header) string {
	switch {
	case p.Remediate == nil:
		return "checks resources and corrects none"
	case !p.appliesTo(h.typ):
		return p.onlyAppliesTo()
	}
	for _, e := range set.exemptions {
		if e.matches(h.urn, h.name) && !e.expired(s.pack.Clock()) {
			return e.notApplicable()
		}
	}
	return ""
}

// addRemedy turns the violations that a remedy could not correct into warnings. The check that follows decides how much they
// weigh.
func (s *Server) addRemedy(response *pulumirpc.RemediateResponse, p *Policy, o *outcome) {
	warn := func(message string) {
		response.Remediations = append(response.Remediations, s.remediation(p, nil, message))
	}
	for _, v := range o.violations {
		warn("not corrected: " + v.text)
	}
	for _, u := range o.unknown {
		warn(fmt.Sprintf("not corrected: %s is known only after the update", u.text))
	}
	if o.crash != "" {
		warn(fmt.Sprintf("not corrected: the remedy itself failed: %s. This is a mistake in policy pack %s %s: report it",
			o.crash, s.pack.Name, s.pack.Version))
	}
	if o.notApplicable != "" {
		response.NotApplicable = append(response.NotApplicable, notApplicable(p, o.notApplicable))
	}
}

func (s *Server) remediation(p *Policy, properties *structpb.Struct, diagnostic string) *pulumirpc.Remediation {
	return &pulumirpc.Remediation{
		PolicyName: p.Name, PolicyPackName: s.pack.Name, PolicyPackVersion: s.pack.Version,
		Description: p.Description, Properties: properties, Diagnostic: diagnostic,
	}
}
