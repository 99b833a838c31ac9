package cloud_test

import (
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	artifactregistry "google.golang.org/api/artifactregistry/v1"
	billingbudgets "google.golang.org/api/billingbudgets/v1"
	binaryauthorization "google.golang.org/api/binaryauthorization/v1"
	cloudkms "google.golang.org/api/cloudkms/v1"
	cloudresourcemanager "google.golang.org/api/cloudresourcemanager/v1"
	containeranalysis "google.golang.org/api/containeranalysis/v1beta1"
	"google.golang.org/api/googleapi"
	iam "google.golang.org/api/iam/v1"
	logging "google.golang.org/api/logging/v2"
	monitoring "google.golang.org/api/monitoring/v3"
	"google.golang.org/api/option"
	secretmanager "google.golang.org/api/secretmanager/v1"
	serviceusage "google.golang.org/api/serviceusage/v1"
)

// code is the status of a refusal as Google's library reports it, 0 without one.
func code(err error) int {
	var refused *googleapi.Error
	if errors.As(err, &refused) {
		return refused.Code
	}
	return 0
}

// TestOfficialClients makes, reads, changes, refuses and deletes with Google's own client of every API except Cloud Run's.
func TestOfficialClients(t *testing.T) {
	t.Parallel()
	w := start(t)
	server := httptest.NewServer(w.Cloud)
	t.Cleanup(server.Close)
	ctx := t.Context()
	at := func(prefix string) []option.ClientOption {
		return []option.ClientOption{option.WithEndpoint(server.URL + "/" + prefix + "/"), option.WithoutAuthentication()}
	}
	const parent, place = "projects/" + project, "projects/" + project + "/locations/us-central1"
	must := func(err error) { t.Helper(); require.NoError(t, err) }

	usage, err := serviceusage.NewService(ctx, at("su")...)
	must(err)
	_, err = usage.Services.BatchEnable(parent, &serviceusage.BatchEnableServicesRequest{ServiceIds: []string{"cloudkms.googleapis.com",
		"containeranalysis.googleapis.com", "binaryauthorization.googleapis.com"}}).Do()
	must(err)
	api, err := usage.Services.Get(parent + "/services/cloudkms.googleapis.com").Do()
	must(err)
	assert.Equal(t, "ENABLED", api.State)
	_, err = usage.Services.Enable(parent+"/services/nothing.googleapis.com", &serviceusage.EnableServiceRequest{}).Do()
	assert.Equal(t, 403, code(err))

	accounts, err := iam.NewService(ctx, at("iam")...)
	must(err)
	account, err := accounts.Projects.ServiceAccounts.Create(parent, &iam.CreateServiceAccountRequest{AccountId: "runtime",
		ServiceAccount: &iam.ServiceAccount{DisplayName: "R"}}).Do()
	must(err)
	_, err = accounts.Projects.ServiceAccounts.Patch(account.Name,
		&iam.PatchServiceAccountRequest{ServiceAccount: &iam.ServiceAccount{Description: "d"}, UpdateMask: "description"}).Do()
	must(err)
	_, err = accounts.Projects.ServiceAccounts.Create(parent, &iam.CreateServiceAccountRequest{AccountId: "runtime"}).Do()
	assert.Equal(t, 409, code(err))
	_, err = accounts.Projects.Roles.Create(parent, &iam.CreateRoleRequest{RoleId: "custom",
		Role: &iam.Role{Title: "T", IncludedPermissions: []string{"run.services.get"}}}).Do()
	must(err)
	operation, err := accounts.Projects.Locations.WorkloadIdentityPools.Create(parent+"/locations/global",
		&iam.WorkloadIdentityPool{DisplayName: "G"}).WorkloadIdentityPoolId("github").Do()
	must(err)
	_, err = accounts.Projects.Locations.WorkloadIdentityPools.Operations.Get(operation.Name).Do()
	must(err)

	projects, err := cloudresourcemanager.NewService(ctx, at("crm")...)
	must(err)
	policy, err := projects.Projects.GetIamPolicy(project,
		&cloudresourcemanager.GetIamPolicyRequest{Options: &cloudresourcemanager.GetPolicyOptions{RequestedPolicyVersion: 3}}).Do()
	must(err)
	policy.Bindings = append(policy.Bindings, &cloudresourcemanager.Binding{Role: "roles/monitoring.viewer",
		Members: []string{"serviceAccount:" + account.Email}})
	_, err = projects.Projects.SetIamPolicy(project, &cloudresourcemanager.SetIamPolicyRequest{Policy: policy,
		UpdateMask: "bindings,etag"}).Do()
	must(err)
	_, err = projects.Projects.SetIamPolicy(project, &cloudresourcemanager.SetIamPolicyRequest{Policy: policy}).Do()
	assert.Equal(t, 409, code(err), "the etag is an old one")

	secrets, err := secretmanager.NewService(ctx, at("sm")...)
	must(err)
	secret, err := secrets.Projects.Secrets.Create(parent,
		&secretmanager.Secret{Replication: &secretmanager.Replication{Automatic: &secretmanager.Automatic{}}}).SecretId("key").Do()
	must(err)
	version, err := secrets.Projects.Secrets.AddVersion(secret.Name,
		&secretmanager.AddSecretVersionRequest{Payload: &secretmanager.SecretPayload{Data: "dmFsdWU="}}).Do()
	must(err)
	_, err = secrets.Projects.Secrets.Versions.Disable(version.Name, &secretmanager.DisableSecretVersionRequest{}).Do()
	must(err)
	_, err = secrets.Projects.Secrets.Versions.Access(version.Name).Do()
	assert.Equal(t, 400, code(err), "a disabled version is not read")
	_, err = secrets.Projects.Secrets.Versions.Enable(version.Name, &secretmanager.EnableSecretVersionRequest{}).Do()
	must(err)
	payload, err := secrets.Projects.Secrets.Versions.Access(secret.Name + "/versions/latest").Do()
	must(err)
	assert.Equal(t, "dmFsdWU=", payload.Payload.Data)

	registry, err := artifactregistry.NewService(ctx, at("ar")...)
	must(err)
	_, err = registry.Projects.Locations.Repositories.Create(place, &artifactregistry.Repository{Format: "DOCKER"}).RepositoryId("images").Do()
	must(err)
	repository, err := registry.Projects.Locations.Repositories.Patch(place+"/repositories/images",
		&artifactregistry.Repository{Description: "d"}).UpdateMask("description").Do()
	must(err)
	assert.Equal(t, "d", repository.Description)
	_, err = registry.Projects.Locations.Repositories.Create(place, &artifactregistry.Repository{}).RepositoryId("other").Do()
	assert.Equal(t, 400, code(err), "a repository has a format")

	keys, err := cloudkms.NewService(ctx, at("kms")...)
	must(err)
	_, err = keys.Projects.Locations.KeyRings.Create(place, &cloudkms.KeyRing{}).KeyRingId("ring").Do()
	must(err)
	key, err := keys.Projects.Locations.KeyRings.CryptoKeys.Create(place+"/keyRings/ring",
		&cloudkms.CryptoKey{Purpose: "ASYMMETRIC_SIGN",
			VersionTemplate: &cloudkms.CryptoKeyVersionTemplate{Algorithm: "EC_SIGN_P256_SHA256"}}).CryptoKeyId("key").Do()
	must(err)
	public, err := keys.Projects.Locations.KeyRings.CryptoKeys.CryptoKeyVersions.GetPublicKey(key.Name + "/cryptoKeyVersions/1").Do()
	must(err)
	_, err = keys.Projects.Locations.KeyRings.CryptoKeys.Delete(key.Name).Do()
	assert.Equal(t, 501, code(err), "a method that the emulator lacks")

	notes, err := containeranalysis.NewService(ctx, at("ca")...)
	must(err)
	note, err := notes.Projects.Notes.Create(parent,
		&containeranalysis.Note{AttestationAuthority: &containeranalysis.Authority{
			Hint: &containeranalysis.Hint{HumanReadableName: "h"},
		}}).NoteId("note").Do()
	must(err)
	assert.Equal(t, "h", note.AttestationAuthority.Hint.HumanReadableName)
	_, err = notes.Projects.Notes.Get(parent + "/notes/other").Do()
	assert.Equal(t, 404, code(err))

	admission, err := binaryauthorization.NewService(ctx, at("ba")...)
	must(err)
	_, err = admission.Projects.Attestors.Create(parent,
		&binaryauthorization.Attestor{UserOwnedGrafeasNote: &binaryauthorization.UserOwnedGrafeasNote{NoteReference: note.Name,
			PublicKeys: []*binaryauthorization.AttestorPublicKey{{Id: "//kms/1",
				PkixPublicKey: &binaryauthorization.PkixPublicKey{PublicKeyPem: public.Pem,
					SignatureAlgorithm: "ECDSA_P256_SHA256"}}}}}).AttestorId("us").Do()
	must(err)
	rule := &binaryauthorization.AdmissionRule{EvaluationMode: "REQUIRE_ATTESTATION", EnforcementMode: "ENFORCED_BLOCK_AND_AUDIT_LOG",
		RequireAttestationsBy: []string{parent + "/attestors/us"}}
	_, err = admission.Projects.UpdatePolicy(parent+"/policy", &binaryauthorization.Policy{DefaultAdmissionRule: rule}).Do()
	must(err)
	rule.RequireAttestationsBy = []string{parent + "/attestors/them"}
	_, err = admission.Projects.UpdatePolicy(parent+"/policy", &binaryauthorization.Policy{DefaultAdmissionRule: rule}).Do()
	assert.Equal(t, 400, code(err), "an attestor that is not there")

	watch, err := monitoring.NewService(ctx, at("mon")...)
	must(err)
	channel, err := watch.Projects.NotificationChannels.Create(parent,
		&monitoring.NotificationChannel{Type: "email", Labels: map[string]string{"email_address": "a@example.com"}}).Do()
	must(err)
	alert := &monitoring.AlertPolicy{DisplayName: "a", Combiner: "OR", NotificationChannels: []string{channel.Name},
		Conditions: []*monitoring.Condition{{DisplayName: "c",
			ConditionThreshold: &monitoring.MetricThreshold{Filter: `metric.type="x" resource.type="y"`, Comparison: "COMPARISON_GT",
				Duration: "60s"}}}}
	_, err = watch.Projects.AlertPolicies.Create(parent, alert).Do()
	must(err)
	_, err = watch.Projects.NotificationChannels.Delete(channel.Name).Do()
	assert.Equal(t, 400, code(err), "the channel is in use")
	_, err = watch.Projects.NotificationChannels.Delete(channel.Name).Force(true).Do()
	must(err)

	logs, err := logging.NewService(ctx, at("log")...)
	must(err)
	_, err = logs.Projects.Metrics.Create(parent, &logging.LogMetric{Name: "deployments", Filter: "x"}).Do()
	must(err)
	_, err = logs.Projects.Metrics.Update(parent+"/metrics/deployments", &logging.LogMetric{Name: "deployments"}).Do()
	assert.Equal(t, 400, code(err), "a metric has a filter")

	budgets, err := billingbudgets.NewService(ctx, at("budgets")...)
	must(err)
	amount := &billingbudgets.GoogleCloudBillingBudgetsV1BudgetAmount{SpecifiedAmount: &billingbudgets.GoogleTypeMoney{Units: 10}}
	budget, err := budgets.BillingAccounts.Budgets.Create("billingAccounts/"+billing,
		&billingbudgets.GoogleCloudBillingBudgetsV1Budget{DisplayName: "b", Amount: amount}).Do()
	must(err)
	amount.SpecifiedAmount.CurrencyCode = "BRL"
	_, err = budgets.BillingAccounts.Budgets.Patch(budget.Name,
		&billingbudgets.GoogleCloudBillingBudgetsV1Budget{Amount: amount}).UpdateMask("amount").Do()
	assert.Equal(t, 400, code(err), "another currency than the account's")
	_, err = budgets.BillingAccounts.Budgets.Delete(budget.Name).Do()
	must(err)
}
