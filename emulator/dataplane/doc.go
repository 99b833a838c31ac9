// Package dataplane emulates the front end and the containers of Cloud Run. It answers HTTP requests to the services of a cloud.
// It splits them by the traffic in effect and serves tags, so that a revision with a share of 10 % gets 10 % of real requests.
//
// The containers are emulated. container.go holds their answers. run.API.SetBehaviour sets, for each image digest, how well they
// work. The header X-Sandbox-Revision of every answer names the revision that gave it.
package dataplane
