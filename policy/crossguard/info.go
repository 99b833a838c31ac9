package crossguard

import (
	"fmt"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

// info returns the pack's metadata for the engine and Pulumi Cloud.
func (p *Pack) info() (*pulumirpc.AnalyzerInfo, error) {
	info := &pulumirpc.AnalyzerInfo{
		Name: p.Name, DisplayName: p.DisplayName, Version: p.Version, Description: p.Description, Readme: p.Readme,
		Provider: p.Provider, Tags: p.Tags, Repository: p.Repository,
		SupportsConfig: true, InitialConfig: map[string]*pulumirpc.PolicyConfig{},
	}
	for i := range p.Policies {
		policy, err := p.policyInfo(&p.Policies[i])
		if err != nil {
			return nil, fmt.Errorf("policy %s: %w", p.Policies[i].Name, err)
		}
		info.Policies = append(info.Policies, policy)
		initial, given := p.InitialConfig[policy.Name]
		if !given {
			continue
		}
		// The engine would run an entry without a level as advisory. So every entry states its level.
		level := p.levelOf(&p.Policies[i])
		if initial.Level != Unset {
			level = initial.Level
		}
		properties := map[string]any{}
		for name, v := range initial.Options {
			properties[name], err = plain(v)
			if err != nil {
				return nil, fmt.Errorf("initial configuration of %s.%s: %w", policy.Name, name, err)
			}
		}
		fields, err := structpb.NewStruct(properties)
		if err != nil {
			return nil, fmt.Errorf("initial configuration of %s: %w", policy.Name, err)
		}
		info.InitialConfig[policy.Name] = &pulumirpc.PolicyConfig{EnforcementLevel: level.proto(), Properties: fields}
	}
	return info, nil
}

func (p *Pack) policyInfo(policy *Policy) (*pulumirpc.PolicyInfo, error) {
	schema := map[string]any{exemptionsOption: exemptionsSchema()}
	var required []string
	for _, o := range policy.Options {
		schema[o.Name] = o.schema()
		if o.Required {
			required = append(required, o.Name)
		}
	}
	properties, err := structpb.NewStruct(schema)
	if err != nil {
		return nil, fmt.Errorf("schema of its options: %w", err)
	}
	info := &pulumirpc.PolicyInfo{
		Name: policy.Name, DisplayName: policy.DisplayName, Description: policy.Description,
		// Never unset, because the engine sends this level back in Configure for every policy.
		EnforcementLevel: p.levelOf(policy).proto(),
		ConfigSchema:     &pulumirpc.PolicyConfigSchema{Properties: properties, Required: required},
		PolicyType:       pulumirpc.PolicyType_POLICY_TYPE_RESOURCE,
		Severity:         pulumirpc.PolicySeverity(policy.Severity),
		Tags:             policy.Tags, RemediationSteps: policy.RemediationSteps, Url: policy.URL,
	}
	if info.DisplayName == "" {
		info.DisplayName = policy.Name
	}
	if policy.CheckStack != nil {
		info.PolicyType = pulumirpc.PolicyType_POLICY_TYPE_STACK
	}
	if f := policy.Framework; f != (Framework{}) {
		info.Framework = &pulumirpc.PolicyComplianceFramework{
			Name: f.Name, Version: f.Version, Reference: f.Reference, Specification: f.Specification,
		}
	}
	return info, nil
}
