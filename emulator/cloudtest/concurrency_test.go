package cloudtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/guiofsaints/procureflow-platform/emulator/cloudtest"
)

const p = "/projects/" + cloudtest.Project

// TestManyClients makes, reads and lists resources of many APIs from several goroutines at once. The tests of each API send one
// request at a time, so only this test lets the race detector see the APIs' code.
func TestManyClients(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	w.OK("POST", "/su/v1"+p+"/services:batchEnable", `{"serviceIds":["cloudkms.googleapis.com","sqladmin.googleapis.com",
		"cloudscheduler.googleapis.com","storage.googleapis.com"]}`)
	const clients = 6
	made := []struct{ list, create, body string }{ // NAME is another one for each client
		{"/iam/v1" + p + "/serviceAccounts", "", `{"accountId":"NAME"}`},
		{"/iam/v1" + p + "/roles", "", `{"roleId":"NAME","role":{"title":"t","includedPermissions":["run.services.get"]}}`},
		{"/iam/v1" + p + "/locations/global/workloadIdentityPools", "?workloadIdentityPoolId=NAME", `{}`},
		{"/sm/v1" + p + "/secrets", "?secretId=NAME", `{"replication":{"automatic":{}}}`},
		{"/ar/v1" + p + "/locations/us-central1/repositories", "?repositoryId=NAME", `{"format":"DOCKER"}`},
		{"/kms/v1" + p + "/locations/us-central1/keyRings", "?keyRingId=NAME", `{}`},
		{"/log/v2" + p + "/metrics", "", `{"name":"NAME","filter":"x"}`},
		{"/mon/v3" + p + "/services", "?serviceId=NAME", `{"custom":{}}`},
		{"/sql/v1beta4" + p + "/instances", "", `{"name":"NAME","databaseVersion":"POSTGRES_17","region":"us-central1",
			"settings":{"tier":"db-custom-1-3840"}}`},
		{"/storage/v1/b?project=" + cloudtest.Project, "", `{"name":"NAME","location":"us-central1"}`},
		{cloudtest.Services, "?serviceId=NAME", `{"template":{"containers":[{"image":"` + cloudtest.Image + `"}]}}`},
	}
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			for i := range made { // each begins with another API
				kind := made[(i+client)%len(made)]
				name := strings.NewReplacer("NAME", fmt.Sprintf("client%d", client))
				code, answer := w.Call("POST", kind.list+name.Replace(kind.create), name.Replace(kind.body))
				assert.Less(t, code, 300, "%s: %v", kind.list, answer)
				code, answer = w.Call("GET", kind.list, "")
				assert.Less(t, code, 300, "%s: %v", kind.list, answer)
			}
		})
	}
	group.Wait()
	for _, kind := range made {
		count := 0
		for _, value := range w.OK("GET", kind.list, "") {
			if list, is := value.([]any); is {
				count += len(list)
			}
		}
		assert.GreaterOrEqual(t, count, clients, kind.list)
	}
}

// TestConcurrentGrants adds members from several goroutines. Each reads the policy, changes it and writes it with its etag. A
// conflict is refused and tried again, and no grant is lost.
func TestConcurrentGrants(t *testing.T) {
	t.Parallel()
	w := cloudtest.Start(t)
	const grants = 12
	var group sync.WaitGroup
	for i := range grants {
		group.Go(func() {
			for {
				_, policy := w.Call("POST", "/crm/v1"+p+":getIamPolicy", `{}`)
				members := ""
				if list, ok := cloudtest.Dig(policy, "bindings", 0, "members").([]any); ok {
					for _, member := range list {
						members += fmt.Sprintf("%q,", member)
					}
				}
				code, _ := w.Call("POST", "/crm/v1"+p+":setIamPolicy",
					fmt.Sprintf(`{"policy":{"etag":%q,"bindings":[{"role":"roles/run.viewer","members":[%s"user:u%d@example.com"]}]}}`,
						policy["etag"], members, i))
				if code == http.StatusOK || !assert.Equal(t, http.StatusConflict, code) {
					return
				}
			}
		})
	}
	group.Wait()
	assert.Len(t, cloudtest.Dig(w.OK("POST", "/crm/v1"+p+":getIamPolicy", `{}`), "bindings", 0, "members"), grants)
}
