package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

const (
	starts   = 7   // processes started; the table has the median
	analyses = 500 // Analyze calls measured, after as many that are not
	rounds   = 3   // AnalyzeStack calls of each size; the table has the median
)

var sizes = []int{100, 1000, 10000}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }() // a leftover in the temporary folder does no harm
	engine, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { _ = engine.Close() }() // nobody but the packs connects to it
	all, err := contestants(ctx, folder)
	if err != nil {
		return err
	}
	var columns []column
	for _, c := range all {
		one, err := measure(ctx, c, engine.Addr().String())
		if err != nil {
			return err
		}
		columns = append(columns, one)
	}
	fmt.Print(table(columns))
	return nil
}

// column is what was measured of one contestant, by row.
type column struct {
	name string
	rows []row
}

type row struct {
	what, unit string
	value      float64
}

func measure(ctx context.Context, c contestant, engine string) (column, error) {
	col := column{name: c.name}
	var started []float64
	rules := 0
	for range starts {
		p, err := c.start(ctx, engine)
		if err != nil {
			return col, err
		}
		started, rules = append(started, ms(p.started)), p.rules
		p.stop()
	}
	col.rows = append(col.rows, row{"rules", "", float64(rules)}, row{"start until GetAnalyzerInfo", "ms", median(started)})
	p, err := c.start(ctx, engine)
	if err != nil {
		return col, err
	}
	empty, err := roundTrip(ctx, p)
	p.stop()
	if err != nil {
		return col, err
	}
	col.rows = append(col.rows, row{"a call that does nothing", "ms", empty})
	for _, kind := range kinds {
		p, err := c.start(ctx, engine)
		if err != nil {
			return col, err
		}
		took, err := analyze(ctx, p, kind.resource)
		p.stop()
		if err != nil {
			return col, err
		}
		col.rows = append(col.rows, row{"Analyze, " + kind.name, "ms", took}, row{"the same without the call itself", "ms", took - empty})
	}
	for _, n := range sizes {
		p, err := c.start(ctx, engine)
		if err != nil {
			return col, err
		}
		took, err := analyzeStack(ctx, p, n)
		if err != nil {
			return col, err
		}
		peak, err := p.peak()
		p.stop()
		if err != nil {
			return col, err
		}
		col.rows = append(col.rows, row{fmt.Sprintf("AnalyzeStack, %d resources", n), "ms", took},
			row{fmt.Sprintf("peak memory, %d resources", n), "MB", peak})
	}
	return col, nil
}

// roundTrip is the mean time of a call that does nothing: what of the other times is gRPC, driver included.
func roundTrip(ctx context.Context, p *process) (float64, error) {
	var took time.Duration
	for range 2 { // the first time is a warm-up
		begin := time.Now()
		for range analyses {
			if _, err := p.client.GetPluginInfo(ctx, &emptypb.Empty{}); err != nil {
				return 0, err
			}
		}
		took = time.Since(begin)
	}
	return ms(took) / analyses, nil
}

// kinds are what Analyze is measured on: each makes the i-th resource.
var kinds = []struct {
	name     string
	resource func(i int) crossguardtest.Resource
}{
	{"mixed resources that pass", func(i int) crossguardtest.Resource { return crossguardtest.Sample(5)[i%5] }},
	{"a service that passes", func(int) crossguardtest.Resource { return crossguardtest.Sample(1)[0] }},
	{"a service that violates most rules", func(int) crossguardtest.Resource {
		r := crossguardtest.Sample(1)[0]
		template := r.Properties["template"].(map[string]any)
		container := template["containers"].([]any)[0].(map[string]any)
		container["image"] = "nginx"
		container["envs"].([]any)[0] = map[string]any{"name": "API_TOKEN", "value": "postgres://app:hunter2@db/x"}
		container["resources"] = map[string]any{"cpuIdle": false, "limits": map[string]any{"cpu": "8", "memory": "32Gi"}}
		delete(container, "startupProbe")
		delete(container, "livenessProbe")
		template["scaling"] = map[string]any{"minInstanceCount": 9, "maxInstanceCount": 100}
		template["timeout"], template["maxInstanceRequestConcurrency"] = "3600s", 1000
		template["serviceAccount"] = "1-compute@developer.gserviceaccount.com"
		r.Properties["location"], r.Properties["ingress"] = "mars", "INGRESS_TRAFFIC_ALL"
		r.Properties["deletionProtection"], r.Properties["invokerIamDisabled"] = false, true
		delete(r.Properties, "labels")
		delete(r.Properties, "binaryAuthorization")
		return r
	}},
}

// analyze is the mean time of Analyze, the round trip included.
func analyze(ctx context.Context, p *process, resource func(int) crossguardtest.Resource) (float64, error) {
	var requests []*pulumirpc.AnalyzeRequest
	for i := range analyses {
		request, err := resource(i).Request()
		if err != nil {
			return 0, err
		}
		requests = append(requests, request)
	}
	var took time.Duration
	for range 2 { // the first time is a warm-up
		begin := time.Now()
		for _, request := range requests {
			if _, err := p.client.Analyze(ctx, request); err != nil {
				return 0, err
			}
		}
		took = time.Since(begin)
	}
	return ms(took) / analyses, nil
}

func analyzeStack(ctx context.Context, p *process, n int) (float64, error) {
	request := &pulumirpc.AnalyzeStackRequest{}
	for _, r := range crossguardtest.Sample(n) {
		one, err := r.StackResource()
		if err != nil {
			return 0, err
		}
		request.Resources = append(request.Resources, one)
	}
	var took []float64
	for range rounds {
		begin := time.Now()
		if _, err := p.client.AnalyzeStack(ctx, request); err != nil {
			return 0, err
		}
		took = append(took, ms(time.Since(begin)))
	}
	return median(took), nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// table is the markdown table of all columns, and how many times the last is the first.
func table(columns []column) string {
	var b strings.Builder
	b.WriteString("| measured |")
	for _, c := range columns {
		fmt.Fprintf(&b, " %s |", c.name)
	}
	b.WriteString(" ratio |\n|---|" + strings.Repeat("---|", len(columns)) + "---|\n")
	for i, first := range columns[0].rows {
		fmt.Fprintf(&b, "| %s |", first.what)
		for _, c := range columns {
			fmt.Fprintf(&b, " %s |", strings.TrimSpace(format(c.rows[i].value)+" "+first.unit))
		}
		fmt.Fprintf(&b, " %s |\n", format(columns[len(columns)-1].rows[i].value/first.value))
	}
	return b.String()
}

// format writes three digits.
func format(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// defaults are the options' defaults, which the engine passes to Configure.
func defaults(p *pulumirpc.PolicyInfo) *structpb.Struct {
	options := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for name, schema := range p.GetConfigSchema().GetProperties().GetFields() {
		if v := schema.GetStructValue().GetFields()["default"]; v != nil {
			options.Fields[name] = v
		}
	}
	return options
}
