// Package decisions simulates what releases decide, and what it costs visitors: this controller with each policy it ships, the pipeline
// that it replaced, and the rules that Flagger's and Argo Rollouts' documents state, on the same visitors and the same faults. Its test
// writes the tables of docs/performance.md.
package decisions
