package command

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// writePrivate writes a file that only its owner may read, also if there is a file already that others may read.
func writePrivate(path, text string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if info, statErr := file.Stat(); statErr != nil || info.Mode().IsRegular() {
		err = errors.Join(statErr, file.Chmod(0o600)) // A terminal or a pipe keeps its mode.
	}
	if err == nil {
		_, err = file.WriteString(text)
	}
	return errors.Join(err, file.Close())
}

// environment lists the variables that clients need: the addresses of the APIs at base, and the token. Each is one line with
// export. The endpoints for Terraform's and Pulumi's providers end with a slash.
func environment(base, token string) string {
	api, _ := url.Parse(base) // cannot fail: it is the command's own address
	variables := [][2]string{
		{"GOOGLE_OAUTH_ACCESS_TOKEN", token},
		{"GITHUB_TOKEN", token},
		{"GITHUB_BASE_URL", base + "/gh/"},
		{"CLOUDSDK_AUTH_ACCESS_TOKEN", token},
		// gcloud calls a different host for each region of Cloud Run. The emulator serves them all as gcloud's proxy.
		{"CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN", "http://run.sandbox/"},
		{"CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", base + "/sm/"},
		{"CLOUDSDK_API_ENDPOINT_OVERRIDES_SQL", base + "/"},
		{"CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE", base + "/storage/v1/"},
		{"CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDSCHEDULER", base + "/cs/"},
		{"CLOUDSDK_PROXY_TYPE", "http_no_tunnel"},
		{"CLOUDSDK_PROXY_ADDRESS", api.Hostname()},
		{"CLOUDSDK_PROXY_PORT", api.Port()},
	}
	for _, endpoint := range [][2]string{
		{"CLOUD_RUN_V2", "run/v2"}, {"IAM", "iam/v1"}, {"IAM_BETA", "iam/v1"}, {"RESOURCE_MANAGER", "crm/v1"}, {"SERVICE_USAGE", "su/v1"},
		{"ARTIFACT_REGISTRY", "ar/v1"}, {"SECRET_MANAGER", "sm/v1"}, {"MONITORING", "mon"}, {"LOGGING", "log/v2"}, {"KMS", "kms/v1"},
		{"CONTAINER_ANALYSIS", "ca/v1beta1"}, {"BINARY_AUTHORIZATION", "ba/v1"}, {"BILLING", "budgets/v1"}, {"BILLING_BUDGETS", "budgets/v1"},
		{"CLOUD_BILLING", "cb/v1"}, {"CLOUD_SCHEDULER", "cs/v1"}, {"IAM_CREDENTIALS", "cred/v1"}, {"SQL", "sql/v1beta4"},
		{"STORAGE", "storage/v1"},
	} {
		variables = append(variables, [2]string{"GOOGLE_" + endpoint[0] + "_CUSTOM_ENDPOINT", base + "/" + endpoint[1] + "/"})
	}
	var b strings.Builder
	for _, v := range variables {
		fmt.Fprintf(&b, "export %s='%s'\n", v[0], strings.ReplaceAll(v[1], "'", `'\''`))
	}
	return b.String()
}
