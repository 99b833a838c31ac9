// Package trust answers who a token of GitHub Actions can become: it takes from the program itself what the program would
// deploy (providers, bindings, grants), evaluates the very expressions with Common Expression Language, and applies
// Google's rules of the exchange.
//
// It does not check signatures or expiry: the claims are taken as GitHub would sign them.
package trust
