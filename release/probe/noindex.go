package probe

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/release/rollout"
)

// noIndexTimeout bounds the one request of NoIndex.
const noIndexTimeout = 10 * time.Second

// NoIndex requests a URL and returns an error unless the answer keeps search engines from listing the page. An answer that asks for a
// token is fine, because no search engine has one. via is as in [Prober].
func NoIndex(ctx context.Context, via, url string) error {
	ctx, cancel := context.WithTimeout(ctx, noIndexTimeout)
	defer cancel()
	request, err := (&Prober{Via: via}).request(ctx, url, "/", false)
	if err != nil {
		return err
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("%s does not answer: %w: %s", url, rollout.ErrUnavailable, cause(err))
	}
	defer response.Body.Close()
	asksForToken := response.StatusCode == http.StatusUnauthorized || response.StatusCode == http.StatusForbidden
	if !asksForToken && !strings.Contains(strings.ToLower(response.Header.Get("X-Robots-Tag")), "noindex") {
		return fmt.Errorf("%s answers %d without X-Robots-Tag: noindex: search engines would list it", url, response.StatusCode)
	}
	return nil
}
