package crossguard

// What a benchmark has to call without the cost of the network.
var (
	Analyze      = (*Server).analyze
	AnalyzeStack = (*Server).analyzeStack
)
