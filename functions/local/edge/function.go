package edge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// FunctionOptions are what a function is deployed with. Name, Bootstrap and
// Now are required.
type FunctionOptions struct {
	Name        string
	Bootstrap   string            // path of the binary; its directory is the task root
	Env         map[string]string // the variables of the template; nothing is inherited from us
	Region      string            // "": us-east-1
	Credentials aws.Credentials   // of the function's role

	Memory       int           // MB, told to the function; 0: 128
	Timeout      time.Duration // of an invocation; 0: 3 s
	InitTimeout  time.Duration // from the start to the first /next; 0: 10 s
	Environments int           // at most so many at a time; 0: 10
	Concurrency  int           // events that one environment serves at a time; 0: 1

	Now    func() time.Time
	Log    io.Writer // what the processes print, each line with the name of its environment; nil: nobody
	Faults *Faults   // ColdStart, LostResponse, Crash
}

// Function is the Lambda service for one function. Make one with NewFunction
// and end it with Close. It is safe for concurrent use.
type Function struct {
	// Static after NewFunction.
	FunctionOptions
	log     *prefixer
	running sync.WaitGroup // environments and invocations

	mu     sync.Mutex
	envs   []*Environment // guarded by mu: alive or starting, the warmest last
	closed bool           // guarded by mu
	stats  Stats          // guarded by mu
}

// Stats are counted from the start.
type Stats struct {
	Invocations int           // that an environment was found for
	Throttled   int           // that none was found for
	Starts      int           // environments started
	Deaths      int           // environments that ended without having been asked to
	Init        time.Duration // of the newest environment: from the start of the process to its first /next
	Billed      time.Duration // of all invocations and starts, each rounded up to a millisecond
}

var _ Invoker = (*Function)(nil)

// NewFunction returns a function without environments. It fails if there is no
// such binary.
func NewFunction(o FunctionOptions) (*Function, error) {
	path, err := filepath.Abs(o.Bootstrap)
	if err != nil {
		return nil, fmt.Errorf("function %s: %w", o.Name, err)
	}
	if info, err := os.Stat(path); err != nil || info.IsDir() || info.Mode().Perm()&0o111 == 0 {
		return nil, fmt.Errorf("function %s: %s is not a program; build it first", o.Name, o.Bootstrap)
	}
	o.Bootstrap = path
	o.Region = orElse(o.Region, "us-east-1")
	o.Memory = orElse(o.Memory, 128)
	o.Timeout = orElse(o.Timeout, 3*time.Second)
	o.InitTimeout = orElse(o.InitTimeout, 10*time.Second)
	o.Environments = orElse(o.Environments, 10)
	o.Concurrency = max(1, o.Concurrency)
	if o.Log == nil {
		o.Log = io.Discard
	}
	return &Function{FunctionOptions: o, log: &prefixer{out: o.Log}}, nil
}

func orElse[T comparable](v, other T) T {
	var none T
	if v == none {
		return other
	}
	return v
}

// Invoke implements Invoker.
func (f *Function) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	e, err := f.acquire()
	if err != nil {
		return nil, err
	}
	done := make(chan answer, 1)
	go func() { // outlives a caller who gives up; counted in running by acquire
		defer f.running.Done()
		result, err := e.invoke(event)
		f.release(e)
		if err == nil && f.Faults.Hit(LostResponse) {
			result, err = nil, failure("Fault", "the response was lost")
		}
		done <- answer{result, err}
	}()
	select {
	case a := <-done:
		return a.result, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// answer is what comes of an invocation.
type answer struct {
	result []byte
	err    error
}

var errClosed = errors.New("the function has been closed")

// acquire finds or starts an environment, and counts an invocation as running.
func (f *Function) acquire() (*Environment, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, errClosed
	}
	e := f.idleLocked()
	if e != nil && f.Faults.Hit(ColdStart) {
		f.retireLocked(e)
		e = nil
	}
	switch {
	case e != nil:
	case f.aliveLocked() >= f.Environments:
		f.stats.Throttled++
		return nil, ErrThrottled
	default:
		f.stats.Starts++
		e = newEnvironment(f, f.stats.Starts)
		f.envs = append(f.envs, e)
		f.running.Go(e.run)
	}
	e.busy++
	f.stats.Invocations++
	f.running.Add(1)
	return e, nil
}

