// Package monitoring emulates Cloud Monitoring: uptime checks, channels, alert policies, dashboards, services with objectives,
// and time series of the requests that the data plane has counted.
package monitoring

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/guiofsaints/procureflow-platform/emulator/doc"
	"github.com/guiofsaints/procureflow-platform/emulator/metrics"
	"github.com/guiofsaints/procureflow-platform/emulator/rest"
)

// Host is the API's name.
const Host = "monitoring.googleapis.com"

const channels = "projects/*/notificationChannels"

// APIs returns Cloud Monitoring v3, and v1 for the dashboards. Time series are read from the recorder. The data of a minute
// appears when the minute is over and lag has passed. completed says which executions of jobs have ended.
func APIs(recorder *metrics.Recorder, completed Completed, lag time.Duration) []*rest.API {
	series := &rest.Kind{
		Pattern: "projects/*/timeSeries",
		Read: rest.Read{List: func(q *rest.Request, n rest.Name) (any, error) {
			return sources{recorder, completed, max(lag, q.Disturbance.MetricsLag)}.listTimeSeries(q, n)
		}},
	}
	return []*rest.API{
		{Prefix: "mon/v3", Host: Host, Schema: "mon", Kinds: []*rest.Kind{
			uptimeCheck(), channel(), alertPolicy(), service(), objective(), series}},
		{Prefix: "mon/v1", Host: Host, Schema: "dash", Kinds: []*rest.Kind{dashboard()}},
	}
}

func uptimeCheck() *rest.Kind {
	return &rest.Kind{
		Pattern: "projects/*/uptimeCheckConfigs", Message: "UptimeCheckConfig", Body: "uptime_check_config",
		Read: rest.Read{Items: "uptimeCheckConfigs"},
		Create: &rest.Create{NewID: func(c *rest.Change) string {
			return slug(doc.Text(c.New, "displayName")) + "-" + c.IDs.Letters(11)
		}},
		Update:  &rest.Update{Mask: rest.MaskReplaces},
		Delete:  &rest.Delete{Before: refuseUsedCheck},
		Prepare: prepareUptime,
	}
}

var notInID = regexp.MustCompile(`[^a-z0-9]+`)

// slug converts a display name to an id as Monitoring does.
func slug(display string) string {
	s := strings.Trim(notInID.ReplaceAllString(strings.ToLower(display), "-"), "-")
	return s[:min(len(s), 60)]
}

func prepareUptime(c *rest.Change) error {
	if doc.Text(c.New, "displayName") == "" {
		return rest.Invalid("Field uptime_check_config.display_name is required.")
	}
	doc.Default(c.New, "period", "60s")
	if !slices.Contains([]float64{60, 300, 600, 900}, doc.Seconds(doc.Text(c.New, "period"))) {
		return rest.Invalid("Field uptime_check_config.period had an invalid value of %q: it must be one of 60s, 300s, 600s and 900s.",
			doc.Text(c.New, "period"))
	}
	if t := doc.Seconds(doc.Text(c.New, "timeout")); t < 1 || t > 60 {
		return rest.Invalid("Field uptime_check_config.timeout had an invalid value of %q: it must be between 1s and 60s.",
			doc.Text(c.New, "timeout"))
	}
	if regions := doc.List(c.New, "selectedRegions"); len(regions) > 0 && len(regions) < 3 && !slices.Contains(regions, any("USA")) {
		return rest.Invalid("Field uptime_check_config.selected_regions must have at least three regions, or none for all.")
	}
	http, tcp := doc.Object(c.New, "httpCheck"), doc.Object(c.New, "tcpCheck")
	if c.New["syntheticMonitor"] == nil && (http == nil) == (tcp == nil) {
		return rest.Invalid("Field uptime_check_config must set exactly one of http_check and tcp_check.")
	}
	if http != nil {
		doc.Default(http, "requestMethod", "GET")
		doc.Default(http, "path", "/")
		if path := doc.Text(http, "path"); !strings.HasPrefix(path, "/") {
			http["path"] = "/" + path
		}
		port := 80.0
		if doc.Flag(http, "useSsl") {
			port = 443
		}
		doc.Default(http, "port", port)
	}
	if c.New["resourceGroup"] == nil && c.New["syntheticMonitor"] == nil {
		target := doc.Object(c.New, "monitoredResource")
		if labels := doc.Object(target, "labels"); labels != nil && doc.Text(target, "type") == "uptime_url" {
			doc.Default(labels, "project_id", c.Name.Project.ID)
		}
		if err := checkTarget(target, c.Name.Project.ID); err != nil {
			return err
		}
	}
	doc.Default(c.New, "checkerType", "STATIC_IP_CHECKERS")
	return nil
}

func checkTarget(resource map[string]any, project string) error {
	switch doc.Text(resource, "type") {
	case "":
		return rest.Invalid("Field uptime_check_config.monitored_resource.type is required.")
	case "uptime_url":
		labels := doc.Object(resource, "labels")
		host := doc.Text(labels, "host")
		if host == "" || strings.ContainsAny(host, ":/ ") {
			return rest.Invalid("Field uptime_check_config.monitored_resource.labels[\"host\"] had an invalid value of %q: it must be a host name "+
				"without scheme, port and path.", host)
		}
		if doc.Text(labels, "project_id") != project {
			return rest.Invalid("Field uptime_check_config.monitored_resource.labels[\"project_id\"] had an invalid value of %q: it must be %q.",
				doc.Text(labels, "project_id"), project)
		}
	case "cloud_run_revision", "gae_app", "gce_instance", "aws_ec2_instance", "aws_elb_load_balancer",
		"k8s_service", "servicedirectory_service":
	default:
		return rest.Invalid("Field uptime_check_config.monitored_resource.type had an invalid value of %q: it is not supported for uptime "+
			"checks.", doc.Text(resource, "type"))
	}
	return nil
}

