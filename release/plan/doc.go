// Package plan decides what a service's traffic list should be. It is pure: what the API said goes in, the list to write comes out.
//
// The live service is the only truth about a rollout. Five tags of the traffic list carry it:
//
//	stable     what served before the rollout, and what a rollback goes back to
//	candidate  what the rollout is about; while it exists, a rollout is active
//	shifted    on the candidate since its first percent: a candidate at 0 % that has it was taken back by hand
//	previous   what was stable before the last finished rollout
//	rejected   what was rolled back last; never rolled out again unless someone asks for it
//
// So a crashed rollout is resumed, and a rollback made with any other tool respected, without a file or a lock.
package plan