// idleLocked returns the warmest environment with room for one more.
func (f *Function) idleLocked() *Environment {
	for _, e := range slices.Backward(f.envs) {
		if !e.retired && e.busy < f.Concurrency {
			return e
		}
	}
	return nil
}

// aliveLocked counts the environments that are not about to end.
func (f *Function) aliveLocked() (n int) {
	for _, e := range f.envs {
		if !e.retired {
			n++
		}
	}
	return n
}

// retireLocked gives up an environment; what it still serves it may end.
func (f *Function) retireLocked(e *Environment) {
	e.retired = true
	if e.busy == 0 {
		e.stop()
	}
}

// release gives an environment back, as the warmest.
func (f *Function) release(e *Environment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e.busy--
	if e.retired && e.busy == 0 {
		e.stop()
	}
	if i := slices.Index(f.envs, e); i >= 0 {
		f.envs = append(slices.Delete(f.envs, i, i+1), e)
	}
}

// bury forgets an environment that has ended.
func (f *Function) bury(e *Environment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !e.stopping() {
		f.stats.Deaths++
	}
	f.envs = slices.DeleteFunc(f.envs, func(x *Environment) bool { return x == e })
}

// bill adds to what is paid for.
func (f *Function) bill(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stats.Billed += (d + time.Millisecond - 1).Truncate(time.Millisecond)
}

// Stats returns the counters.
func (f *Function) Stats() Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stats
}

// Kill ends every environment there is as a machine does that fails: at once.
// What they serve fails, and the next event starts another.
func (f *Function) Kill() {
	f.mu.Lock()
	envs := slices.Clone(f.envs)
	f.mu.Unlock()
	for _, e := range envs {
		e.kill()
	}
}

// Close ends all environments, and returns when the last one has ended. What
// they serve fails.
func (f *Function) Close() {
	f.mu.Lock()
	f.closed = true
	for _, e := range f.envs {
		e.stop()
	}
	f.mu.Unlock()
	f.running.Wait()
}

// arn names the function.
func (f *Function) arn() string {
	return "arn:aws:lambda:" + f.Region + ":" + account + ":function:" + f.Name
}

// account is the one that everything local belongs to.
const account = "000000000000"

// environ returns the variables of an environment: those that Lambda defines,
// then those of the template.
func (f *Function) environ(address, stream string) []string {
	vars := map[string]string{
		"AWS_LAMBDA_RUNTIME_API":          address,
		"AWS_LAMBDA_FUNCTION_NAME":        f.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(f.Memory),
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_FORMAT":           "JSON",
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + f.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME":      stream,
		"AWS_EXECUTION_ENV":               "AWS_Lambda_provided.al2023",
		"AWS_REGION":                      f.Region,
		"AWS_DEFAULT_REGION":              f.Region,
		"AWS_ACCESS_KEY_ID":               f.Credentials.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY":           f.Credentials.SecretAccessKey,
		"AWS_SESSION_TOKEN":               f.Credentials.SessionToken,
		"_HANDLER":                        "bootstrap",
		"LAMBDA_TASK_ROOT":                filepath.Dir(f.Bootstrap),
		"LANG":                            "en_US.UTF-8",
		"TZ":                              ":UTC",
		"PATH":                            "/usr/local/bin:/usr/bin:/bin",
	}
	if f.Concurrency > 1 {
		vars["AWS_LAMBDA_MAX_CONCURRENCY"] = strconv.Itoa(f.Concurrency)
	}
	maps.Copy(vars, f.Env)
	var list []string
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		list = append(list, name+"="+vars[name])
	}
	return list
}
