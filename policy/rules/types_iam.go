package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// iamForm returns how a type grants in IAM, from the end of its token: member, binding or policy, or "" if it does not grant. The
// token is enough, so new types are found without a list. pulumi-gcp 8.41 has 405 such types.
func iamForm(token string) string {
	token = strings.ReplaceAll(strings.ToLower(token), "_", "") // Terraform's modules write MODULE:tf:google_pubsub_topic_iam_member
	for _, form := range []string{"member", "binding", "policy"} {
		if strings.HasSuffix(token, "iam"+form) {
			return form
		}
	}
	return ""
}

const (
	// rowAccess lets principals read some rows of a table.
	rowAccess = "gcp:bigquery/rowAccessPolicy:RowAccessPolicy"
	// entitlement lets principals take roles for a time.
	entitlement = "gcp:privilegedaccessmanager/entitlement:entitlement"
)

// Access lists grant access as well. Those of Cloud Storage and BigQuery are older than IAM.
var (
	bucketLists = []string{
		"gcp:storage/bucketACL:BucketACL", "gcp:storage/objectACL:ObjectACL", "gcp:storage/defaultObjectACL:DefaultObjectACL",
	}
	bucketEntries = []string{
		"gcp:storage/bucketAccessControl:BucketAccessControl", "gcp:storage/objectAccessControl:ObjectAccessControl",
		"gcp:storage/defaultObjectAccessControl:DefaultObjectAccessControl",
	}
	datasetLists = []string{dataset, "gcp:bigquery/datasetAccess:DatasetAccess"}
	accessLists  = slices.Concat(bucketLists, bucketEntries, datasetLists, []string{rowAccess, entitlement})
)

// isGrant reports whether a type gives somebody a role.
func isGrant(token string) bool { return iamForm(token) != "" || slices.Contains(accessLists, token) }

var (
	grantKind   = crossguard.Kind{Name: "IAM resources and access lists of any service", Has: isGrant}
	iamKind     = crossguard.Kind{Name: "IAM resources of any service", Has: func(token string) bool { return iamForm(token) != "" }}
	bindingKind = crossguard.Kind{Name: "IAM bindings", Has: func(token string) bool { return iamForm(token) == "binding" }}
	memberKind  = crossguard.Kind{Name: "IAM members", Has: func(token string) bool { return iamForm(token) == "member" }}
	policyKind  = crossguard.Kind{Name: "IAM policies", Has: func(token string) bool { return iamForm(token) == "policy" }}
)

var (
	projectIAM    = iam("gcp:projects/iAM%s:IAM%[1]s")
	folderIAM     = iam("gcp:folder/iAM%s:IAM%[1]s")
	orgIAM        = iam("gcp:organizations/iAM%s:IAM%[1]s")
	accountIAM    = iam("gcp:serviceaccount/iAM%s:IAM%[1]s")
	repositoryIAM = iam("gcp:artifactregistry/repositoryIam%s:RepositoryIam%[1]s")
	secretIAM     = iam("gcp:secretmanager/secretIam%s:SecretIam%[1]s")
	bucketIAM     = iam("gcp:storage/bucketIAM%s:BucketIAM%[1]s")
	serviceIAM    = slices.Concat(iam("gcp:cloudrun/iam%s:Iam%[1]s"), iam("gcp:cloudrunv2/serviceIam%s:ServiceIam%[1]s"))
	runIAM        = slices.Concat(serviceIAM,
		iam("gcp:cloudrunv2/jobIam%s:JobIam%[1]s"), iam("gcp:cloudrunv2/workerPoolIam%s:WorkerPoolIam%[1]s"))

	functionIAM = slices.Concat(iam("gcp:cloudfunctions/functionIam%s:FunctionIam%[1]s"),
		iam("gcp:cloudfunctionsv2/functionIam%s:FunctionIam%[1]s"))

	// wideIAM lists the types that grant on everything below a project, folder or organization.
	wideIAM = slices.Concat(projectIAM, folderIAM, orgIAM)
	// customRoleTypes lists the types that create a role.
	customRoleTypes = []string{"gcp:projects/iAMCustomRole:IAMCustomRole", "gcp:organizations/iAMCustomRole:IAMCustomRole"}
)

// iam returns the three types that manage a resource's IAM policy: one member of a role, all members of a role, and the whole
// policy. A rule has to cover all three, or the others would evade it.
func iam(format string) []string {
	return []string{fmt.Sprintf(format, "Member"), fmt.Sprintf(format, "Binding"), fmt.Sprintf(format, "Policy")}
}
