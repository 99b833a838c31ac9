// Package trust answers who a token of GitHub Actions can become. It takes from the program itself what the program would
// deploy (providers, bindings, grants), evaluates the very expressions in the Common Expression Language, and applies
// Google's rules of the exchange:
//
//	deployed, err := trust.Deploy(program.In(folder), folder, stack, document)
//	simulator, err := trust.New(deployed)
//	answer := simulator.Exchange(claims)
//
// Limits are those of the API description of iam/v1, as google.golang.org/api v0.311.0 has it
// (WorkloadIdentityPoolProvider.AttributeMapping, .AttributeCondition, Oidc.AllowedAudiences).
//
// It does not check signatures or expiry: claims are taken as if GitHub had signed them just now. Expressions that use
// Google's additions to the language (extract, for example) are refused.
package trust
