// Package cloudscheduler emulates Cloud Scheduler: jobs that call an address on a schedule. The emulator starts Cloud Run jobs when
// their time comes, as the account that the schedule names. It calls no other address.
package cloudscheduler

import (
	"regexp"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// Host is the API's name.
const Host = "cloudscheduler.googleapis.com"

// Dependencies are the functions of other APIs that Cloud Scheduler needs.
type Dependencies struct {
	// Account reports whether a service account exists.
	Account func(q *rest.Request, email string) bool
	// Start starts an execution of the Cloud Run job projects/P/locations/L/jobs/J as a service account, if the account may.
	Start func(q *rest.Request, job, account string) error
}

const jobs = "projects/*/locations/*/jobs"

// API returns Cloud Scheduler v1.
func (deps Dependencies) API() *rest.API {
	job := &rest.Kind{
		Pattern: jobs, Message: "Job", Body: "job",
		Names: rest.Names{
			Rename:  func(_ *rest.Request, _ rest.Name, id string) string { return doc.Last(id) },
			Missing: rest.NotFound("Job not found."),
		},
		Read: rest.Read{Items: "jobs"},
		Create: &rest.Create{
			IDInBody: true, ID: regexp.MustCompile(`^projects/[^/]+/locations/[^/]+/jobs/[a-zA-Z0-9_-]{1,500}$`),
			BadID: rest.Invalid("Job name must be formatted: \"projects/<PROJECT_ID>/locations/<LOCATION_ID>/jobs/<JOB_ID>\", and is " +
				"\"{given}\"."),
			Taken: rest.Exists("Job [{id}] already exists."),
		},
		Update:  &rest.Update{Mask: rest.MaskReplaces},
		Delete:  &rest.Delete{},
		Prepare: deps.prepareJob,
		Methods: rest.Methods{
			"POST pause":  func(c *rest.Change) (any, error) { return setState(c, "PAUSED") },
			"POST resume": func(c *rest.Change) (any, error) { return setState(c, "ENABLED") },
			"POST run": func(c *rest.Change) (any, error) {
				if err := deps.attempt(c.Request, c.Old); err != nil {
					return nil, err
				}
				return c.Old, c.Put(c.Name, c.Old)
			},
		},
		Annexes: []string{clockPrefix},
	}
	return &rest.API{Prefix: "cs/v1", Host: Host, Schema: "cs", Kinds: []*rest.Kind{job}, Due: due, Settle: deps.settle}
}

func setState(c *rest.Change, state string) (any, error) {
	c.Old["state"] = state
	if err := scheduleNext(c.Request, c.Name, c.Old); err != nil {
		return nil, err
	}
	return c.Old, c.Put(c.Name, c.Old)
}

func (deps Dependencies) prepareJob(c *rest.Change) error {
	j := c.New
	j["name"] = c.Name.Shown()
	doc.Default(j, "timeZone", "UTC")
	doc.Default(j, "attemptDeadline", "180s")
	if target := doc.Object(j, "httpTarget"); target != nil {
		doc.Default(target, "httpMethod", "POST")
		if token := doc.Object(target, "oauthToken"); token != nil {
			doc.Default(token, "scope", "https://www.googleapis.com/auth/cloud-platform")
		}
	}
	j["state"] = "ENABLED"
	if c.Old != nil {
		j["state"] = c.Old["state"]
	}
	j["userUpdateTime"] = rest.Timestamp(c.Now)
	// The emulator accepts App Engine's form, "every 5 minutes", but a job with such a schedule never starts.
	words := strings.Fields(doc.Text(j, "schedule"))
	if _, readable := parse(doc.Text(j, "schedule")); !readable && (len(words) < 2 || words[0] != "every") {
		return rest.Invalid("Schedule or time zone is invalid.")
	}
	if _, err := time.LoadLocation(doc.Text(j, "timeZone")); err != nil {
		return rest.Invalid("Schedule or time zone is invalid.")
	}
	targets := 0
	for _, target := range []string{"httpTarget", "pubsubTarget", "appEngineHttpTarget"} {
		if j[target] != nil {
			targets++
		}
	}
	if targets != 1 {
		return rest.Invalid("Exactly one target must be set, and there are %d.", targets)
	}
	if seconds := doc.Seconds(doc.Text(j, "attemptDeadline")); seconds < 15 || seconds > 1800 {
		return rest.Invalid("Job.attempt_deadline must be between [15s, 30m].")
	}
	if err := deps.checkTarget(c.Request, doc.Object(j, "httpTarget")); err != nil {
		return err
	}
	return scheduleNext(c.Request, c.Name, j)
}

func (deps Dependencies) checkTarget(q *rest.Request, target map[string]any) error {
	if target == nil {
		return nil
	}
	if uri := doc.Text(target, "uri"); !strings.HasPrefix(uri, "https://") && !strings.HasPrefix(uri, "http://") {
		return rest.Invalid("HttpTarget.url must start with 'http://' or 'https://', and is '%s'.", uri)
	}
	for kind, names := range map[string]string{"oauthToken": "oidcToken", "oidcToken": "oauthToken"} {
		token := doc.Object(target, kind)
		if token != nil && target[names] != nil {
			return rest.Invalid("HttpTarget can have only one authorization header.")
		}
		account := doc.Text(token, "serviceAccountEmail")
		if token != nil && !deps.Account(q, account) {
			return rest.Denied("The principal lacks IAM permission \"iam.serviceAccounts.actAs\" for the resource \"%s\" (or the resource "+
				"may not exist).", account)
		}
	}
	if uri := doc.Text(target, "uri"); target["oauthToken"] != nil && !strings.Contains(uri, ".googleapis.com/") {
		return rest.Invalid("OAuth tokens may be sent to addresses under *.googleapis.com only: %s", uri)
	}
	return nil
}
