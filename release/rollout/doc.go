// Package rollout moves a service's traffic: rollout, rollback and guard. It decides with plan and health, and reaches the world
// through four small ports and a clock, so that a simulation can drive every line of it.
//
// It holds nothing between runs. Whatever a crash leaves, the next run reads from the live service; whoever writes the traffic list
// in between wins, and a rollout that notices stops without writing.
package rollout
