// Package monitoring watches Cloud Run services from outside and from their metrics, tells people, and shows what happened
// when. It has four components, because they come in different numbers:
//
//	channels, err := monitoring.NewChannels(ctx, "alerts", &monitoring.ChannelsArgs{          // one per stack
//		Project: project, Emails: []string{"on-call@example.com"},
//	})
//	_, err = monitoring.NewWatch(ctx, "watch-web", &monitoring.WatchArgs{                     // one per service
//		Project: project, Location: region, Environment: "dev", ServiceName: web.Name,
//		Channels: channels.Names, RunbookURL: "https://example.com/runbooks",
//		Uptime: &monitoring.Uptime{Host: web.Host, Path: "/api/health"},
//		AvailabilityPercent: 99.5,
//	})
//	_, err = monitoring.NewJobWatch(ctx, "watch-job-tidy", &monitoring.JobWatchArgs{          // one per job
//		Project: project, Location: region, Environment: "dev", JobName: tidy.Name,
//		Channels: channels.Names, RunbookURL: "https://example.com/runbooks", Failure: true, LateAfterHours: 25,
//	})
//	dashboard, err := monitoring.NewDashboard(ctx, "dashboard", &monitoring.DashboardArgs{    // one per stack
//		Project: project, Title: "ProcureFlow dev", Services: map[string]pulumi.StringInput{"web": web.Name},
//	})
//
// # Alerts
//
// There are few, and each is worth somebody's attention: the service cannot be reached, it burns its error budget (fast or
// slowly), it is slow, it refuses requests because every instance is busy. A plain 5xx threshold is not among them: it means
// nothing without the volume and the objective, and the burn rate has both.
//
// Burn rates and windows are those of the Site Reliability Workbook, chapter 5, "Alerting on SLOs", section
// "Multiwindow, Multi-Burn-Rate Alerts" (https://sre.google/workbook/alerting-on-slos/). Under low traffic a single
// failure can be a large share; requests of the uptime check count as requests and keep the denominator up.
//
// Each alert links to the runbook page with its own key as the section: uptime, fast-burn, slow-burn, refused and latency. With an
// objective for latency, latency-fast-burn and latency-slow-burn take the place of latency. A job has job-failed and job-late.
//
// # Renames
//
// The type tokens and the children's logical names are a permanent interface: stacks remember them. A rename keeps a
// pulumi.Alias with the old name on the renamed resource until no stack has the old one.
package monitoring
