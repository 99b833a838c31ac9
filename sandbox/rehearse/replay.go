package rehearse

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

type (
	anyComponent struct{ pulumi.ResourceState }
	anyResource  struct{ pulumi.CustomResourceState }
	anyProvider  struct{ pulumi.ProviderResourceState }
)

// replay returns a program that registers the resources of a state in the same order as the program that made the state.
func replay(state []apitype.ResourceV3) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		made := map[string]pulumi.Resource{}
		providers := map[string]pulumi.ProviderResource{}
		for _, r := range state {
			urn, kind := string(r.URN), string(r.Type)
			if r.Type == "pulumi:pulumi:Stack" {
				continue
			}
			inputs := mapOf(r.Inputs)
			options := optionsOf(r, made, providers)
			var err error
			switch {
			case strings.HasPrefix(kind, "pulumi:providers:"):
				delete(inputs, "version")
				version, _ := r.Inputs["version"].(string)
				one := &anyProvider{}
				err = ctx.RegisterResource(kind, r.URN.Name(), inputs, one, append(options, pulumi.Version(version))...)
				providers[urn+"::"+string(r.ID)], made[urn] = one, one
			case r.Custom:
				one := &anyResource{}
				err = ctx.RegisterResource(kind, r.URN.Name(), inputs, one, options...)
				made[urn] = one
			default:
				one := &anyComponent{}
				err = ctx.RegisterComponentResourceV2(kind, r.URN.Name(), inputs, one, options...)
				made[urn] = one
			}
			if err != nil {
				return fmt.Errorf("register %s: %w", r.URN.Name(), err)
			}
		}
		return nil
	}
}

func optionsOf(r apitype.ResourceV3, made map[string]pulumi.Resource, providers map[string]pulumi.ProviderResource) (
	options []pulumi.ResourceOption) {
	options = []pulumi.ResourceOption{pulumi.Protect(r.Protect), pulumi.RetainOnDelete(r.RetainOnDelete)}
	if parent := made[string(r.Parent)]; parent != nil {
		options = append(options, pulumi.Parent(parent))
	}
	if provider := providers[r.Provider]; provider != nil {
		options = append(options, pulumi.Provider(provider))
	}
	if len(r.IgnoreChanges) > 0 {
		options = append(options, pulumi.IgnoreChanges(r.IgnoreChanges))
	}
	var needs []pulumi.Resource
	for _, urn := range r.Dependencies {
		if need := made[string(urn)]; need != nil {
			needs = append(needs, need)
		}
	}
	return append(options, pulumi.DependsOn(needs))
}

// inputOf turns a value of the state into an input; nil for an absent value.
func inputOf(value any) pulumi.Input {
	switch value := value.(type) {
	case string:
		return pulumi.String(value)
	case bool:
		return pulumi.Bool(value)
	case float64:
		return pulumi.Float64(value)
	case []any:
		list := pulumi.Array{}
		for _, one := range value {
			list = append(list, inputOf(one))
		}
		return list
	case map[string]any:
		if value[resource.SigKey] == resource.SecretSig {
			var plain any
			if text, decrypted := value["plaintext"].(string); !decrypted || json.Unmarshal([]byte(text), &plain) != nil {
				return nil
			}
			return pulumi.ToSecret(inputOf(plain)).(pulumi.Input)
		}
		return mapOf(value)
	}
	return nil
}

// mapOf turns an object of the state into inputs. It leaves out the engine's own notes and the provider's defaults.
func mapOf(object map[string]any) pulumi.Map {
	inputs := pulumi.Map{}
	filled, _ := object["__defaults"].([]any)
	for key, value := range object {
		if input := inputOf(value); input != nil && !strings.HasPrefix(key, "__") && !slices.Contains(filled, any(key)) {
			inputs[key] = input
		}
	}
	return inputs
}
