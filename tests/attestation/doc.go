// Package attestation signs with the release controller's own code against the emulated cloud.
package attestation
