package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// scale previews and brings up a stack of each size, in a sandbox of its own, on this machine's own build cache. The exponent
// compares with the size before: 1 is linear growth.
func (b *bench) scale(sizes []int) error {
	b.warm = true
	sandbox, _, err := b.build("./cmd/sandbox")
	if err != nil {
		return err
	}
	fmt.Println("| services | preview | processor time | up | processor time | exponent | peak memory |\n|---|---|---|---|---|---|---|")
	var before cost
	for i, size := range sizes {
		folder := filepath.Join(b.folder, fmt.Sprint(size))
		if err := writeApplication(filepath.Join(b.clone, "tests", "application"), folder, size); err != nil {
			return err
		}
		run := func(command ...string) (cost, error) {
			return b.command(sandbox, append([]string{"--state", filepath.Join(folder, "state"), "--dir", folder}, command...)...)
		}
		preview, err := run("preview", "dev")
		if err == nil {
			var up cost
			if up, err = run("up", "dev"); err == nil {
				grows := ""
				if i > 0 {
					grows = fmt.Sprintf("%.2f", math.Log(up.cpu.Seconds()/before.cpu.Seconds())/math.Log(float64(size)/float64(sizes[i-1])))
				}
				fmt.Printf("| %d | %.1f s | %.1f s | %.1f s | %.1f s | %s | %d MB |\n", size, preview.wall.Seconds(), preview.cpu.Seconds(),
					up.wall.Seconds(), up.cpu.Seconds(), grows, up.memory>>20)
				before = up
			}
		}
		_, _ = run("stop")
		if err != nil {
			return err
		}
	}
	return nil
}

// writeApplication copies the tests' application, with so many services in the stack dev: the first as it is, the others behind it,
// called by nobody from outside.
func writeApplication(from, to string, services int) error {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	// The ceiling is one service's.
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
