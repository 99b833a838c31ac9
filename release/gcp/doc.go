// Package gcp implements the ports of package rollout: Cloud Run's v2 API for traffic and jobs, and Cloud Monitoring for metrics. It makes
// Google's ID tokens for the requests of package probe. It and package registry are the only parts of the release controller that use a
// cloud client. It starts no goroutine and holds no lock.
package gcp
