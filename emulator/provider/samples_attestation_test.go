package provider

const (
	signingRing = "projects/" + project + "/locations/us-central1/keyRings/signing"
	signingKey  = signingRing + "/cryptoKeys/release"
	// publicPEM is a public key on P-256 whose private key nobody kept.
	publicPEM = "-----BEGIN PUBLIC " +
		"KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbZ7VPufGDGqILDpTZzyFyUK7lsXU\nbymOM519P/+x9/s9HW0uToZvxYIT5V/nnmfNgRYjl26xDOW82KD5BCzOaA==\n-----END PUBLIC KEY-----\n"
)

func withRing(w *world) {
	w.create("gcp:kms/keyRing:KeyRing", object{"project": project, "location": "us-central1", "name": "signing"})
}

func withKey(w *world) {
	withAccount(w)
	withRing(w)
	w.create("gcp:kms/cryptoKey:CryptoKey", signing())
}

func signing() object {
	return object{"keyRing": signingRing, "name": "release", "purpose": "ASYMMETRIC_SIGN",
		"versionTemplate": object{"algorithm": "EC_SIGN_P256_SHA256", "protectionLevel": "SOFTWARE"}}
}

func withNote(w *world) {
	withAccount(w)
	w.create("gcp:containeranalysis/note:Note", note())
}

func note() object {
	return object{"project": project, "name": "release", "attestationAuthority": object{"hint": object{"humanReadableName": "release"}}}
}

func withAttestor(w *world) {
	withNote(w)
	w.create("gcp:binaryauthorization/attestor:Attestor", attestor())
}

func attestor() object {
	return object{"project": project, "name": "release", "attestationAuthorityNote": object{
		"noteReference": "projects/" + project + "/notes/release",
		"publicKeys": list(object{"id": "//cloudkms.googleapis.com/v1/" + signingKey + "/cryptoKeyVersions/1",
			"pkixPublicKey": object{"publicKeyPem": publicPEM, "signatureAlgorithm": "ECDSA_P256_SHA256"}}),
	}}
}

func init() {
	member := object{"member": "serviceAccount:" + account}
	with := func(more object) object {
		inputs := object{}
		for _, from := range []object{member, more} {
			for name, value := range from {
				inputs[name] = value
			}
		}
		return inputs
	}
	samples = append(samples,
		sample{
			token: "gcp:kms/keyRing:KeyRing", inputs: object{"project": project, "location": "us-central1", "name": "signing"},
			change: object{"name": "other"}, replaces: true, id: signingRing,
		},
		sample{
			token: "gcp:kms/cryptoKey:CryptoKey", before: withRing, inputs: signing(),
			change: object{"labels": object{"team": "platform"}}, id: signingKey,
		},
		sample{
			token: "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember", before: withKey, replaces: true, id: signingKey +
				"/roles/cloudkms.signer/serviceAccount:" + account,
			inputs: with(object{"cryptoKeyId": signingKey,
				"role": "roles/cloudkms.signer"}), change: object{"role": "roles/cloudkms.signerVerifier"},
		},
		sample{
			token: "gcp:containeranalysis/note:Note", inputs: note(), change: object{"shortDescription": "Verified"}, id: "projects/" +
				project + "/notes/release",
		},
		sample{
			token: "gcp:containeranalysis/noteIamMember:NoteIamMember", before: withNote, replaces: true,
			inputs: with(object{"project": project, "note": "release", "role": "roles/containeranalysis.notes.attacher"}),
			change: object{"role": "roles/containeranalysis.notes.viewer"},
			id:     "projects/" + project + "/notes/release/roles/containeranalysis.notes.attacher/serviceAccount:" + account,
		},
		sample{
			token: "gcp:binaryauthorization/attestor:Attestor", before: withNote, inputs: attestor(), change: object{"description": "Signs"},
			id: "projects/" + project + "/attestors/release",
		},
		sample{
			token: "gcp:binaryauthorization/attestorIamMember:AttestorIamMember", before: withAttestor, replaces: true,
			inputs: with(object{"project": project, "attestor": "release", "role": "roles/binaryauthorization.attestorsViewer"}),
			change: object{"role": "roles/binaryauthorization.attestorsVerifier"},
			id:     "projects/" + project + "/attestors/release/roles/binaryauthorization.attestorsViewer/serviceAccount:" + account,
		},
		sample{
			token: "gcp:binaryauthorization/policy:Policy", before: withAttestor, id: "projects/" + project,
			inputs: object{"project": project, "globalPolicyEvaluationMode": "ENABLE",
				"admissionWhitelistPatterns": list(object{"namePattern": "us-docker.pkg.dev/cloudrun/container/hello"}),
				"defaultAdmissionRule": object{"evaluationMode": "REQUIRE_ATTESTATION", "enforcementMode": "ENFORCED_BLOCK_AND_AUDIT_LOG",
					"requireAttestationsBies": list("projects/" + project + "/attestors/release")}},
			change: object{"description": "Deny"},
		},
	)
}
