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
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/guiofsaints/procureflow-platform/policy/crossguard/crossguardtest"
)

const (
	starts = 7    // processes started; the table has the median
	calls  = 2000 // Analyze calls measured, after as many that are not
	rounds = 5    // AnalyzeStack calls of each size; the table has the median
	// atOnce is how many resource operations the engine runs at the same time on a machine with two cores: four for each core
	// (pkg/v3 v3.259.0, cmd/pulumi/operations/up.go, defaultParallel). The engine still analyzes one resource at a time.
	atOnce = 8
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
	defer func() { _ = engine.Close() }() // only the packs connect to it
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

// column holds the measurements of one contestant, by row.
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
		p, err := c.rules.start(ctx, engine)
		if err != nil {
			return col, err
		}
		started, rules = append(started, ms(p.started)), p.rules
		p.stop()
	}
	col.rows = append(col.rows, row{"rules", "", float64(rules)}, row{"start until GetAnalyzerInfo", "ms", median(started)})
	empty := make([][]byte, calls)
	took, err := timed(ctx, c.rules, engine, load{pulumirpc.Analyzer_GetPluginInfo_FullMethodName, empty, 1}, nil)
	if err != nil {
		return col, err
	}
	col.rows = append(col.rows, row{"a call that does nothing", "ms", took.clock})
	for _, kind := range kinds {
		pack := c.rules
		if kind.reporting {
			pack = c.reporting
		}
		rows, err := analyze(ctx, pack, engine, kind)
		if err != nil {
			return col, err
		}
		col.rows = append(col.rows, rows...)
	}
	for _, n := range sizes {
		rows, err := analyzeStack(ctx, c.rules, engine, n)
		if err != nil {
			return col, err
		}
		col.rows = append(col.rows, rows...)
	}
	return col, nil
}

// timed starts a pack and times a load. If check is given, it first checks the pack's first answer.
func timed(ctx context.Context, pack launch, engine string, l load, check func(diagnostics int) bool) (cost, error) {
	p, err := pack.start(ctx, engine)
	if err != nil {
		return cost{}, err
	}
	defer p.stop()
	if check != nil {
		if err := p.check(ctx, l.method, l.requests[0], check); err != nil {
			return cost{}, err
		}
	}
	return p.time(ctx, l)
}

// kind is one sort of request that Analyze is measured with.
type kind struct {
	name      string
	resource  func(i int) crossguardtest.Resource
	reporting bool                       // ask the pack whose rules all report
	reports   func(diagnostics int) bool // whether the first answer has as many diagnostics as the row says
}

func none(n int) bool { return n == 0 }
func many(n int) bool { return n >= 10 }

var kinds = []kind{
	{name: "mixed resources that pass", reports: none, resource: func(i int) crossguardtest.Resource { return crossguardtest.Sample(5)[i%5] }},
	{name: "a service that passes", reports: none, resource: func(int) crossguardtest.Resource { return crossguardtest.Sample(1)[0] }},
	{name: "a service that violates most rules", reports: many, resource: func(int) crossguardtest.Resource {
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
	}}, {name: "a service on which each of 40 rules reports", reporting: true, reports: func(n int) bool { return n == 40 },
		resource: func(int) crossguardtest.Resource { return crossguardtest.Sample(1)[0] }},
}

// analyze measures Analyze, one call at a time and several at once.
func analyze(ctx context.Context, pack launch, engine string, k kind) ([]row, error) {
	l := load{method: pulumirpc.Analyzer_Analyze_FullMethodName, atOnce: 1}
	for i := range calls {
		request, err := k.resource(i).Request()
		if err != nil {
			return nil, err
		}
		encoded, err := proto.Marshal(request)
		if err != nil {
			return nil, err
		}
		l.requests = append(l.requests, encoded)
	}
	alone, err := timed(ctx, pack, engine, l, k.reports)
	if err != nil {
		return nil, err
	}
	l.atOnce = atOnce
	together, err := timed(ctx, pack, engine, l, k.reports)
	return []row{
		{"Analyze, " + k.name, "ms", alone.clock},
		{"the pack's processor time of it", "ms", alone.cpu},
		{fmt.Sprintf("a resource of that, %d calls at once", atOnce), "ms", together.clock},
	}, err
}

// analyzeStack measures AnalyzeStack on n resources. It also measures the peak memory of a pack that has answered AnalyzeStack
// alone.
func analyzeStack(ctx context.Context, pack launch, engine string, n int) ([]row, error) {
	request := &pulumirpc.AnalyzeStackRequest{}
	for _, r := range crossguardtest.Sample(n) {
		one, err := r.StackResource()
		if err != nil {
			return nil, err
		}
		request.Resources = append(request.Resources, one)
	}
	encoded, err := proto.Marshal(request)
	if err != nil {
		return nil, err
	}
	p, err := pack.start(ctx, engine)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	var took []float64
	for range rounds {
		begin := time.Now()
		if err := p.call(ctx, pulumirpc.Analyzer_AnalyzeStack_FullMethodName, encoded, nil); err != nil {
			return nil, err
		}
		took = append(took, ms(time.Since(begin)))
	}
	peak, err := p.peak()
	return []row{
		{fmt.Sprintf("AnalyzeStack, %d resources", n), "ms", median(took)},
		{fmt.Sprintf("peak memory, %d resources", n), "MB", peak},
	}, err
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// table writes all columns as a markdown table. Its last columns compare each other contestant with the first one, as a quotient.
func table(columns []column) string {
	var b strings.Builder
	b.WriteString("| measured |")
	for _, c := range columns {
		fmt.Fprintf(&b, " %s |", c.name)
	}
	for _, c := range columns[1:] {
		fmt.Fprintf(&b, " %s / %s |", c.name, columns[0].name)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", 2*len(columns)-1) + "\n")
	for i, first := range columns[0].rows {
		fmt.Fprintf(&b, "| %s |", first.what)
		for _, c := range columns {
			fmt.Fprintf(&b, " %s |", strings.TrimSpace(format(c.rows[i].value)+" "+first.unit))
		}
		for _, c := range columns[1:] {
			fmt.Fprintf(&b, " %s |", format(c.rows[i].value/first.value))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// format writes a number with three digits.
func format(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	case v >= 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

// optionsOf collects the options of a policy, as the engine passes them to Configure: their defaults, and what the sample needs so that the
// platform's rules report nothing.
func optionsOf(p *pulumirpc.PolicyInfo) *structpb.Struct {
	options := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for name, schema := range p.GetConfigSchema().GetProperties().GetFields() {
		if v := schema.GetStructValue().GetFields()["default"]; v != nil {
			options.Fields[name] = v
		}
		if values, set := crossguardtest.SampleOptions()[p.Name][name]; set {
			list := &structpb.ListValue{}
			for _, value := range values {
				list.Values = append(list.Values, structpb.NewStringValue(value))
			}
			options.Fields[name] = structpb.NewListValue(list)
		}
	}
	return options
}
