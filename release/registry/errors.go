package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// ArgumentsError names everything that is wrong with the arguments. Nothing was sent.
type ArgumentsError struct{ error }

// Unwrap gives the single problems.
func (e *ArgumentsError) Unwrap() error { return e.error }

// TagTakenError says that a tag names another digest than it should. Tags never move: choose another tag, or find out
// who set this one.
type TagTakenError struct {
	// Repository is HOST/REPO, and Tag the tag in it.
	Repository, Tag string
	// Existing is the digest that the tag names, Wanted the one that it should name.
	Existing, Wanted string
}

// Error names both digests.
func (e *TagTakenError) Error() string {
	return fmt.Sprintf("%s:%s names %s, not %s: tags never move; promote under another tag",
		e.Repository, e.Tag, e.Existing, e.Wanted)
}

// RootUserError says that an image would run as root and that the policy gives no reason for that.
type RootUserError struct {
	// Digest is the promoted digest.
	Digest string
	// Platforms are those that run as root.
	Platforms []Platform
}

// Error names each platform and its user.
func (e *RootUserError) Error() string {
	var found []string
	for _, p := range e.Platforms {
		found = append(found, fmt.Sprintf("%s has user %q", p.Name, p.User))
	}
	return fmt.Sprintf("%s runs as root: %s; set USER to a numeric id above 0 in the Dockerfile, or give the reason in the policy "+
		"file's allowRootBecause",
		e.Digest, strings.Join(found, ", "))
}

// RequestError is a request to a registry that failed for good.
type RequestError struct {
	// Repository is HOST/REPO.
	Repository string
	// Action says what was attempted, and on what: "upload blob sha256:…".
	Action string
	// Attempts is how often it was attempted.
	Attempts int
	// Err is the last failure, without anything secret in it.
	Err error
}

// Error names the repository, the action, the cause and, where the status tells, the fix.
func (e *RequestError) Error() string {
	tried := ""
	if e.Attempts > 1 {
		tried = fmt.Sprintf(" (tried %d times)", e.Attempts)
	}
	return fmt.Sprintf("%s: %s: %v%s%s", e.Repository, e.Action, e.Err, tried, e.fix())
}

// Unwrap gives the last failure.
func (e *RequestError) Unwrap() error { return e.Err }

func (e *RequestError) fix() string {
	switch statusOf(e.Err) {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "; log in to the registry, or give this identity access to the repository"
	case http.StatusNotFound:
		return "; check the repository's name, and that the digest was pushed to it"
	case http.StatusTooManyRequests:
		return "; run the promotion again later: it goes on where it stopped"
	}
	return ""
}

// known is an error made in this package. Its text is safe to show, and canRetry says whether another attempt may succeed.
type known interface {
	error
	canRetry() bool
}

func (e *TagTakenError) canRetry() bool { return false }
func (e *RequestError) canRetry() bool  { return false } // it was tried as often as it may be

// statusError is an answer with an unexpected status.
type statusError struct {
	status     int
	codes      []string      // the registry's own error codes, such as DENIED
	retryAfter time.Duration // what the registry asked for; 0 when it did not
}

func (e *statusError) Error() string {
	text := fmt.Sprintf("%d %s", e.status, http.StatusText(e.status))
	if len(e.codes) > 0 {
		text += " (" + strings.Join(e.codes, ", ") + ")"
	}
	return text
}

func (e *statusError) canRetry() bool {
	switch e.status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// statusOf returns the HTTP status behind an error, or 0.
func statusOf(err error) int {
	if status, ok := errors.AsType[*statusError](err); ok {
		return status.status
	}
	return 0
}

func isNotFound(err error) bool { return statusOf(err) == http.StatusNotFound }

// digestError says that the bytes do not have the expected digest. Another attempt may get the right ones.
type digestError struct{ found, expected string }

func (e *digestError) Error() string {
	return fmt.Sprintf("the bytes hash to %s, not to %s", e.found, e.expected)
}

func (e *digestError) canRetry() bool { return true }

// sizeError says that there are fewer or more bytes than announced. Another attempt may get the right number.
type sizeError struct {
	found, expected int64
	more            bool // reading stopped at the first byte too many
}

func (e *sizeError) Error() string {
	if e.more {
		return fmt.Sprintf("more bytes than the %d announced", e.expected)
	}
	return fmt.Sprintf("%d bytes, not the %d announced", e.found, e.expected)
}

func (e *sizeError) canRetry() bool { return true }

// refusal is an error that another attempt cannot change.
type refusal string

func (e refusal) Error() string  { return string(e) }
func (e refusal) canRetry() bool { return false }

func refuse(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }

// errorCode matches a registry's error code. Any other text in its place is not repeated in messages.
var errorCode = regexp.MustCompile(`^[A-Z][A-Z_]{1,39}$`)

var errWithheld = errors.New("the connection or the token exchange failed (its text is withheld: it may hold credentials)")

// clean reduces an error to what is safe to show. The HTTP client quotes URLs, and signed ones hold credentials; the
// token exchange quotes response bodies. So it passes on only kinds of error that are known to hold neither.
func clean(err error) error {
	if e, ok := errors.AsType[known](err); ok {
		return e
	}
	if e, ok := errors.AsType[*transport.Error](err); ok {
		return &statusError{status: e.StatusCode, codes: codesOf(e)}
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return e
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return e
	}
	for _, plain := range []error{context.Canceled, context.DeadlineExceeded, io.ErrUnexpectedEOF, io.EOF} {
		if errors.Is(err, plain) {
			return plain
		}
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e
	}
	return errWithheld
}

// codesOf picks a registry's error codes out of its answer.
func codesOf(answer *transport.Error) (codes []string) {
	for _, d := range answer.Errors {
		if code := string(d.Code); errorCode.MatchString(code) {
			codes = append(codes, code)
		}
	}
	return codes
}

// retryable says whether another attempt may succeed. It expects an error that clean returned.
func retryable(err error) bool {
	if e, ok := errors.AsType[known](err); ok {
		return e.canRetry()
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return !e.IsNotFound
	}
	_, badCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	return !badCertificate && !errors.Is(err, context.Canceled)
}
