// Package dataplane is the front end and the containers of the simulated Cloud Run: it answers HTTP for the services of
// a cloud, splits requests by the traffic that is in effect, and serves tags, so that a canary's 10 % is 10 % of real
// requests.
//
// The containers are simulated: what they answer is in container.go, and how well they do it is set per image digest
// with cloud.SetBehaviour. Every answer says which revision gave it, in the header X-Sandbox-Revision.
package dataplane
