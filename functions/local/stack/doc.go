// Package stack is what template.yaml deploys, on one machine and as one
// value: [Open] starts it, Close ends it. The command functions/local and the
// tests use the same two.
//
//	browsers ──> Viewer ──┬─ /ws ───> edge.Gateway ──> socket ┐
//	                      ├─ /v1/ ──> edge.HTTP ─────> http   ├──> ddb.Proxy ──> dynalite
//	                      └─ /  ────> sdk/dist                │
//	                         edge.Schedule ──────────> sweep  ┤
//	             all of them ──> edge.Invocations ───> assist ┘
//	         └─ forms and links that were signed ──> bucket.Bucket
//
// socket, http, sweep and assist are the bootstrap binaries that are deployed; Open
// builds them as `make dist` does, or takes those that it left. All else is
// an emulation: see the packages edge, ddb and bucket, and functions/internal/dynalite.
// Viewer is the function that CloudFront runs on each request of a client.
//
// Keys are random in every run: who is not started by this stack can neither
// push to a connection nor come past the viewer. Everything listens on the
// loopback interface unless told otherwise.
//
// # What is different from AWS
//
// There is no TLS, no IAM and no capacity limit; rows that are over are not
// deleted by DynamoDB; and functions find the machine's clock, cores and disk,
// so their memory size is no more than a number that they are told.
package stack
