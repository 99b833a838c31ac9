package monitoring_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/guiofsaints/procureflow-platform/components/monitoring"
	"github.com/guiofsaints/procureflow-platform/internal/pulumitest"
)

func ExampleNewWatch() {
	pulumitest.Print(func(ctx *pulumi.Context) error {
		project, service := pulumi.String("shop-dev"), pulumi.String("shop-web")
		channels, err := monitoring.NewChannels(ctx, "alerts", &monitoring.ChannelsArgs{ // one per stack
			Project: project, Emails: []string{"on-call@example.com"},
		})
		if err != nil {
			return err
		}
		if _, err := monitoring.NewWatch(ctx, "watch-web", &monitoring.WatchArgs{ // one per service
			Project: project, Location: pulumi.String("us-central1"), Environment: "dev", ServiceName: service, Channels: channels.Names,
			RunbookURL: "https://example.com/runbooks", AvailabilityPercent: 99.5,
			Uptime: &monitoring.Uptime{Host: pulumi.String("shop-web-123456789012.us-central1.run.app"), Path: "/api/health"},
		}); err != nil {
			return err
		}
		if _, err := monitoring.NewJobWatch(ctx, "watch-job-tidy", &monitoring.JobWatchArgs{ // one per job
			Project: project, Location: pulumi.String("us-central1"), Environment: "dev", JobName: pulumi.String("shop-tidy"),
			Channels: channels.Names, RunbookURL: "https://example.com/runbooks", Failure: true, LateAfterHours: 25,
		}); err != nil {
			return err
		}
		_, err = monitoring.NewDashboard(ctx, "dashboard", &monitoring.DashboardArgs{ // one per stack
			Project: project, Title: "Shop dev", Services: map[string]pulumi.StringInput{"web": service},
		})
		return err
	})
	// Output:
	// procureflow:monitoring:Channels alerts
	// gcp:monitoring/notificationChannel:NotificationChannel alerts-email-on-call-example-com
	// procureflow:monitoring:Dashboard dashboard
	// gcp:monitoring/dashboard:Dashboard dashboard-page
	// gcp:logging/metric:Metric dashboard-updates
	// procureflow:monitoring:JobWatch watch-job-tidy
	// gcp:monitoring/alertPolicy:AlertPolicy watch-job-tidy-alert-job-failed
	// gcp:monitoring/alertPolicy:AlertPolicy watch-job-tidy-alert-job-late
	// procureflow:monitoring:Watch watch-web
	// gcp:monitoring/alertPolicy:AlertPolicy watch-web-alert-fast-burn
	// gcp:monitoring/alertPolicy:AlertPolicy watch-web-alert-latency
	// gcp:monitoring/alertPolicy:AlertPolicy watch-web-alert-refused
	// gcp:monitoring/alertPolicy:AlertPolicy watch-web-alert-slow-burn
	// gcp:monitoring/alertPolicy:AlertPolicy watch-web-alert-uptime
	// gcp:monitoring/slo:Slo watch-web-availability
	// gcp:monitoring/genericService:GenericService watch-web-service
	// gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig watch-web-uptime
}
