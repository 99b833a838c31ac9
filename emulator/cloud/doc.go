// Package cloud puts the emulated APIs together. It is one http.Handler that speaks the REST APIs of Google Cloud and GitHub.
// Unlike a mock, it keeps state, computes the fields that the real APIs compute, and refuses what they refuse, with the same
// status and message.
//
// Each API is a separate package below emulator/google. It is served under a prefix, so that clients reach it through a custom
// endpoint:
//
//	/run/v2      run: services, revisions, jobs, operations        /sm/v1   secretmanager
//	/iam/v1      iam: accounts, workload identity, custom roles    /ar/v1   artifactregistry
//	/crm/v1      cloudresourcemanager: projects, IAM policies      /log/v2  logging: log-based metrics
//	/mon/v3      monitoring: uptime, alerts, channels, objectives  /mon/v1  monitoring: dashboards
//	/budgets/v1  billingbudgets   /cb/v1  cloudbilling             /su/v1   serviceusage: enabled APIs
//	/cred/v1     iamcredentials: ID tokens of service accounts, verified by the key at /oauth2/v3/certs
//	/sql/v1beta4, /sql/v1  sqladmin: Cloud SQL's instances, databases, users
//	/kms/v1      cloudkms         /ca/v1, /ca/v1beta1  containeranalysis    /ba/v1  binaryauthorization
//	/cs/v1       cloudscheduler   /storage/v1  storage: buckets and their IAM policies
//	/apis/serving.knative.dev/v1  run: Cloud Run's v1 API over the same services, for gcloud; the region is in the host
//	/apis/run.googleapis.com/v1   run: the same for jobs: reading, running, cancelling
//	/gh/api/v3   emulator/github: repositories, environments, variables, rulesets, permissions of actions, vulnerability alerts
package cloud
