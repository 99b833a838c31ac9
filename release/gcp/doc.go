// Package gcp implements the ports of package rollout: Cloud Run's v2 API for traffic, Cloud Monitoring for metrics, and HTTP probes with
// Google's ID tokens. It and package registry are the only parts of the release controller that use a cloud client.
package gcp
