// Command bench measures the platform's pack against a pack of the same number of rules on @pulumi/policy, side by side in
// one run: both as processes, driven over gRPC with the same requests.
//
//	cd policy/bench/typescript && npm ci && npx tsc && cd ../.. && go run ./bench
//
// It prints the table of docs/performance.md.
package main
