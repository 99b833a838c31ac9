// Package cloud simulates the parts of Google Cloud and GitHub that the platform uses, as one http.Handler that speaks
// their REST APIs. It is not a mock that says yes: it keeps its own state, refuses what the APIs refuse with the APIs'
// status and message, and computes what they compute.
//
// Each API is served under a prefix of its own, so that clients reach it by a custom endpoint:
//
//	/run/v2      Cloud Run: services, revisions, operations        /sm/v1   Secret Manager
//	/iam/v1      accounts, workload identity, custom roles         /ar/v1   Artifact Registry
//	/crm/v1      projects and their IAM policy                     /log/v2  log-based metrics
//	/mon/v3      uptime, alerts, channels, services, objectives    /mon/v1  dashboards
//	/budgets/v1  budgets     /cb/v1  billing accounts              /su/v1   enabled APIs
//	/apis/serving.knative.dev/v1  Cloud Run's v1 API over the same services, for gcloud; the region is in the host
//	/gh/api/v3   GitHub: repositories, environments, variables, rulesets, permissions of actions, vulnerability alerts
//
// Most resources are rows of a table (see [kind]): where they live, which ids they take, what the API fills in, what it
// refuses. Code stands beside the table only where an API has behaviour: Cloud Run, IAM policies, secret versions,
// GitHub.
//
// A request is one transaction of the store: it happens as a whole or not at all.
package cloud
