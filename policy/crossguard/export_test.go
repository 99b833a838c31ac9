package crossguard

// These functions are exported to the benchmarks, which measure them without the cost of the network.
var (
	Analyze      = (*Server).analyze
	AnalyzeStack = (*Server).analyzeStack
)
