// Command bench measures the platform's pack against packs of the same number of rules on policyx, which is Pulumi's own Go SDK,
// and on @pulumi/policy, side by side in one run: all as processes, driven over gRPC with the same requests.
//
//	cd policy/bench/typescript && npm ci && npx tsc && cd ../.. && go run ./bench
//
// It prints the table of docs/performance.md.
package main
