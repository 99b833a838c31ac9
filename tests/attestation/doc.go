// Package attestation signs with the release controller's own code against the simulated cloud.
package attestation
