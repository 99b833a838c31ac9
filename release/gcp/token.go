package gcp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/api/iamcredentials/v1"
	"google.golang.org/api/idtoken"

	"github.com/guiofsaints/procureflow-platform/release/probe"
)

// IDTokens returns a source of tokens for a private service. The audience is the service's own URL, also for the URLs of its tags.
// account is the service account of the tokens, which the caller's own credentials ask for. If account is empty, the tokens are
// the credentials' own.
func IDTokens(ctx context.Context, endpoints Endpoints, account, audience string) (probe.TokenSource, error) {
	refused := func(err error) error {
		return fmt.Errorf("ID token for %s: %s (it takes the credentials of a service account, as the deploy workflow has, or "+
			"--probe-account and the right to make that account's tokens)", audience, cause(err))
	}
	if account != "" {
		source, err := tokensOf(ctx, endpoints, account, audience)
		if err != nil {
			return nil, refused(err)
		}
		return source, nil
	}
	source, err := idtoken.NewTokenSource(ctx, audience)
	if err != nil {
		return nil, refused(err)
	}
	return func(context.Context) (string, error) {
		token, err := source.Token()
		if err != nil {
			return "", errors.New(cause(err))
		}
		return token.AccessToken, nil
	}, nil
}

// usable is how long a token is used. Google's tokens are valid for an hour.
const usable = 50 * time.Minute

// tokensOf makes tokens of one account for one audience.
func tokensOf(ctx context.Context, endpoints Endpoints, account, audience string) (probe.TokenSource, error) {
	options, err := ClientOptions(endpoints.sibling("cred"), endpoints.TokenFile)
	if err != nil {
		return nil, err
	}
	client, err := iamcredentials.NewService(ctx, options...)
	if err != nil {
		return nil, err
	}
	source := probe.Cached(Clock{}.Now, usable, func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		answer, err := client.Projects.ServiceAccounts.GenerateIdToken("projects/-/serviceAccounts/"+account,
			&iamcredentials.GenerateIdTokenRequest{Audience: audience, IncludeEmail: true}).Context(ctx).Do()
		if err != nil {
			return "", errors.New(Reason(err))
		}
		return answer.Token, nil
	})
	_, err = source(ctx) // This call fails at once if the account does not exist, or if the caller may not impersonate it.
	return source, err
}

// sibling returns the address of another API next to Cloud Run's on this machine, or "" if the APIs are Google's.
func (e Endpoints) sibling(api string) string {
	if e.Run == "" {
		return ""
	}
	return strings.TrimSuffix(strings.TrimSuffix(e.Run, "/"), "/run") + "/" + api + "/"
}
