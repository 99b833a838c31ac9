package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/guiofsaints/procureflow-platform/emulator/google/run"
	"github.com/guiofsaints/procureflow-platform/internal/wait"
	release "github.com/guiofsaints/procureflow-platform/release/command"
)

// The scene's job, database and sidecar have one name, which no stack has by chance.
const sceneName = "demo-migrate"

// migrating is the release policy of a service whose database is migrated first.
const migrating = `environments:
  sandbox:
    steps: [{percent: 10, bake: 4s}, {percent: 100, bake: 4s}]
    inconclusive: proceed
    probe: {count: 20, pace: 100ms, interval: 200ms, marker: {header: X-Sandbox-Revision, value: "{revision}"}}
    before: [{job: ` + sceneName + `, timeout: 1m}]
`

// addMigration gives the stack's first service a sidecar, a database, and a job that migrates the database as its own user.
func (d *demonstration) addMigration() error {
	file := filepath.Join(d.app.dir, "Pulumi.dev.yaml")
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if content, err = withMigration(content); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(file), err)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		return err
	}
	return d.judgeBy(migration, migrating)
}

// withMigration adds the scene to a stack file. Comments and order are lost, and the copy is the demonstration's own.
func withMigration(content []byte) ([]byte, error) {
	var file map[string]any
	if err := yaml.Unmarshal(content, &file); err != nil {
		return nil, err
	}
	config, _ := file["config"].(map[string]any)
	for _, value := range config {
		settings, _ := value.(map[string]any)
		services, _ := settings["services"].(map[string]any)
		if len(services) == 0 {
			continue
		}
		key := slices.Min(slices.Collect(maps.Keys(services)))
		service, _ := services[key].(map[string]any)
		if service["vpc"] == nil {
			service["vpc"] = map[string]any{"network": "default"}
		}
		add(service, "databases", "DEMO", sceneName)
		add(service, "sidecars", sceneName, map[string]any{"image": service["bootstrapImage"], "startup": map[string]any{"tcp": true,
			"port": 9000}, "liveness": map[string]any{"path": "/ready", "port": 9000}})
		after, _ := service["after"].([]any)
		service["after"] = append(after, sceneName)
		add(settings, "databases", sceneName, map[string]any{"network": "default"})
		add(settings, "jobs", sceneName, map[string]any{"name": sceneName, "runtimeAccount": sceneName, "service": key,
			"args": []any{"migrate"}, "release": true, "vpc": service["vpc"], "databases": map[string]any{"DEMO": sceneName}})
		var out bytes.Buffer
		encoder := yaml.NewEncoder(&out)
		encoder.SetIndent(2)
		err := errors.Join(encoder.Encode(file), encoder.Close())
		return out.Bytes(), err
	}
	return nil, errors.New("the stack file declares no service, and the demonstration needs one")
}

// add puts a value into a map of a map, which may be absent.
func add(into map[string]any, group, key string, value any) {
	values, _ := into[group].(map[string]any)
	if values == nil {
		values = map[string]any{}
		into[group] = values
	}
	values[key] = value
}

// badMigration makes a release whose migration fails once. The release is taken back before anybody reaches it, tried again, and at last
// rolled back by hand. No visitor notices anything.
func (d *demonstration) badMigration(ctx context.Context, digest string) error {
	stable := d.visitors.latest()
	d.chapter("The next image is deployed. Its migration fails, before the first visitor.")
	job := fmt.Sprintf("projects/%s/locations/%s/jobs/%s", d.settings.Project.ID, d.settings.Project.Region, sceneName)
	if err := d.client.SetJobBehaviour(ctx, job, run.JobBehaviour{Takes: time.Second, Fail: 1}); err != nil {
		return err
	}
	if err := d.deploy(ctx, digest); err != nil {
		return err
	}
	d.visitors.restart(time.Now(), stable, nil)
	if code := d.release(ctx, "rollout", d.service.Name); code != release.ExitRolledBack {
		return errors.Join(ctx.Err(), fmt.Errorf("the release whose migration failed ended with exit code %d, not %d", code,
			release.ExitRolledBack))
	}
	if others := d.visitors.others(stable); len(others) > 0 {
		return fmt.Errorf("visitors were answered by %v, though the migration had failed", others)
	}
	d.chapter("The cause is mended, and the same image is tried again.")
	if code := d.release(ctx, "rollout", d.service.Name, "--retry"); code != 0 {
		return errors.Join(ctx.Err(), fmt.Errorf("the release that was tried again ended with exit code %d", code))
	}
	released := d.visitors.latest()
	d.chapter("It is rolled back by hand. The database stays as it is, and the old code works on it.")
	if code := d.release(ctx, "rollback", d.service.Name, "--why", "the demonstration is over"); code != 0 {
		return errors.Join(ctx.Err(), fmt.Errorf("the rollback ended with exit code %d", code))
	}
	if err := wait.For(ctx, time.Second); err != nil {
		return err
	}
	fmt.Fprintf(d.streams.Out, "\nThe visitors' answers since that image:\n%s", d.visitors.table())
	if last := d.visitors.latest(); released == stable || last != stable {
		return fmt.Errorf("%s answered after the release and %s after the rollback: want a new revision, then %s", released, last, stable)
	}
	if first := d.visitors.firstBad(); !first.IsZero() {
		return errors.New("a visitor had a bad answer")
	}
	fmt.Fprintln(d.streams.Out, "No visitor had a bad answer.")
	return nil
}
