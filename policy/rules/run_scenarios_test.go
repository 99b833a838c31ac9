package rules

import (
	"strings"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard"
	ct "github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

const (
	digest = "@sha256:95ade4b17adcd07623b0a0c68359e344fe54e65d0cb01b989e24c39f2fcd296a"
	image  = "us-central1-docker.pkg.dev/procureflow-dev/procureflow/web" + digest
)

func labels() object {
	return object{"environment": "dev", "app": "procureflow", "managed-by": "pulumi"}
}

// v2 returns a service that violates no rule.
func v2() ct.Resource {
	return ct.Resource{Type: serviceV2, Name: "web", Properties: ct.Properties{
		"name": "procureflow-web", "location": "us-central1", "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY", "labels": labels(),
		"deletionProtection":  true,
		"binaryAuthorization": object{"useDefault": true}, "invokerIamDisabled": false,
		"template": object{
			"scaling": object{"minInstanceCount": 0, "maxInstanceCount": 2}, "timeout": "300s", "maxInstanceRequestConcurrency": 80,
			"serviceAccount": "procureflow-cloudrun@procureflow-dev.iam.gserviceaccount.com",
			"containers": []any{object{
				"image":     image,
				"resources": object{"cpuIdle": true, "limits": object{"cpu": "1", "memory": "512Mi"}},
				"envs": []any{object{"name": "NODE_ENV", "value": "production"},
					object{"name": "NEXTAUTH_SECRET", "valueSource": object{"secretKeyRef": object{"secret": "nextauth-secret", "version": "1"}}}},
				"startupProbe": object{"httpGet": object{"path": "/"}}, "livenessProbe": object{"httpGet": object{"path": "/"}},
			}},
		},
	}}
}

// v1 returns the same service in version 1 of the API.
func v1() ct.Resource {
	return ct.Resource{Type: serviceV1, Name: "web", Properties: ct.Properties{
		"name": "procureflow-web", "location": "us-central1",
		"metadata": object{"labels": labels(), "annotations": object{
			"run.googleapis.com/ingress": "internal", "run.googleapis.com/binary-authorization": "default",
		}},
		"template": object{
			"metadata": object{"annotations": object{"autoscaling.knative.dev/minScale": "0", "autoscaling.knative.dev/maxScale": "2"}},
			"spec": object{
				"serviceAccountName": "procureflow-cloudrun@procureflow-dev.iam.gserviceaccount.com", "timeoutSeconds": 300, "containerConcurrency": 80,
				"containers": []any{object{
					"image": image, "resources": object{"limits": object{"cpu": "1000m", "memory": "512Mi"}},
					"envs": []any{object{"name": "NODE_ENV", "value": "production"},
						object{"name": "NEXTAUTH_SECRET", "valueFrom": object{"secretKeyRef": object{"name": "nextauth-secret", "key": "1"}}}},
					"startupProbe": object{"httpGet": object{"path": "/"}}, "livenessProbe": object{"httpGet": object{"path": "/"}},
				}},
			},
		},
	}}
}

// task returns a job that violates no rule.
func task() ct.Resource {
	return ct.Resource{Type: job, Name: "nightly", Properties: ct.Properties{
		"location": "us-central1", "labels": labels(), "binaryAuthorization": object{"useDefault": true},
		"template": object{"taskCount": 1, "template": object{
			"maxRetries": 3, "timeout": "600s", "serviceAccount": "nightly@procureflow-dev.iam.gserviceaccount.com",
			"containers": []any{object{"image": image, "resources": object{"limits": object{"cpu": "1", "memory": "1Gi"}}}},
		}},
	}}
}

// worker returns a worker pool that violates no rule.
func worker() ct.Resource {
	return ct.Resource{Type: workerPool, Name: "queue", Properties: ct.Properties{
		"location": "us-central1", "labels": labels(), "binaryAuthorization": object{"policy": "projects/p/platforms/cloudRun/policies/x"},
		"scaling": object{"maxInstanceCount": 2},
		"template": object{"serviceAccount": "queue@procureflow-dev.iam.gserviceaccount.com",
			"containers": []any{object{"image": image, "resources": object{"limits": object{"cpu": "1", "memory": "1G"}}}}},
	}}
}

// slot returns a service for pull requests' images that violates no rule.
func slot() ct.Resource {
	return ct.Resource{Type: serviceV2, Name: "slot", Properties: ct.Properties{
		"name": "procureflow-web-preview-1", "labels": object{"environment": "dev", "purpose": "preview"},
		"template": object{
			"scaling": object{"minInstanceCount": 0, "maxInstanceCount": 1}, "serviceAccount": "previews@procureflow-dev.iam.gserviceaccount.com",
			"containers": []any{
				object{"name": "main", "image": "docker.io/library/caddy" + digest, "args": []any{"reverse-proxy", "--header-down",
					"X-Robots-Tag: noindex"}},
				object{"name": "app", "image": "us-central1-docker.pkg.dev/procureflow-dev/procureflow-previews/web" + digest,
					"envs": []any{object{"name": "KEY", "valueSource": object{"secretKeyRef": object{"secret": "preview-key", "version": "1"}}}}},
			},
		},
	}}
}

// containerOf returns the path of a good resource's only container.
func containerOf(r ct.Resource) string {
	return map[string]string{serviceV1: "template.spec", serviceV2: "template", job: "template.template",
		workerPool: "template"}[r.Type] + ".containers[0]"
}

func runScenarios() []scenario {
	const v1Max, v1Min = `template.metadata.annotations["autoscaling.knative.dev/maxScale"]`,
		`template.metadata.annotations["autoscaling.knative.dev/minScale"]`
	all := []scenario{
		{policy: runMaxInstances, good: v2(), loose: `"max": 9`, reads: []string{"template.scaling.maxInstanceCount"}, bad: []change{
			{path: "template.scaling.maxInstanceCount", to: 9, want: "template.scaling.maxInstanceCount is 9: set it to 5 or less"},
			{path: "template.scaling.maxInstanceCount", to: gone{}, want: "template.scaling.maxInstanceCount is absent: set it to 5 or less"},
			{path: "template.scaling.maxInstanceCount", to: 0, want: "absent"}, {path: "template.scaling.maxInstanceCount", to: -1, want: "is -1"},
			{path: "template.scaling", to: gone{}, want: "absent"}, {path: "template", to: gone{}, want: "absent"},
			{path: "scaling.manualInstanceCount", to: 9, want: "scaling.manualInstanceCount is 9"},
			{path: "scaling.maxInstanceCount", to: 9, want: "scaling.maxInstanceCount is 9"},
		}},
		{policy: runMaxInstances, good: v1(), loose: `"max": 9`, reads: []string{v1Max}, bad: []change{
			{path: v1Max, to: "9", want: "is 9: set it to 5 or less"}, {path: v1Max, to: gone{}, want: "absent"}, {path: v1Max, to: 9, want: "is 9"},
			{path: `metadata.annotations["run.googleapis.com/maxScale"]`, to: "9", want: "is 9"},
			{path: `metadata.annotations["run.googleapis.com/manualInstanceCount"]`, to: "9", want: "is 9"},
		}},
		{policy: runMaxInstances, good: worker(), reads: []string{"scaling.maxInstanceCount"}, bad: []change{
			{path: "scaling.maxInstanceCount", to: 9, want: "is 9"}, {path: "scaling", to: gone{}, want: "absent"},
			{path: "scaling.manualInstanceCount", to: 9, want: "is 9"},
		}},
		{policy: runMinInstances, good: v2(), loose: `"max": 2`, reads: []string{"template.scaling.minInstanceCount"}, bad: []change{
			{path: "template.scaling.minInstanceCount", to: 2, want: "template.scaling.minInstanceCount is 2: set it to 1 or less"},
			{path: "scaling.minInstanceCount", to: 2, want: "is 2"},
		}},
		{policy: runMinInstances, good: v1(), reads: []string{v1Min}, bad: []change{{path: v1Min, to: "2", want: "is 2"},
			{path: `metadata.annotations["run.googleapis.com/minScale"]`, to: "2", want: "is 2"}}},
		{policy: runCPUIdle, good: v2(), reads: []string{"template.containers[0].resources.cpuIdle"}, bad: []change{
			{path: "template.containers[0].resources.cpuIdle", to: false, want: "template.containers[0].resources.cpuIdle is not true"},
			{path: "template.containers[0].resources.cpuIdle", to: gone{}, want: "is not true"},
			{path: "template.containers[1]", to: object{"resources": object{}}, want: "template.containers[1].resources.cpuIdle is not true"},
			{path: "template.containers", to: gone{}, want: "template.containers is absent", unfixable: true},
		}},
		{policy: runCPUIdle, good: v1(), reads: []string{`template.metadata.annotations["run.googleapis.com/cpu-throttling"]`}, bad: []change{
			{path: `template.metadata.annotations["run.googleapis.com/cpu-throttling"]`, to: "false", want: "is false"},
		}},
		{policy: runTimeoutConcurrency, good: v2(), loose: `"timeoutSeconds": 3600`,
			reads: []string{"template.timeout", "template.maxInstanceRequestConcurrency"}, bad: []change{
				{path: "template.timeout", to: "3600s", want: "template.timeout is 3600s: set it to 900 seconds or less"},
				{path: "template.timeout", to: "long", want: "is long"}, {path: "template.timeout", to: "NaN", want: "is NaN"},
				{path: "template.maxInstanceRequestConcurrency", to: 1000,
					want: "template.maxInstanceRequestConcurrency is 1000: set it to 250 or less"},
			}},
		{policy: runTimeoutConcurrency, good: v1(), reads: []string{"template.spec.timeoutSeconds", "template.spec.containerConcurrency"},
			bad: []change{
				{path: "template.spec.timeoutSeconds", to: 3600, want: "is 3600"}, {path: "template.spec.containerConcurrency", to: 1000,
					want: "is 1000"},
			}},
		{policy: runPreview, good: slot(), loose: `"environments": ["staging"]`, reads: []string{"template.scaling.maxInstanceCount",
			"template.scaling.minInstanceCount"}, bad: []change{
			{path: "labels.environment", to: "staging", want: "labels.environment is staging"},
			{path: "labels.environment", to: gone{}, want: "labels.environment is no environment"},
			{path: "template.scaling.maxInstanceCount", to: 2, want: "template.scaling.maxInstanceCount is 2: set it to 1"},
			{path: "template.scaling.maxInstanceCount", to: gone{}, want: "is 0: set it to 1"},
			{path: "template.scaling.minInstanceCount", to: 1, want: "is 1: a preview costs nothing"},
			{path: "scaling.minInstanceCount", to: 1, want: "is 1: a preview costs nothing"},
			{path: "scaling.manualInstanceCount", to: 1, want: "is 1: a preview costs nothing"},
			{path: "template.vpcAccess", to: object{"egress": "ALL_TRAFFIC"}, want: "leads into a network"},
			{path: "template.volumes", to: []any{object{"name": "v"}}, want: "a preview has no data"},
			{path: "template.containers[0].args", to: []any{"reverse-proxy"}, want: "search engines would list"},
			{path: "template.containers[0].args", to: gone{}, want: "search engines would list"},
			{path: "template.containers[1].envs[1]", to: object{"name": "KEY", "valueSource": object{"secretKeyRef": object{
				"secret": "projects/p/secrets/mongodb-uri", "version": "1"}}}, want: "everybody who may push a branch could read"},
			{path: "template.containers", to: gone{}, want: "template.containers is absent"},
		}},
		{policy: runPreview, good: v2(), bad: []change{
			{path: "template.containers[0].image", to: "us-central1-docker.pkg.dev/procureflow-dev/procureflow-previews/web" + digest,
				want: "is an image of a pull request"},
		}},
		{policy: runPreview, good: task(), bad: []change{
			{path: "template.template.containers[0].image", to: "us-central1-docker.pkg.dev/procureflow-dev/procureflow-previews/web" + digest,
				want: "is an image of a pull request"},
		}},
		{policy: jobBounds, good: task(), loose: `"tasks": 11`, reads: []string{"template.taskCount", "template.template.maxRetries",
			"template.template.timeout"}, bad: []change{
			{path: "template.taskCount", to: 11, want: "template.taskCount is 11: set it to 10 or less"},
			{path: "template.template.maxRetries", to: 4, want: "is 4: set it to 3"},
			{path: "template.template.timeout", to: "3601s", want: "is 3601s: set it to 3600 seconds or less"},
		}},
		{policy: runProbes, good: v2(), reads: []string{"template.containers", "template.containers[0].startupProbe"}, bad: []change{
			{path: "template.containers[0].startupProbe", to: gone{}, want: "template.containers[0].startupProbe is absent"},
			{path: "template.containers[0].livenessProbe", to: gone{}, want: "livenessProbe is absent"},
			{path: "template.containers[1]", to: object{"ports": object{"containerPort": 80}},
				want: "template.containers[1].startupProbe is absent"},
		}},
		{policy: runProbes, good: v1(), bad: []change{{path: "template.spec.containers[0].livenessProbe", to: nil, want: "absent",
			marked: true}}},
		{policy: runIngress, good: v2(), loose: `"publicServices": ["procureflow-web"]`, reads: []string{"ingress"}, bad: []change{
			{path: "ingress", to: "INGRESS_TRAFFIC_ALL",
				want: "ingress is INGRESS_TRAFFIC_ALL and procureflow-web is not among the public services (none)"},
			{path: "ingress", to: gone{}, want: "ingress is all"}, {path: "ingress", to: "", want: "ingress is all"},
		}},
		{policy: runIngress, good: v1(), loose: `"publicServices": ["procureflow-web"]`,
			reads: []string{`metadata.annotations["run.googleapis.com/ingress"]`}, bad: []change{
				{path: `metadata.annotations["run.googleapis.com/ingress"]`, to: "all", want: "is all"}, {path: "metadata.annotations",
					to: gone{}, want: "is all"},
			}},
		{policy: runNoPublicInvoker, good: v2(), loose: `"publicServices": ["procureflow-web"]`, reads: []string{"invokerIamDisabled"},
			bad: []change{
				{path: "invokerIamDisabled", to: true, want: "invokerIamDisabled lets anybody call procureflow-web"},
			}},
		{policy: runNoPublicInvoker, good: v1(), bad: []change{
			{path: `metadata.annotations["run.googleapis.com/invoker-iam-disabled"]`, to: "true", want: "lets anybody call"},
		}},
		{policy: runDeletionProtection, good: v2(), reads: []string{"deletionProtection"},
			bad: []change{{path: "deletionProtection", to: false, want: "deletionProtection is false"}}},
		{policy: runBinauthz, good: v2(), reads: []string{"binaryAuthorization.useDefault"}, bad: []change{
			{path: "binaryAuthorization.useDefault", to: false, want: "binaryAuthorization.useDefault is not true"},
			{path: "binaryAuthorization", to: gone{}, want: "is not true"},
			{path: "binaryAuthorization.breakglassJustification", to: "hurry", want: "breakglassJustification admits any image"},
		}},
		{policy: runBinauthz, good: v1(), bad: []change{
			{path: "metadata.annotations", to: gone{},
				want: "absent"}, {path: `metadata.annotations["run.googleapis.com/binary-authorization"]`, to: "", want: "absent"},
			{path: `metadata.annotations["run.googleapis.com/binary-authorization-breakglass"]`, to: "hurry", want: "admits any image"},
		}},
	}
	for _, good := range []ct.Resource{v1(), v2(), task(), worker()} {
		all = append(all, containerScenarios(good)...)
	}
	all = append(all, scenario{policy: runImagePinned, good: v2(), bad: []change{
		{path: "template.containers[0].baseImageUri", to: "us-central1-docker.pkg.dev/serverless-runtimes/google-22/runtimes/go122",
			want: "template.containers[0].baseImageUri lets Cloud Run replace the image's base"},
		{path: "buildConfig", to: object{"functionTarget": "main"}, want: "buildConfig lets Cloud Run build the image"},
	}})
	return all
}

// reference returns the path of a secret's version within a variable.
func reference(r ct.Resource) string {
	if r.Type == serviceV1 {
		return ".valueFrom.secretKeyRef.key"
	}
	return ".valueSource.secretKeyRef.version"
}

// containerScenarios returns the scenarios of the rules about containers, which hold for everything on Cloud Run.
func containerScenarios(good ct.Resource) []scenario {
	at := containerOf(good)
	account := strings.TrimSuffix(at, ".containers[0]") + ".serviceAccount"
	if good.Type == serviceV1 {
		account += "Name"
	}
	// The annotation says which user the release found in the image.
	annotation := `template.annotations["image-user"]`
	if good.Type == serviceV1 {
		annotation = `template.metadata.annotations["image-user"]`
	}
	released := scenario{good: good}.with(change{path: annotation, to: "1001" + digest})
	containers := change{path: strings.TrimSuffix(at, "[0]"), to: gone{}, want: "is absent: name the container that runs"}
	second := func(container object, want string) change {
		return change{path: strings.TrimSuffix(at, "[0]") + "[1]", to: container, want: want}
	}
	named := func(policy crossguard.Policy, loose, config string, reads []string, bad ...change) scenario {
		return scenario{policy: policy, good: good, loose: loose, config: config, reads: reads, bad: bad}
	}
	return []scenario{
		named(runResourceLimits, `"cpu": 4`, "", []string{at + ".resources.limits.cpu", at + ".resources.limits.memory"},
			change{path: at + ".resources.limits.cpu", to: "4", want: at + ".resources.limits.cpu is 4: set it to 2 vCPU or less"},
			change{path: at + ".resources.limits.cpu", to: 4, want: "is 4"}, change{path: at + ".resources.limits.cpu", to: "4000m",
				want: "is 4000m"},
			change{path: at + ".resources.limits.memory", to: "4Gi", want: "is 4Gi: set it to 2 GiB or less"},
			change{path: at + ".resources.limits.memory", to: "much", want: `"much" is not an amount`},
			change{path: at + ".resources.limits.memory", to: "NaNMi",
				want: "is not an amount"}, change{path: at + ".resources.limits.cpu", to: "NaN", want: "is not an amount"},
			change{path: at + ".resources.limits.cpu", to: "0", want: "is not an amount"},
			change{path: at + ".resources", to: gone{}, want: "is absent"}, containers, second(object{}, "[1].resources.limits.cpu is absent")),
		named(runNonRoot, `"verifiedRepositories": ["docker.io/library/nginx"]`,
			`"verifiedRepositories": ["us-central1-docker.pkg.dev/procureflow-dev/procureflow/web"]`,
			[]string{at + ".image"}, change{path: at + ".image", to: "docker.io/library/nginx:1",
				want: "nothing shows that docker.io/library/nginx:1 does not run as root: release it by digest, or add"},
			change{path: at + ".image", to: gone{}, want: "an absent image"}, containers),
		{policy: runNonRoot, good: released, reads: []string{at + ".image", annotation}, bad: []change{
			{path: annotation, to: "0" + digest, want: image + ` runs as root: its user is "0"`}, {path: annotation, to: "root" + digest,
				want: "runs as root"},
			{path: annotation, to: "00:1001" + digest, want: "runs as root"}, {path: annotation, to: digest, want: "runs as root"},
			{path: annotation, to: "1001,root:root" + digest, want: "runs as root"}, {path: annotation, to: "Root" + digest, want: "runs as root"},
			{path: annotation, to: "1001" + digest + "0", want: "nothing shows that"}, {path: annotation, to: "1001", want: "nothing shows that"},
			{path: annotation, to: gone{}, want: "nothing shows that"},
			{path: at + ".image", to: strings.TrimSuffix(image, digest) + ":latest", want: "nothing shows that"},
			{path: at + ".image", to: image + "0", want: "nothing shows that"}, containers, second(object{"image": "nginx"},
				"nothing shows that nginx"),
		}},
		named(runImageRegistry, `"registries": ["docker.io"]`, `"registries": ["us-central1-docker.pkg.dev/procureflow-dev"]`,
			[]string{at + ".image"},
			change{path: at + ".image", to: "docker.io/library/nginx" + digest,
				want: "use an image from us-central1-docker.pkg.dev/procureflow-dev, "},
			change{path: at + ".image", to: "us-central1-docker.pkg.dev/procureflow-devil/x/web" + digest, want: "use an image from"},
			change{path: at + ".image", to: "us-central1-docker.pkg.dev/procureflow-dev", want: "use an image from"},
			change{path: at + ".image", to: gone{}, want: `is ""`}, containers, second(object{"image": "nginx"}, "[1].image")),
		named(runImagePinned, "", "", []string{at + ".image"},
			change{path: at + ".image", to: strings.TrimSuffix(image, digest) + ":latest", want: "refer to the image by digest"},
			change{path: at + ".image", to: image + "0", want: "by digest"}, change{path: at + ".image", to: gone{}, want: "by digest"},
			containers, second(object{"image": "nginx"}, "[1].image")),
		named(runDedicatedSA, "", "", []string{account},
			change{path: account, to: "1234-compute@developer.gserviceaccount.com", want: "is the default account"},
			change{path: account, to: "1234-Compute@Developer.gserviceaccount.com", want: "is the default account"},
			change{path: account, to: "procureflow-dev@appspot.gserviceaccount.com", want: "is the default account"},
			change{path: account, to: "", want: "absent, so the default compute account is used"}, change{path: account, to: gone{},
				want: "absent"}),
		named(runSecretPinned, "", "", nil,
			change{path: at + ".envs[1]" + reference(good), to: "latest", want: "is latest: write the number of a version"},
			change{path: at + ".envs[1]" + reference(good), to: gone{}, want: "is latest: write the number of a version"},
			change{path: at + ".envs[1]" + reference(good), to: "projects/p/secrets/s/versions/latest", want: "write the number of a version"}),
		named(runNoPlaintextSecrets, `"harmless": ["API_KEY"]`, "", []string{at + ".image"}[:0],
			change{path: at + ".envs[0]", to: object{"name": "API_KEY", "value": "x"}, want: at + ".envs[0].name API_KEY is named like a secret"},
			change{path: at + ".envs[0]", to: object{"name": "MongoDB_URI", "value": "x"}, want: "named like a secret"},
			change{path: at + ".envs[0]", to: object{"name": "SMTP_PASS", "value": "x"}, want: "named like a secret"},
			change{path: at + ".envs[0]", to: object{"name": "DB_PWD", "value": "x"}, want: "named like a secret"},
			change{path: at + ".envs[0]", to: object{"name": "JWT_SIGNING_KEY", "value": "x"}, want: "named like a secret"},
			change{path: at + ".envs[0]", to: object{"name": "Password", "value": ct.Unknown}, want: "named like a secret"},
			change{path: at + ".envs[0].value", to: "mongodb+srv://app:hunter2@cluster.example.net/x", want: "has the form of a key or password"},
			change{path: at + ".envs[0].value", to: "-----BEGIN RSA PRIVATE KEY-----", want: "has the form"},
			change{path: at + ".envs[0].value", to: ct.Secret{Value: "harmless looking"}, want: "is marked as a secret", marked: true}),
	}
}
