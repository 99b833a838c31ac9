package cloudkms

import (
	"strconv"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
	"github.com/guiofsaints/procureflow-platform/emulator/store"
)

// How long a version can be restored after a request to destroy it: by default, and at least and at most if the key says another time.
const (
	destroyAfter         = 30 * day
	soonestDestroyAfter  = day
	latestDestroyAfter   = 120 * day
	day                  = 24 * time.Hour
	destructionOfVersion = "destroy:" // with a version's key the key of a document that says when the version is destroyed
)

// prepareDestruction fills in for how long a key's versions can be restored, or refuses the time.
func prepareDestruction(key map[string]any) error {
	doc.Default(key, "destroyScheduledDuration", strconv.Itoa(int(destroyAfter.Seconds()))+"s")
	given := doc.Text(key, "destroyScheduledDuration")
	if after := afterwards(given); after < soonestDestroyAfter || after > latestDestroyAfter {
		return rest.Invalid("The emulator takes a destroy_scheduled_duration from 24 hours to 120 days, and this key's is %s.", given)
	}
	return nil
}

func afterwards(duration string) time.Duration {
	return time.Duration(doc.Seconds(duration) * float64(time.Second))
}

// destroyVersion says when a version will be destroyed. It signs nothing any more.
func destroyVersion(c *rest.Change) (any, error) {
	if state := doc.Text(c.Old, "state"); state == "DESTROY_SCHEDULED" || state == "DESTROYED" {
		return nil, rest.Precondition("%s is not enabled or disabled: it is %s.", c.Name.Shown(), state)
	}
	at := rest.Timestamp(c.Now.Add(afterwards(doc.Text(c.Get(c.Name.Parent()), "destroyScheduledDuration"))))
	c.Old["state"], c.Old["destroyTime"] = "DESTROY_SCHEDULED", at
	if err := c.Tx.Put(destructionOfVersion+c.Name.Key(), store.Document{"at": at, "version": c.Name.Path()}); err != nil {
		return nil, err
	}
	return c.Old, c.Put(c.Name, c.Old)
}

// restoreVersion takes back the destruction of a version. The version stays disabled until somebody enables it.
func restoreVersion(c *rest.Change) (any, error) {
	if state := doc.Text(c.Old, "state"); state != "DESTROY_SCHEDULED" {
		return nil, rest.Precondition("%s is not scheduled for destruction: it is %s.", c.Name.Shown(), state)
	}
	c.Old["state"] = "DISABLED"
	delete(c.Old, "destroyTime")
	if err := c.Tx.Delete(destructionOfVersion + c.Name.Key()); err != nil {
		return nil, err
	}
	return c.Old, c.Put(c.Name, c.Old)
}

// due reports whether a version has to be destroyed by now.
func due(q *rest.Request) bool { return len(q.Due(destructionOfVersion)) > 0 }

// settle destroys the key material of every version whose time has come. Nobody can bring it back. The version stays listed.
func settle(q *rest.Request) error {
	for _, key := range q.Due(destructionOfVersion) {
		n, version := q.Find(Host, versions, doc.Text(q.Tx.Get(key), "version"))
		version["state"], version["destroyEventTime"] = "DESTROYED", version["destroyTime"]
		delete(version, "destroyTime")
		if err := q.Tx.DeleteSecret(n.Key()); err != nil {
			return err
		}
		if err := q.Put(n, version); err != nil {
			return err
		}
		if err := q.Tx.Delete(key); err != nil {
			return err
		}
	}
	return nil
}
