package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// scale previews and brings up a stack of each size, and checks its state against the policies, in a new sandbox, with this machine's
// own build cache.
func (b *bench) scale(sizes []int) error {
	b.warm = true
	sandbox, _, err := b.build("./cmd/sandbox")
	if err != nil {
		return err
	}
	fmt.Fprintln(b.streams.Out, "| services | resources | preview | up | policies | exponents | peak memory |\n|---|---|---|---|---|---|---|")
	var before scaled
	for _, size := range sizes {
		folder := filepath.Join(b.folder, fmt.Sprint(size))
		if err := writeApplication(filepath.Join(b.clone, "tests", "application"), folder, size); err != nil {
			return err
		}
		measured, err := b.scaleOne(sandbox, folder)
		if err != nil {
			return err
		}
		fmt.Fprintln(b.streams.Out, measured.row(size, before))
		before = measured
	}
	return nil
}

// scaled holds the measurements of a stack of one size.
type scaled struct {
	resources             int
	preview, up, policies cost
}

func (b *bench) scaleOne(sandbox, folder string) (s scaled, err error) {
	run := func(out io.Writer, command ...string) (cost, error) {
		return b.commandTo(out, sandbox, append([]string{"--state", filepath.Join(folder, "state"), "--dir", folder}, command...)...)
	}
	defer func() { _, _ = run(b.streams.Err, "stop") }()
	if s.preview, err = run(b.streams.Err, "preview", "dev"); err != nil {
		return s, err
	}
	if s.up, err = run(b.streams.Err, "up", "dev"); err != nil {
		return s, err
	}
	var exported bytes.Buffer
	if _, err = run(&exported, "export", "dev"); err != nil {
		return s, err
	}
	var state struct {
		Deployment struct{ Resources []json.RawMessage }
	}
	file := filepath.Join(folder, "state.json")
	if err = errors.Join(json.Unmarshal(exported.Bytes(), &state), os.WriteFile(file, exported.Bytes(), 0o600)); err != nil {
		return s, fmt.Errorf("read the exported state: %w", err)
	}
	s.resources = len(state.Deployment.Resources)
	s.policies, err = run(b.streams.Err, "analyze", file, "--stack", "dev")
	return s, err
}

// row shows what was measured. An exponent says how the processor time of preview, up and policies grows with the resources, compared with
// the size before: 1 is in proportion.
func (s scaled) row(services int, before scaled) string {
	exponents := ""
	if before.resources > 0 {
		growth := math.Log(float64(s.resources) / float64(before.resources))
		exponent := func(now, then cost) float64 { return math.Log(now.cpu.Seconds()/then.cpu.Seconds()) / growth }
		exponents = fmt.Sprintf("%.2f, %.2f, %.2f", exponent(s.preview, before.preview), exponent(s.up, before.up),
			exponent(s.policies, before.policies))
	}
	both := func(c cost) string { return fmt.Sprintf("%.1f s, %.1f s", c.wall.Seconds(), c.cpu.Seconds()) }
	return fmt.Sprintf("| %d | %d | %s | %s | %s | %s | %d MB |", services, s.resources, both(s.preview), both(s.up), both(s.policies),
		exponents, max(s.preview.memory, s.up.memory)>>20)
}

// writeApplication copies the tests' application with this number of services in the stack dev. The first service is unchanged. The
// others follow it, and nobody outside can call them.
func writeApplication(from, to string, services int) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	// The ceiling is that of one service.
	policies := filepath.Join(to, "policy", "dev.json")
	configured, err := os.ReadFile(policies)
	if err != nil {
		return err
	}
	dear := strings.Replace(string(configured), "{", `{"worst-case-cost": "advisory",`, 1)
	if err := os.WriteFile(policies, []byte(dear), 0o600); err != nil {
		return err
	}
	file := filepath.Join(to, "Pulumi.dev.yaml")
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	grown, err := withServices(string(content), services)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(grown), 0o600)
}

// withServices repeats the service web of a stack file.
func withServices(content string, services int) (string, error) {
	start, end := strings.Index(content, "      web:\n"), strings.Index(content, "    monitoring:\n")
	if start < 0 || end < start {
		return "", fmt.Errorf("the stack file has no service web before its monitoring")
	}
	web := content[start:end]
	var all strings.Builder
	all.WriteString(content[:start] + web)
	for i := 1; i < services; i++ {
		all.WriteString(strings.NewReplacer("      web:\n", fmt.Sprintf("      w%d:\n", i), "procureflow-web", fmt.Sprintf("procureflow-w%d", i),
			"image: web", fmt.Sprintf("image: w%d", i), "procureflow-cloudrun", fmt.Sprintf("procureflow-r%d", i), "public: true",
			"public: false", "ingress: all", "ingress: internal", "maxInstances: 2", "maxInstances: 1").Replace(web))
	}
	return all.String() + content[end:], nil
}
