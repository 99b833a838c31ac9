package run

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/rest/schema"
)

// These are the API's limits, from its description and reference.
const (
	maxServiceName  = 49
	maxRevisionName = 63
	maxConcurrency  = 1000
	maxTimeout      = 3600 // in seconds
	maxDescription  = 512
	// defaultMaxInstances is the cap that the API fills in.
	defaultMaxInstances = 100
)

var nameForm = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)

type object = map[string]any

// serviceDefaults fills in the fields that the API fills in if the caller leaves them out. account is the project's default account.
func serviceDefaults(service object, account string) {
	doc.Default(service, "ingress", "INGRESS_TRAFFIC_ALL")
	doc.Default(service, "launchStage", "GA")
	if len(doc.List(service, "traffic")) == 0 {
		service["traffic"] = []any{Target{Type: ToLatest, Percent: 100}.JSON("")}
	}
	template := doc.Ensure(service, "template")
	doc.Default(template, "timeout", "300s")
	doc.Default(template, "serviceAccount", account)
	doc.Default(doc.Ensure(template, "scaling"), "maxInstanceCount", float64(defaultMaxInstances))
	containers := doc.Objects(template, "containers")
	ingress := ingressContainer(containers)
	for i, item := range containers {
		containerDefaults(item, i == ingress)
	}
	templateDefaults(template)
	concurrency := 80.0
	if cpu, ok := totalCPU(template); ok && cpu < 1 {
		concurrency = 1
	}
	doc.Default(template, "maxInstanceRequestConcurrency", concurrency)
}

func containerDefaults(container object, ingress bool) {
	doc.Default(container, "resources", object{"cpuIdle": true})
	resources := doc.Object(container, "resources")
	limits := doc.Ensure(resources, "limits")
	doc.Default(limits, "cpu", "1000m")
	doc.Default(limits, "memory", "512Mi")
	for _, env := range doc.Objects(container, "env") {
		if ref := doc.Object(env, "valueSource", "secretKeyRef"); ref != nil {
			doc.Default(ref, "version", "latest")
		}
	}
	if ingress && len(doc.List(container, "ports")) == 0 {
		container["ports"] = []any{object{"containerPort": 8080.0}}
	}
	port := 8080.0
	for _, p := range doc.Objects(container, "ports") {
		doc.Default(p, "name", "http1")
		port = doc.Number(p, "containerPort")
	}
	if ingress && container["startupProbe"] == nil {
		container["startupProbe"] = startupProbe(port)
	}
	for _, name := range []string{"startupProbe", "livenessProbe", "readinessProbe"} {
		probe := doc.Object(container, name)
		if probe == nil {
			continue
		}
		doc.Default(probe, "timeoutSeconds", 1.0)
		doc.Default(probe, "periodSeconds", 10.0)
		doc.Default(probe, "failureThreshold", 3.0)
		for _, action := range []string{"httpGet", "tcpSocket", "grpc"} {
			if target := doc.Object(probe, action); target != nil {
				doc.Default(target, "port", port)
				if action == "httpGet" {
					doc.Default(target, "path", "/")
				}
			}
		}
	}
}

// startupProbe returns the probe that Cloud Run makes for a container with a port and without a startup probe of its
// own.
func startupProbe(port float64) object {
	return object{"timeoutSeconds": 240.0, "periodSeconds": 240.0, "failureThreshold": 1.0, "tcpSocket": object{"port": port}}
}

// defaultStartup reports whether a container has the startup probe that Cloud Run fills in.
func defaultStartup(container object) bool {
	return doc.Equal(doc.Object(container, "startupProbe"), startupProbe(doc.Number(container, "startupProbe", "tcpSocket", "port")))
}

// checkService refuses a service that the API refuses. The service has its defaults already.
func checkService(id string, service object) error {
	if len(id) > maxServiceName || !nameForm.MatchString(id) {
		return refuse("service_id: '%s' must have at most %d lower-case letters, digits and hyphens, begin with a letter and not end with a "+
			"hyphen", id, maxServiceName)
	}
	if description := doc.Text(service, "description"); len(description) > maxDescription {
		return refuse("description: longer than %d characters", maxDescription)
	}
	for _, holder := range []object{service, doc.Object(service, "template")} {
		if err := checkAnnotations(holder); err != nil {
			return err
		}
	}
	return checkTemplate(id, doc.Object(service, "template"))
}

// checkAnnotations refuses annotations that are reserved for Google.
func checkAnnotations(holder object) error {
	for _, key := range slices.Sorted(maps.Keys(doc.Object(holder, "annotations"))) {
		for _, reserved := range []string{"run.googleapis.com/", "cloud.googleapis.com/", "serving.knative.dev/", "autoscaling.knative.dev/"} {
			if strings.HasPrefix(key, reserved) {
				return refuse("annotations: the annotation '%s' is not supported: %s is reserved", key, reserved)
			}
		}
	}
	return nil
}

