// Package plan decides what a service's traffic list should be. It is pure: what the API said goes in, the list to write comes out.
//
// The live service is the only truth about a rollout. Tags of the traffic list carry it:
//
//	stable     what served before the rollout, and what a rollback goes back to
//	candidate  what the rollout is about; while it exists, a rollout is active
//	shifted    on the candidate since its first percent: a candidate at 0 % that has it was taken back by hand
//	previous   what was stable before the last finished rollout; a rollback goes there, and removes the tag
//	earlier    what was previous when a rollback happened; named to whoever has to go further back, never gone to unasked
//	rejected   what was rolled back last; rejected2, rejected3 and so on are what was rolled back before that. None of them is rolled
//	           out, or back to, unless someone asks for it by name
//
// Tags decide before shares: what a person splits by hand does not change what counts as stable, previous or rejected.
// So a crashed rollout is resumed, and a rollback made with any other tool respected, without a file or a lock.
package plan