// refuseUsedCheck refuses, as the API does, to delete a check that an alert policy's filter names.
func refuseUsedCheck(c *rest.Change) error {
	for _, n := range c.Children(c.Name.Sibling("alertPolicies")) {
		for _, condition := range doc.Objects(c.Get(n), "conditions") {
			for _, variant := range []string{"conditionThreshold", "conditionAbsent"} {
				if strings.Contains(doc.Text(condition, variant, "filter"), "\""+c.Name.ID()+"\"") {
					return rest.Invalid("Cannot delete check %s. One or more alerting policies is using it. Delete the alerting policy %s first.",
						c.Name.ID(), n.Shown())
				}
			}
		}
	}
	return nil
}

func dashboard() *rest.Kind {
	return &rest.Kind{
		Pattern: "projects/*/dashboards", Message: "Dashboard", Body: "dashboard",
		Names: rest.Names{Numbered: true},
		Read:  rest.Read{Items: "dashboards"},
		Create: &rest.Create{
			NewID: dashboardID, ID: regexp.MustCompile(`^[A-Za-z0-9-]{1,80}$`),
			BadID: rest.Invalid("Invalid dashboard id \"{given}\": it must have letters, digits and hyphens."),
		},
		Update:  &rest.Update{Mask: rest.MaskReplaces},
		Delete:  &rest.Delete{},
		Stamps:  rest.Stamps{Etag: "etag"},
		Prepare: prepareDashboard,
	}
}

// dashboardID returns the id in the request's name, or a new one.
func dashboardID(c *rest.Change) string {
	if given := doc.Text(c.Body, "name"); given != "" {
		return doc.Last(given)
	}
	return c.IDs.UUID()
}

func prepareDashboard(c *rest.Change) error {
	if doc.Text(c.New, "displayName") == "" {
		return rest.Invalid("Field displayName is required.")
	}
	layouts := 0
	for _, layout := range []string{"gridLayout", "mosaicLayout", "rowLayout", "columnLayout"} {
		if c.New[layout] != nil {
			layouts++
		}
	}
	if layouts != 1 {
		return rest.Invalid("A dashboard must have exactly one layout.")
	}
	return nil
}

func service() *rest.Kind {
	return &rest.Kind{
		Pattern: "projects/*/services", Message: "Service", Body: "service",
		Names: rest.Names{Numbered: true},
		Read:  rest.Read{Items: "services"},
		Create: &rest.Create{
			IDParam: "serviceId", NewID: alphanumericID, ID: regexp.MustCompile(`^[a-zA-Z0-9-]{1,63}$`),
			BadID: rest.Invalid("Invalid service id \"{given}\": it must have 1 to 63 letters, digits and hyphens."),
		},
		Update: &rest.Update{Mask: rest.MaskReplaces},
		Delete: &rest.Delete{},
		Prepare: func(c *rest.Change) error {
			if c.New["custom"] == nil && c.New["basicService"] == nil && c.New["cloudRun"] == nil {
				return rest.Invalid("Field service must set one of custom, basic_service and cloud_run.")
			}
			return nil
		},
	}
}

func objective() *rest.Kind {
	return &rest.Kind{
		Pattern: "projects/*/services/*/serviceLevelObjectives", Message: "ServiceLevelObjective", Body: "service_level_objective",
		Names: rest.Names{Numbered: true},
		Read:  rest.Read{Items: "serviceLevelObjectives"},
		Create: &rest.Create{
			IDParam: "serviceLevelObjectiveId", NewID: alphanumericID, ID: regexp.MustCompile(`^[a-zA-Z0-9-]{1,63}$`),
			BadID: rest.Invalid("Invalid service level objective id \"{given}\": it must have 1 to 63 letters, digits and hyphens."),
		},
		Update:  &rest.Update{Mask: rest.MaskReplaces},
		Delete:  &rest.Delete{},
		Prepare: prepareObjective,
	}
}

func alphanumericID(c *rest.Change) string {
	return c.IDs.Pick("abcdefghijklmnopqrstuvwxyz0123456789", 22)
}

func prepareObjective(c *rest.Change) error {
	// The description of the API gives the limit: 0 < goal <= 0.9999.
	if goal := doc.Number(c.New, "goal"); goal <= 0 || goal > 0.9999 {
		return rest.Invalid("Field service_level_objective.goal had an invalid value of %g: it must be greater than 0 and at most 0.9999.", goal)
	}
	rolling, calendar := doc.Text(c.New, "rollingPeriod"), doc.Text(c.New, "calendarPeriod")
	if (rolling == "") == (calendar == "") {
		return rest.Invalid("Field service_level_objective must set exactly one of rolling_period and calendar_period.")
	}
	if rolling != "" {
		const day = float64(24 * time.Hour / time.Second)
		if days := doc.Seconds(rolling) / day; days != float64(int(days)) || days < 1 || days > 30 {
			return rest.Invalid("Field service_level_objective.rolling_period had an invalid value of %q: it must be a whole number of days, 1 to "+
				"30.", rolling)
		}
	}
	indicator := doc.Object(c.New, "serviceLevelIndicator")
	if len(indicator) != 1 {
		return rest.Invalid("Field service_level_objective.service_level_indicator must set exactly one of basic_sli, request_based and " +
			"windows_based.")
	}
	if ratio := doc.Object(indicator, "requestBased", "goodTotalRatio"); ratio != nil && len(ratio) != 2 {
		return rest.Invalid("Field good_total_ratio must set exactly two of good_service_filter, bad_service_filter and total_service_filter.")
	}
	return nil
}
