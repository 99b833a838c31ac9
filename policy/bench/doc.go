// Command bench compares the platform's policy pack with packs of the same number of rules on policyx, which is Pulumi's own Go
// SDK, and on @pulumi/policy. All packs run side by side, as processes that get the same requests over gRPC.
//
//	cd policy/bench/typescript && npm ci && npx tsc && cd ../.. && go run ./bench
//
// It prints the table of docs/performance.md.
package main
