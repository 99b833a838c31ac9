package gcp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"google.golang.org/api/iamcredentials/v1"
	"google.golang.org/api/idtoken"
)

// TokenSource returns an ID token, a new one where the last is about to expire.
type TokenSource func(context.Context) (string, error)

// IDTokens returns a source of tokens for a private service. The audience is the service's own URL, also for the URLs of its tags.
// account is the service account that the tokens are of; its tokens are asked for with the caller's own credentials. Without one,
// they are of the account that the credentials themselves are of.
func IDTokens(ctx context.Context, endpoints Endpoints, account, audience string) (TokenSource, error) {
	var source oauth2.TokenSource
	var err error
	if account == "" {
		source, err = idtoken.NewTokenSource(ctx, audience)
	} else {
		source, err = tokensOf(ctx, endpoints, account, audience)
	}
	if err != nil {
		return nil, fmt.Errorf("ID token for %s: %s (it takes the credentials of a service account, as the deploy workflow has, or "+
			"--probe-account and the right to make that account's tokens)", audience, cause(err))
	}
	return func(context.Context) (string, error) {
		token, err := source.Token()
		if err != nil {
			return "", err
		}
		return token.AccessToken, nil
	}, nil
}

// Lazily returns a source that is not made before the first token is asked for, so that a release of a public service needs no
// credentials for one. A source that cannot be made is tried again.
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

// ofAccount makes tokens of one account for one audience.
type ofAccount struct {
	ctx      context.Context // oauth2.TokenSource takes none.
	call     *iamcredentials.Service
	name     string
	audience string
}

// usable is for how long a token is used. It is good for an hour.
const usable = 50 * time.Minute

func tokensOf(ctx context.Context, endpoints Endpoints, account, audience string) (oauth2.TokenSource, error) {
	options, err := ClientOptions(endpoints.sibling("cred"), endpoints.TokenFile)
	if err != nil {
		return nil, err
	}
	client, err := iamcredentials.NewService(ctx, options...)
	if err != nil {
		return nil, err
	}
	source := ofAccount{ctx: context.WithoutCancel(ctx), call: client, name: "projects/-/serviceAccounts/" + account, audience: audience}
	token, err := source.Token() // The account, and the right to be it, show at once.
	return oauth2.ReuseTokenSource(token, source), err
}

// Token implements oauth2.TokenSource.
func (o ofAccount) Token() (*oauth2.Token, error) {
	ctx, cancel := context.WithTimeout(o.ctx, callTimeout)
	defer cancel()
	answer, err := o.call.Projects.ServiceAccounts.GenerateIdToken(o.name, &iamcredentials.GenerateIdTokenRequest{Audience: o.audience,
		IncludeEmail: true}).Context(ctx).Do()
	if err != nil {
		return nil, errors.New(Reason(err))
	}
	return &oauth2.Token{AccessToken: answer.Token, Expiry: time.Now().Add(usable)}, nil
}

// sibling is the address of another API beside Cloud Run's on this machine, and empty for Google's own.
func (e Endpoints) sibling(api string) string {
	if e.Run == "" {
		return ""
	}
	return strings.TrimSuffix(strings.TrimSuffix(e.Run, "/"), "/run") + "/" + api + "/"
}
