// Package rollout moves a service's traffic: rollout, rollback and guard. It decides with the packages plan and health. It reaches the
// world through small ports and a clock, so that a simulation can drive every line of it.
//
// It keeps no state between runs. After a crash, the next run reads everything from the live service. If somebody else writes the traffic
// list meanwhile, their write stands: the rollout notices and stops without writing.
package rollout
