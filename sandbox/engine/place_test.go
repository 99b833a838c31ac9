package engine

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPlacesTaken checks which changes hand a name from one resource to another, which fails after a preview that is content.
func TestPlacesTaken(t *testing.T) {
	t.Parallel()
	type inputs = map[string]any
	const service, account, secret, bucket = "gcp:cloudrunv2/service:Service", "gcp:serviceaccount/account:Account",
		"gcp:secretmanager/secret:Secret", "gcp:storage/bucket:Bucket"
	const job, schedule, instance, grant = "gcp:cloudrunv2/job:Job", "gcp:cloudscheduler/job:Job",
		"gcp:sql/databaseInstance:DatabaseInstance", "gcp:secretmanager/secretIamMember:SecretIamMember"
	const alert = "gcp:monitoring/alertPolicy:AlertPolicy"
	run := func(name string) inputs { return inputs{"project": "p", "location": "l", "name": name} }
	named := func(name string) inputs { return inputs{"project": "p", "name": name} }
	reads := func(member string) inputs {
		return inputs{"project": "p", "secretId": "s", "role": "r", "member": member}
	}
	gone := func(kind, name string, was inputs) apitype.EngineEvent {
		return event(apitype.OpDelete, kind, name, was, nil)
	}
	made := func(kind, name string, is inputs) apitype.EngineEvent {
		return event(apitype.OpCreate, kind, name, nil, is)
	}
	moved := func(kind, name string, was, is inputs) apitype.EngineEvent {
		return event(apitype.OpReplace, kind, name, was, is)
	}
	renamed := func(kind string, what inputs) []apitype.EngineEvent {
		return []apitype.EngineEvent{made(kind, "new", what), gone(kind, "old", what)}
	}
	component := event(apitype.OpCreate, service, "new", nil, run("web"))
	component.ResourcePreEvent.Metadata.New.Custom = false
	for name, test := range map[string]struct {
		events []apitype.EngineEvent
		want   []string // the resources that take a place
	}{
		"a service's key":  {renamed(service, run("web")), []string{"new"}},
		"a job's key":      {renamed(job, run("web")), []string{"new"}},
		"a schedule's":     {renamed(schedule, inputs{"project": "p", "region": "l", "name": "web"}), []string{"new"}},
		"an account's":     {renamed(account, inputs{"project": "p", "accountId": "web-run"}), []string{"new"}},
		"a secret's":       {renamed(secret, inputs{"project": "p", "secretId": "key"}), []string{"new"}},
		"a bucket's":       {renamed(bucket, named("files")), []string{"new"}},
		"a database's":     {renamed(instance, named("main")), []string{"new"}},
		"a grant's":        {renamed(grant, reads("a")), []string{"new"}},
		"the deletion 1st": {[]apitype.EngineEvent{gone(service, "old", run("web")), made(service, "new", run("web"))}, []string{"new"}},
		"two that exchange their names": {[]apitype.EngineEvent{moved(service, "a", run("x"), run("y")),
			moved(service, "b", run("y"), run("x"))}, []string{"a", "b"}},
		"a name handed on by a replacement": {[]apitype.EngineEvent{moved(service, "a", run("x"), run("z")), made(service, "b", run("x"))},
			[]string{"b"}},
		"an import of what another entry deletes": {[]apitype.EngineEvent{event(apitype.OpImport, bucket, "b", nil, named("x")),
			gone(bucket, "a", named("x"))}, []string{"b"}},

		"an old name and a new one":     {[]apitype.EngineEvent{gone(service, "old", run("web")), made(service, "new", run("site"))}, nil},
		"a replacement by itself":       {[]apitype.EngineEvent{moved(service, "a", run("x"), run("x"))}, nil},
		"another kind of the same name": {[]apitype.EngineEvent{gone(service, "old", run("web")), made(job, "new", run("web"))}, nil},
		"another member's grant":        {[]apitype.EngineEvent{gone(grant, "old", reads("a")), made(grant, "new", reads("b"))}, nil},
		"names that the API gives":      {renamed(alert, inputs{"project": "p", "displayName": "late"}), nil},
		"a name that is not known yet":  {renamed(bucket, named(unknown)), nil},
		"a type that nobody knows":      {renamed("other:index:Thing", named("x")), nil},
		"a component":                   {[]apitype.EngineEvent{component, gone(service, "old", run("web"))}, nil},
		"an update of another resource": {[]apitype.EngineEvent{event(apitype.OpUpdate, service, "a", run("x"), run("x")),
			made(service, "b", run("y"))}, nil},
		"a creation alone": {[]apitype.EngineEvent{made(service, "b", run("y"))}, nil},
		"half of a replacement, again": {[]apitype.EngineEvent{moved(service, "a", run("x"), run("y")),
			event(apitype.OpCreateReplacement, service,
				"a", run("x"), run("y"))}, nil},
		"a name taken from what remains": {[]apitype.EngineEvent{event(apitype.OpSame, grant, "a", reads("m"), reads("m")),
			made(grant, "b", reads("m"))}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, finding := range planOf(test.events).Findings {
				require.True(t, finding.Stops())
				got = append(got, finding.Resource)
			}
			assert.Equal(t, test.want, got)
		})
	}
	err := refusePlacesTaken(stepsOf(renamed(service, run("web"))))
	require.EqualError(t, err, "new would be made in the place of old (projects/p/locations/l/services/web), which is deleted only "+
		"afterwards\nThe cloud refuses the second of a name, and a grant would be gone. Keep the old key in the settings, or give up "+
		"the name in one `up` and take it in the next (docs/howto/remove-service.md)")
	assert.NoError(t, refusePlacesTaken(nil))
}
