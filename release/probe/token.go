package probe

import (
	"context"
	"sync"
	"time"
)

// TokenSource returns an ID token. It makes a new one when the last is about to expire. Requests call it side by side.
type TokenSource func(context.Context) (string, error)

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

// Cached returns a source that keeps each token of fresh for a while, which has to be shorter than tokens are valid. Callers that need a
// new one at the same time wait for one request.
func Cached(now func() time.Time, usable time.Duration, fresh TokenSource) TokenSource {
	var mu sync.Mutex
	var token string
	var until time.Time
	return func(ctx context.Context) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		asked := now()
		if asked.Before(until) {
			return token, nil
		}
		made, err := fresh(ctx)
		if err != nil {
			return "", err
		}
		token, until = made, asked.Add(usable)
		return token, nil
	}
}
