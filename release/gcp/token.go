package gcp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"google.golang.org/api/iamcredentials/v1"
	"google.golang.org/api/idtoken"
)

// TokenSource returns an ID token. It makes a new one when the last is about to expire.
type TokenSource func(context.Context) (string, error)

// IDTokens returns a source of tokens for a private service. The audience is the service's own URL, also for the URLs of its tags.
// account is the service account of the tokens, which the caller's own credentials ask for. If account is empty, the tokens are
// the credentials' own.
func IDTokens(ctx context.Context, endpoints Endpoints, account, audience string) (TokenSource, error) {
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
			return "", err
		}
		return token.AccessToken, nil
	}, nil
}

// Lazily returns a source that is made when the first token is needed, so that a release of a public service needs no
// credentials. If the source cannot be made, the next call tries again.
func Lazily(make func(context.Context) (TokenSource, error)) TokenSource {
	var mu sync.Mutex
	var source TokenSource
	return func(ctx context.Context) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if source == nil {
			made, err := make(ctx)
			if err != nil {
				return "", err
			}
			source = made
		}
		return source(ctx)
	}
}

// usable is how long a token is used. Google's tokens are valid for an hour.
const usable = 50 * time.Minute

// tokensOf makes tokens of one account for one audience.
func tokensOf(ctx context.Context, endpoints Endpoints, account, audience string) (TokenSource, error) {
	options, err := ClientOptions(endpoints.sibling("cred"), endpoints.TokenFile)
	if err != nil {
		return nil, err
	}
	client, err := iamcredentials.NewService(ctx, options...)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var token string
	var until time.Time
	source := func(ctx context.Context) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if time.Now().Before(until) {
			return token, nil
		}
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		answer, err := client.Projects.ServiceAccounts.GenerateIdToken("projects/-/serviceAccounts/"+account,
			&iamcredentials.GenerateIdTokenRequest{Audience: audience, IncludeEmail: true}).Context(ctx).Do()
		if err != nil {
			return "", errors.New(Reason(err))
		}
		token, until = answer.Token, time.Now().Add(usable)
		return token, nil
	}
	_, err = source(ctx) // This call fails at once if the account does not exist, or if the caller may not impersonate it.
	return source, err
}

// sibling returns the address of another API beside Cloud Run's on this machine, or "" if the APIs are Google's.
func (e Endpoints) sibling(api string) string {
	if e.Run == "" {
		return ""
	}
	return strings.TrimSuffix(strings.TrimSuffix(e.Run, "/"), "/run") + "/" + api + "/"
}
