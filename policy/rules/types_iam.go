package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
)

// iamForm is the way in which a type grants in IAM, by what its token ends with: member, binding or policy, "" for a type that
// grants nothing. Types of services that nobody has thought of yet are found so, too: pulumi-gcp 8.41 has 405 of them.
func iamForm(token string) string {
	token = strings.ToLower(token)
	for _, form := range []string{"member", "binding", "policy"} {
		if strings.HasSuffix(token, "iam"+form) {
			return form
		}
	}
	return ""
}

// Access lists are older than IAM and grant as well.
var (
	bucketLists = []string{
		"gcp:storage/bucketACL:BucketACL", "gcp:storage/objectACL:ObjectACL", "gcp:storage/defaultObjectACL:DefaultObjectACL",
	}
	bucketEntries = []string{
		"gcp:storage/bucketAccessControl:BucketAccessControl", "gcp:storage/objectAccessControl:ObjectAccessControl",
		"gcp:storage/defaultObjectAccessControl:DefaultObjectAccessControl",
	}
	datasetLists = []string{dataset, "gcp:bigquery/datasetAccess:DatasetAccess"}
	accessLists  = slices.Concat(bucketLists, bucketEntries, datasetLists)
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

	// wideIAM grants on everything below a project, folder or organization.
	wideIAM = slices.Concat(projectIAM, folderIAM, orgIAM)
	// customRoleTypes are roles that the stack makes.
	customRoleTypes = []string{"gcp:projects/iAMCustomRole:IAMCustomRole", "gcp:organizations/iAMCustomRole:IAMCustomRole"}
)

// iam are the three ways in which a resource's IAM policy can be managed: one member of a role, all members of a role, and
// everything. A rule that knew one only would be passed by the others.
func iam(format string) []string {
	return []string{fmt.Sprintf(format, "Member"), fmt.Sprintf(format, "Binding"), fmt.Sprintf(format, "Policy")}
}
