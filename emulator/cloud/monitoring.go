package cloud

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const monitoringHost = "monitoring.googleapis.com"

var digitsID = regexp.MustCompile(`^[0-9]{1,30}$`)

func uptimeKinds() []*kind {
	return []*kind{{
		prefix: "mon/v3", host: monitoringHost, pattern: "projects/*/uptimeCheckConfigs", message: "mon:UptimeCheckConfig",
		body: "uptime_check_config", listField: "uptimeCheckConfigs",
		newID: func(c *change) string { return slug(text(c.new, "displayName")) + "-" + c.cloud.letters(11) },
		id:    regexp.MustCompile(`^[a-z0-9-]{1,120}$`), idFix: "Invalid uptime check id %q.",
		mask: maskReplaces, prepare: prepareUptime, remove: refuseUsedCheck,
	}}
}

// slug is a display name as Monitoring makes ids of it.
func slug(display string) string {
	s := strings.Trim(regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(display), "-"), "-")
	return s[:min(len(s), 60)]
}

func seconds(duration string) float64 {
	f, _ := strconv.ParseFloat(strings.TrimSuffix(duration, "s"), 64)
	return f
}

func prepareUptime(c *change) error {
	if text(c.new, "displayName") == "" {
		return invalid("Field uptime_check_config.display_name is required.")
	}
	setDefault(c.new, "period", "60s")
	if !slices.Contains([]float64{60, 300, 600, 900}, seconds(text(c.new, "period"))) {
		return invalid("Field uptime_check_config.period had an invalid value of %q: it must be one of 60s, 300s, 600s and 900s.",
			text(c.new, "period"))
	}
	if t := seconds(text(c.new, "timeout")); t < 1 || t > 60 {
		return invalid("Field uptime_check_config.timeout had an invalid value of %q: it must be between 1s and 60s.", text(c.new, "timeout"))
	}
	if regions := list(c.new, "selectedRegions"); len(regions) > 0 && len(regions) < 3 && !slices.Contains(regions, any("USA")) {
		return invalid("Field uptime_check_config.selected_regions must have at least three regions, or none for all.")
	}
	http, tcp := object(c.new, "httpCheck"), object(c.new, "tcpCheck")
	if c.new["syntheticMonitor"] == nil && (http == nil) == (tcp == nil) {
		return invalid("Field uptime_check_config must set exactly one of http_check and tcp_check.")
	}
	if http != nil {
		setDefault(http, "requestMethod", "GET")
		setDefault(http, "path", "/")
		if path := text(http, "path"); !strings.HasPrefix(path, "/") {
			http["path"] = "/" + path
		}
		port := 80.0
		if flag(http, "useSsl") {
			port = 443
		}
		setDefault(http, "port", port)
	}
	if c.new["resourceGroup"] == nil && c.new["syntheticMonitor"] == nil {
		if err := checkTarget(object(c.new, "monitoredResource"), c.name.project.id); err != nil {
			return err
		}
	}
	setDefault(c.new, "checkerType", "STATIC_IP_CHECKERS")
	return nil
}

func checkTarget(resource map[string]any, project string) error {
	switch text(resource, "type") {
	case "":
		return invalid("Field uptime_check_config.monitored_resource.type is required.")
	case "uptime_url":
		labels := object(resource, "labels")
		host := text(labels, "host")
		if host == "" || strings.ContainsAny(host, ":/ ") {
			return invalid("Field uptime_check_config.monitored_resource.labels[\"host\"] had an invalid value of %q: it must be a host "+
				"name without scheme, port and path.", host)
		}
		setDefault(labels, "project_id", project)
		if text(labels, "project_id") != project {
			return invalid("Field uptime_check_config.monitored_resource.labels[\"project_id\"] had an invalid value of "+
				"%q: it must be %q.", text(labels, "project_id"), project)
		}
	case "cloud_run_revision", "gae_app", "gce_instance", "aws_ec2_instance", "aws_elb_load_balancer", "k8s_service",
		"servicedirectory_service":
	default:
		return invalid("Field uptime_check_config.monitored_resource.type had an invalid value of %q: it is not supported for uptime "+
			"checks.", text(resource, "type"))
	}
	return nil
}

