// Package trust answers which accounts a token of GitHub Actions can become. It takes from the program what it would
// deploy (providers, bindings, grants), evaluates the program's own expressions in the Common Expression Language, and
// applies Google's rules for exchanging tokens:
//
//	deployed, err := trust.Deploy(program.In(folder), folder, stack, document)
//	simulator, err := trust.New(deployed)
//	answer := simulator.Exchange(claims)
//
// The limits are those in the API description of iam/v1 in google.golang.org/api v0.311.0
// (WorkloadIdentityPoolProvider.AttributeMapping, .AttributeCondition, Oidc.AllowedAudiences).
//
// It does not check signatures or expiry: it takes the claims as if GitHub had signed them just now. It refuses
// expressions that use Google's additions to the language, such as extract.
package trust