func checkTemplate(id string, template object) error {
	if name := doc.Text(template, "revision"); name != "" {
		switch {
		case !strings.HasPrefix(name, id+"-"):
			return refuse("template.revision: The revision name must be prefixed by the name of the enclosing Service with a trailing -: '%s' "+
				"does not begin with '%s-'", name, id)
		case len(name) > maxRevisionName || !nameForm.MatchString(name):
			return refuse("template.revision: '%s' must have at most %d lower-case letters, digits and hyphens and not end with a hyphen", name,
				maxRevisionName)
		}
	}
	containers := doc.Objects(template, "containers")
	if len(containers) == 0 {
		return refuse("template.containers: at least one container is required")
	}
	ports := 0
	for i, item := range containers {
		path := fmt.Sprintf("template.containers[%d]", i)
		if err := checkContainer(path, item); err != nil {
			return err
		}
		ports += len(doc.List(item, "ports"))
	}
	if ports != 1 {
		return refuse("template.containers: exactly one container must have exactly one port, got %d ports", ports)
	}
	if err := checkTogether(template, containers); err != nil {
		return err
	}
	if t := doc.Seconds(doc.Text(template, "timeout")); t < 1 || t > maxTimeout {
		return refuse("template.timeout: %v must be between 1s and %ds", template["timeout"], maxTimeout)
	}
	if n := doc.Number(template, "maxInstanceRequestConcurrency"); n < 1 || n > maxConcurrency {
		return refuse("template.max_instance_request_concurrency: %g must be between 1 and %d", n, maxConcurrency)
	}
	scaling := doc.Object(template, "scaling")
	if doc.Number(scaling, "minInstanceCount") < 0 || doc.Number(scaling, "minInstanceCount") > doc.Number(scaling, "maxInstanceCount") {
		return refuse("template.scaling: min_instance_count %g must be between 0 and max_instance_count %g",
			doc.Number(scaling, "minInstanceCount"), doc.Number(scaling, "maxInstanceCount"))
	}
	return checkResources(template)
}

// reserved lists the variables that Cloud Run sets. PORT is reserved as well, in the container that receives the requests.
var reserved = []string{"K_SERVICE", "K_REVISION", "K_CONFIGURATION"}

func checkContainer(path string, container object) error {
	if image := doc.Text(container, "image"); image == "" {
		return refuse("%s.image: Required", path)
	}
	seen := map[string]bool{}
	for i, item := range doc.Objects(container, "env") {
		env := item
		name := doc.Text(env, "name")
		switch {
		case name == "":
			return refuse("%s.env[%d].name: Required", path, i)
		case slices.Contains(reserved, name) || name == "PORT" && len(doc.List(container, "ports")) > 0:
			return refuse("%s.env: The following reserved env names were provided: %s. These values are automatically set by the system.", path,
				name)
		case seen[name]:
			return refuse("%s.env: the variable '%s' is set more than once", path, name)
		case env["value"] != nil && env["valueSource"] != nil:
			return refuse("%s.env[%d]: value and value_source must not both be set", path, i)
		}
		seen[name] = true
	}
	for _, item := range doc.Objects(container, "ports") {
		if p := doc.Number(item, "containerPort"); p < 1 || p > 65535 {
			return refuse("%s.ports: container_port %g must be between 1 and 65535", path, p)
		}
		if name := doc.Text(item, "name"); name != "http1" && name != "h2c" {
			return refuse("%s.ports: name '%s' must be http1 or h2c", path, name)
		}
	}
	for _, one := range []struct {
		name string
		most float64 // the longest delay and period, in seconds
	}{{"startupProbe", 240}, {"livenessProbe", 3600}, {"readinessProbe", 3600}} {
		if probe := doc.Object(container, one.name); probe != nil {
			if err := checkProbe(path+"."+schema.Snake(one.name), probe, one.most); err != nil {
				return err
			}
			if one.name == "livenessProbe" && probe["tcpSocket"] != nil {
				return refuse("%s.liveness_probe.tcp_socket: is not supported", path)
			}
		}
	}
	return nil
}

func checkProbe(path string, probe object, most float64) error {
	actions := 0
	for _, action := range []string{"httpGet", "tcpSocket", "grpc"} {
		if probe[action] != nil {
			actions++
		}
	}
	delay, period, timeout := doc.Number(probe, "initialDelaySeconds"), doc.Number(probe, "periodSeconds"), doc.Number(probe, "timeoutSeconds")
	switch {
	case actions != 1:
		return refuse("%s: exactly one of http_get, tcp_socket and grpc must be specified", path)
	case delay < 0 || delay > most:
		return refuse("%s.initial_delay_seconds: %g must be between 0 and %g", path, delay, most)
	case period < 1 || period > most:
		return refuse("%s.period_seconds: %g must be between 1 and %g", path, period, most)
	case timeout < 1 || timeout > period:
		return refuse("%s.timeout_seconds: %g must be between 1 and period_seconds (%g)", path, timeout, period)
	case doc.Number(probe, "failureThreshold") < 1:
		return refuse("%s.failure_threshold: must be at least 1", path)
	}
	if get := doc.Object(probe, "httpGet"); get != nil {
		if p := doc.Text(get, "path"); !strings.HasPrefix(p, "/") {
			return refuse("%s.http_get.path: '%s' must begin with a slash", path, p)
		}
	}
	return nil
}
