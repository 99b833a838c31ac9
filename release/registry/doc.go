// Package registry promotes a container image from one repository to another by its digest.
//
// A promotion copies everything that belongs to the image: the index, every platform, and the referrers (attestations,
// SBOMs) of each of them, with their own referrers. Referrers are found by the referrers API and by the fallback tag
// sha256-HEX; cosign's are found under the tags sha256-HEX.sig, .att and .sbom. The tag is set last.
//
// Promote returns without an error only when all of this holds:
//
//   - Promotion.Verify found the provenance valid before the first byte was written: see the package provenance.
//   - No platform of the image runs as root, or a reason was given why one may.
//   - Every manifest at the target was read back and hashed, and so was every blob this run moved. Blobs that were
//     there before are compared by size; Promotion.RehashAll reads them back, too.
//   - The tag names the digest. A tag that names another one is never moved: see TagTakenError.
//
// Manifests are written after everything they name, and tags after every manifest, so a promotion that stops anywhere
// leaves nothing incomplete behind a tag. Running it again moves only what is missing. Two promotions at once are safe.
// Only the registry can keep a tag from being moved between the last look at it and the write (immutable tags); a
// promotion that lost such a race says so.
//
// Credentials come from a keychain. Plain http is used for loopback addresses only. Errors and logs hold statuses,
// digests and names; never headers, bodies, tokens or URLs with queries.
package registry
