package chains_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/guiofsaints/procureflow-platform/scaffold"
)

// level returns the variable LOG_LEVEL of the serving revision.
func (c *chain) level(stack, service string) string {
	c.t.Helper()
	var of struct {
		TrafficStatuses []struct {
			Revision string
			Percent  int
		}
	}
	c.get(c.path(stack, service), &of)
	for _, split := range of.TrafficStatuses {
		if split.Percent != 100 {
			continue
		}
		var revision struct {
			Containers []struct {
				Env []struct{ Name, Value string }
			}
		}
		c.get(c.path(stack, service)+"/revisions/"+split.Revision, &revision)
		for _, variable := range revision.Containers[0].Env {
			if variable.Name == "LOG_LEVEL" {
				return variable.Value
			}
		}
	}
	return ""
}

// routine changes what people change most often about a running service: a variable, and the maximum of instances.
func (c *checkout) routine(stack, service, level string) {
	c.t.Helper()
	c.edit("Pulumi."+stack+".yaml", func(text string) string {
		before, of, _ := strings.Cut(text, "      "+service+":\n")
		of = regexp.MustCompile(`^ +environment: \{LOG_LEVEL: [a-z]+\}\n`).ReplaceAllString(of, "")
		return before + "      " + service + ":\n        environment: {LOG_LEVEL: " + level + "}\n" +
			strings.Replace(of, "maxInstances: 2\n", "maxInstances: 3\n", 1)
	})
}

// instances returns the maximum of a service's instances.
func (c *chain) instances(stack, service string) int {
	c.t.Helper()
	var of struct {
		Template struct {
			Scaling struct{ MaxInstanceCount int }
		}
	}
	c.get(c.path(stack, service), &of)
	return of.Template.Scaling.MaxInstanceCount
}

// settled checks an application after its chain. Its owner replaces the stand-ins and makes the most common change. The settings fit,
// and another init changes nothing.
func (c *chain) settled(service string) {
	c.t.Helper()
	args := append(slices.Clone(c.again), "--owner-id", "77", "--repository-id", "4242", "--billing-account", "ABCDEF-012345-6789AB",
		"--alerts", "team@acme.example", "--project-number", "dev=620555111222")
	initialize(c.t, args)
	c.idle()
	c.routine("dev", service, "info")
	report := scaffold.Check(filepath.Join(c.folder, c.settings))
	report.Branch(c.of.branch)
	if notes := strings.Join(report.Notes, "\n"); len(report.Problems) > 0 || strings.Contains(notes, "dev.yaml") {
		c.t.Errorf("the settings do not fit, or dev has stand-ins: %v\n%s", report.Problems, notes)
	}
}

// green fails unless a pull request with what is not committed yet passes all that it has to.
func (c *chain) green() {
	c.t.Helper()
	base := c.git("rev-parse", "HEAD")
	r := c.run("platform-ci.yml", c.pullRequest(base, c.commit("feat: what only the owner knows"), false))
	if !r.ok || r.results["check/settings"] != success || r.results["ci-ok"] != success {
		c.t.Errorf("what a pull request has to pass: %v\n%v", r.results, r)
	}
}
