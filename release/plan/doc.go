// Package plan decides what a service's traffic list should be. It is pure: its input is what the API said, and its output is the list to
// write.
//
// The live service is the only truth about a rollout. Tags of the traffic list hold the rollout's state:
//
//	stable     the revision that served before the rollout, and what a rollback goes back to
//	candidate  the revision that the rollout tries out; while this tag exists, a rollout is active
//	shifted    also on the candidate, since its first percent: if its share is 0 % again, a person took it back
//	previous   what was stable before the last finished rollout; a rollback goes there, and removes the tag
//	earlier    what was previous when a rollback happened; messages name it as the next step further back, and no
//	           rollback goes there unless a person names it
//	rejected   what was rolled back last; rejected2, rejected3 and so on were rolled back before that. A rejected
//	           revision is not rolled out, and not gone back to, unless a person names it
//
// Tags decide before shares: a split that a person makes by hand does not change what counts as stable, previous or rejected. So a
// crashed rollout can be resumed, and a rollback made with any other tool is respected, without a file or a lock.
package plan
