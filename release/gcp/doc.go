// Package gcp implements the ports of package rollout: Cloud Run's v2 API for traffic, Cloud Monitoring for metrics, and HTTP probes
// with Google's ID tokens. With package registry it is the only part of the release controller that knows a cloud client.
package gcp