// refuseUsedCheck keeps a check that an alert policy's filter names, as the API does.
func refuseUsedCheck(c *change) (map[string]any, error) {
	policies := name{kind: kindOf(monitoringHost, "projects/*/alertPolicies"), project: c.name.project,
		segments: []string{"projects", c.name.project.id, "alertPolicies"}}
	for _, n := range c.children(policies) {
		for _, item := range list(c.get(n), "conditions") {
			condition := item.(map[string]any)
			for _, variant := range []string{"conditionThreshold", "conditionAbsent"} {
				if strings.Contains(text(condition, variant, "filter"), "\""+c.name.id()+"\"") {
					return nil, invalid("Cannot delete check %s. One or more alerting policies is using it. Delete the alerting policy "+
						"%s first.", c.name.id(), n.shown())
				}
			}
		}
	}
	return nil, nil
}

func dashboardKinds() []*kind {
	return []*kind{{
		prefix: "mon/v1", host: monitoringHost, pattern: "projects/*/dashboards", message: "dash:Dashboard", body: "dashboard",
		listField: "dashboards", numbered: true,
		newID: func(c *change) string {
			if given := text(c.body, "name"); given != "" {
				return given[strings.LastIndexByte(given, '/')+1:]
			}
			return c.cloud.uuid()
		},
		id: regexp.MustCompile(`^[A-Za-z0-9-]{1,80}$`), idFix: "Invalid dashboard id %q: it must have letters, digits and hyphens.",
		mask: maskReplaces, etag: "etag",
		prepare: func(c *change) error {
			if text(c.new, "displayName") == "" {
				return invalid("Field displayName is required.")
			}
			layouts := 0
			for _, layout := range []string{"gridLayout", "mosaicLayout", "rowLayout", "columnLayout"} {
				if c.new[layout] != nil {
					layouts++
				}
			}
			if layouts != 1 {
				return invalid("A dashboard must have exactly one layout.")
			}
			return nil
		},
	}}
}

func objectiveKinds() []*kind {
	service := &kind{
		prefix: "mon/v3", host: monitoringHost, pattern: "projects/*/services", message: "mon:Service", body: "service",
		listField: "services", numbered: true,
		idParam: "serviceId", newID: func(c *change) string { return c.cloud.pick("abcdefghijklmnopqrstuvwxyz0123456789", 22) },
		id:    regexp.MustCompile(`^[a-zA-Z0-9-]{1,63}$`),
		idFix: "Invalid service id %q: it must have 1 to 63 letters, digits and hyphens.", mask: maskReplaces,
		prepare: func(c *change) error {
			if c.new["custom"] == nil && c.new["basicService"] == nil && c.new["cloudRun"] == nil {
				return invalid("Field service must set one of custom, basic_service and cloud_run.")
			}
			return nil
		},
	}
	objective := &kind{
		prefix: "mon/v3", host: monitoringHost, pattern: "projects/*/services/*/serviceLevelObjectives",
		message: "mon:ServiceLevelObjective", body: "service_level_objective",
		listField: "serviceLevelObjectives", numbered: true, idParam: "serviceLevelObjectiveId",
		newID: func(c *change) string { return c.cloud.pick("abcdefghijklmnopqrstuvwxyz0123456789", 22) },
		id:    regexp.MustCompile(`^[a-zA-Z0-9-]{1,63}$`),
		idFix: "Invalid service level objective id %q: it must have 1 to 63 letters, digits and hyphens.", mask: maskReplaces,
		prepare: prepareObjective,
	}
	return []*kind{service, objective}
}

func prepareObjective(c *change) error {
	// The description of the API gives the limit: 0 < goal <= 0.9999.
	if goal := number(c.new, "goal"); goal <= 0 || goal > 0.9999 {
		return invalid("Field service_level_objective.goal had an invalid value of %g: it must be greater than 0 and at most 0.9999.", goal)
	}
	rolling, calendar := text(c.new, "rollingPeriod"), text(c.new, "calendarPeriod")
	if (rolling == "") == (calendar == "") {
		return invalid("Field service_level_objective must set exactly one of rolling_period and calendar_period.")
	}
	if rolling != "" {
		const day = float64(24 * time.Hour / time.Second)
		if days := seconds(rolling) / day; days != float64(int(days)) || days < 1 || days > 30 {
			return invalid("Field service_level_objective.rolling_period had an invalid value of %q: it must be a whole number of days, "+
				"1 to 30.", rolling)
		}
	}
	indicator := object(c.new, "serviceLevelIndicator")
	if len(indicator) != 1 {
		return invalid("Field service_level_objective.service_level_indicator must set exactly one of basic_sli, request_based and " +
			"windows_based.")
	}
	if ratio := object(indicator, "requestBased", "goodTotalRatio"); ratio != nil && len(ratio) != 2 {
		return invalid("Field good_total_ratio must set exactly two of good_service_filter, bad_service_filter and total_service_filter.")
	}
	return nil
}
