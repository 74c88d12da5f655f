package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// deploy returns a function of this very binary; see TestMain.
func deploy(t testing.TB, change func(*FunctionOptions)) *Function {
	t.Helper()
	o := FunctionOptions{Name: "fn", Bootstrap: executable(t), Now: time.Now, Credentials: keys, Timeout: 20 * time.Second, Env: map[string]string{}}
	if change != nil {
		change(&o)
	}
	f, err := NewFunction(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

// executable is the path of this very binary.
func executable(t testing.TB) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// call invokes a function with a body, and returns the body of its response.
func call(t testing.TB, f Invoker, body string) (string, error) {
	t.Helper()
	result, err := f.Invoke(t.Context(), encode(events.APIGatewayWebsocketProxyRequest{Body: body}))
	if err != nil {
		return "", err
	}
	var res response
	if err := json.Unmarshal(result, &res); err != nil {
		t.Fatal(err)
	}
	return res.Body, nil
}

// kind returns the type of a function's error.
func kind(err error) string {
	var f *FunctionError
	if errors.As(err, &f) {
		return f.Type
	}
	return ""
}

// TestWarm: an environment is used again, and knows what it did before.
func TestWarm(t *testing.T) {
	f := deploy(t, nil)
	first, err := call(t, f, "count")
	if err != nil {
		t.Fatal(err)
	}
	pid, _, _ := strings.Cut(first, " ")
	if second, err := call(t, f, "count"); second != pid+" 2" || err != nil {
		t.Errorf("after %q: %q, %v; want the second event of that process", first, second, err)
	}
	if s := f.Stats(); s.Starts != 1 || s.Invocations != 2 || s.Init <= 0 {
		t.Errorf("stats %+v, want one start", s)
	}
}

// TestKill: what is served fails, at once, and the next event has another
// process.
func TestKill(t *testing.T) {
	f := deploy(t, nil)
	first, err := call(t, f, "count")
	if err != nil {
		t.Fatal(err)
	}
	url := barrier(t, 2) // nobody else comes
	failed := make(chan error, 1)
	go func() {
		_, err := call(t, f, "meet "+url)
		failed <- err
	}()
	within(t, "the second invocation", func() bool { return f.Stats().Invocations == 2 })
	f.Kill()
	if err := <-failed; err == nil {
		t.Error("a process that was killed has answered")
	}
	within(t, "its burial", func() bool { return f.Stats().Deaths == 1 })
	if next, err := call(t, f, "count"); err != nil || strings.Fields(next)[0] == strings.Fields(first)[0] || f.Stats().Starts != 2 {
		t.Errorf("after %q: %q, %v; want another process", first, next, err)
	}
}

// TestMany: events at the same time get an environment each, and not more
// than there may be.
func TestMany(t *testing.T) {
	f := deploy(t, func(o *FunctionOptions) { o.Environments = 3 })
	url := barrier(t, 4) // the fourth is the test itself
	var calls sync.WaitGroup
	for range 3 {
		calls.Go(func() {
			if _, err := call(t, f, "meet "+url); err != nil {
				t.Error(err)
			}
		})
	}
	within(t, "three invocations", func() bool { return f.Stats().Invocations == 3 })
	if _, err := call(t, f, "count"); !errors.Is(err, ErrThrottled) {
		t.Errorf("the fourth: %v, want throttled", err)
	}
	calls.Go(func() { get(t, url) })
	calls.Wait()
	if s := f.Stats(); s.Starts != 3 || s.Throttled != 1 {
		t.Errorf("stats %+v, want 3 starts", s)
	}
}

// TestConcurrency: an environment that may serve several at a time does.
func TestConcurrency(t *testing.T) {
	f := deploy(t, func(o *FunctionOptions) { o.Concurrency, o.Environments = 4, 1 })
	url := barrier(t, 4)
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			if _, err := call(t, f, "meet "+url); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if s := f.Stats(); s.Starts != 1 {
		t.Errorf("stats %+v, want 1 start", s)
	}
}

// TestEnvironmentVariables: a process gets what Lambda and the template give
// it, and nothing of ours.
func TestEnvironmentVariables(t *testing.T) {
	t.Setenv("OURS", "secret")
	f := deploy(t, func(o *FunctionOptions) { o.Env["TABLE"], o.Memory = "kefu", 256 })
	for name, want := range map[string]string{
		"TABLE": "kefu", "OURS": "", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKLOCAL", "AWS_LAMBDA_FUNCTION_NAME": "fn",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_LAMBDA_MAX_CONCURRENCY": "", "_HANDLER": "bootstrap",
	} {
		if got, err := call(t, f, "env "+name); got != want || err != nil {
			t.Errorf("%s is %q, %v; want %q", name, got, err, want)
		}
	}
	if got, err := call(t, f, "deadline"); got != "true" || err != nil {
		t.Errorf("the handler has a deadline ahead: %q, %v", got, err)
	}
}

// TestFailures: each way to fail has a name, and the function serves on.
func TestFailures(t *testing.T) {
	for body, want := range map[string]string{
		"error no": "errorString", "panic no": "string", "exit": "Runtime.ExitError",
		"large": "Function.ResponseSizeTooLarge", "hang": "Sandbox.Timedout",
	} {
		t.Run(body, func(t *testing.T) {
			f := deploy(t, func(o *FunctionOptions) {
				if body == "hang" {
					o.Timeout = 300 * time.Millisecond
				}
			})
			if _, err := call(t, f, body); kind(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
			f.Timeout = 20 * time.Second
			within(t, "it serves again", func() bool {
				_, err := call(t, f, "count")
				return err == nil
			})
		})
	}
}

// TestInit: a process that does not come up fails what waited for it.
func TestInit(t *testing.T) {
	for init, want := range map[string]string{"exit": "Runtime.InitError", "hang": "Runtime.InitError", "error": "NoTable"} {
		t.Run(init, func(t *testing.T) {
			f := deploy(t, func(o *FunctionOptions) {
				o.Env["INIT"] = init
				if init == "hang" {
					o.InitTimeout = 200 * time.Millisecond
				}
			})
			if _, err := call(t, f, "count"); kind(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
}

// TestSIGTERM: who registers an extension hears of the end, and what a process
// prints last, without an end of line, is passed on.
func TestSIGTERM(t *testing.T) {
	var log safeBuffer
	f := deploy(t, func(o *FunctionOptions) { o.Env["INIT"], o.Log = "sigterm", &log })
	if _, err := call(t, f, "print 你好"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if got := log.String(); !strings.Contains(got, "[fn 1] 你好\n") || !strings.Contains(got, "[fn 1] told to end") {
		t.Errorf("the log has %q", got)
	}
	if _, err := call(t, f, "count"); !errors.Is(err, errClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// TestGiveUp: a caller who does not wait does not stop the function, and the
// environment is busy until it has answered.
func TestGiveUp(t *testing.T) {
	f := deploy(t, func(o *FunctionOptions) { o.Environments = 1 })
	url := barrier(t, 2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Invoke(ctx, encode(events.APIGatewayWebsocketProxyRequest{Body: "meet " + url})); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want canceled", err)
	}
	if _, err := call(t, f, "count"); !errors.Is(err, ErrThrottled) {
		t.Errorf("meanwhile: %v, want throttled", err)
	}
	get(t, url)
	within(t, "it is free again", func() bool { _, err := call(t, f, "count"); return err == nil })
}

// TestFunctionFaults: cold starts, lost responses, crashes.
func TestFunctionFaults(t *testing.T) {
	faults := NewFaults(1)
	f := deploy(t, func(o *FunctionOptions) { o.Faults = faults })
	for range 3 {
		faults.Set(1, ColdStart)
		if _, err := call(t, f, "count"); err != nil {
			t.Fatal(err)
		}
	}
	if s := f.Stats(); s.Starts != 3 || s.Deaths != 0 {
		t.Errorf("stats %+v, want 3 starts and no death", s)
	}
	faults.Set(0)
	faults.Set(1, LostResponse)
	before, err := call(t, f, "count")
	if err == nil {
		t.Errorf("a lost response is %q", before)
	}
	faults.Set(0)
	if got, err := call(t, f, "count"); err != nil || !strings.HasSuffix(got, " 3") {
		t.Errorf("after one in this process and a lost one: %q, %v", got, err)
	}
	faults.Set(1, Crash)
	if _, err := call(t, f, "hang"); kind(err) != "Runtime.ExitError" {
		t.Errorf("%v, want the end of the process", err)
	}
	if faults.Hits()[Crash] != 1 || f.Stats().Deaths != 1 {
		t.Errorf("hits %v, stats %+v", faults.Hits(), f.Stats())
	}
}

// TestRetire: an environment that is given up ends what it serves before.
func TestRetire(t *testing.T) {
	faults := NewFaults(1)
	f := deploy(t, func(o *FunctionOptions) { o.Faults, o.Concurrency = faults, 2 })
	url := barrier(t, 2)
	var calls sync.WaitGroup
	calls.Go(func() {
		if _, err := call(t, f, "meet "+url); err != nil {
			t.Error(err)
		}
	})
	within(t, "one is being served", func() bool { return f.Stats().Invocations == 1 })
	faults.Set(1, ColdStart)
	if _, err := call(t, f, "count"); err != nil {
		t.Error(err)
	}
	get(t, url)
	calls.Wait()
	within(t, "only the new one is left", func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return len(f.envs) == 1
	})
	if s := f.Stats(); s.Starts != 2 || s.Deaths != 0 {
		t.Errorf("%+v, want two starts and no death", s)
	}
}

// TestRuntime: what a runtime may not say, and what it may say badly.
func TestRuntime(t *testing.T) {
	rt := newRuntime("arn")
	ask := func(path, body string) int {
		w := httptest.NewRecorder()
		rt.handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/2018-06-01/runtime/"+path, strings.NewReader(body)))
		return w.Code
	}
	for _, path := range []string{"invocation/none/response", "invocation/none/error"} {
		if code := ask(path, "{}"); code != http.StatusBadRequest {
			t.Errorf("%s: %d", path, code)
		}
	}
	i := newInvocation(nil, time.Time{})
	rt.pending[i.id] = i
	if code := ask("invocation/"+i.id+"/error", "no JSON"); code != http.StatusAccepted {
		t.Errorf("an error that is no JSON: %d", code)
	}
	if a := <-i.done; kind(a.err) != "Runtime.Unknown" {
		t.Errorf("it is %v", a.err)
	}
	if code := ask("invocation/"+i.id+"/response", "{}"); code != http.StatusBadRequest {
		t.Errorf("a second answer: %d", code)
	}
}

// TestNoBinary: a function without a program is refused at once.
func TestNoBinary(t *testing.T) {
	text := filepath.Join(t.TempDir(), "bootstrap")
	if err := os.WriteFile(text, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{text, t.TempDir(), filepath.Join(t.TempDir(), "none")} {
		if _, err := NewFunction(FunctionOptions{Name: "socket", Bootstrap: path, Now: time.Now}); err == nil || !strings.Contains(err.Error(), "socket") {
			t.Errorf("%s: %v, want a refusal that names the function", path, err)
		}
	}
	if err := os.Chmod(text, 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := NewFunction(FunctionOptions{Name: "socket", Bootstrap: text, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := call(t, f, ""); kind(err) != "Runtime.InitError" {
		t.Errorf("%v, want that it does not start", err)
	}
}

// TestLines: a line without end is cut.
func TestLines(t *testing.T) {
	var out bytes.Buffer
	l := (&prefixer{out: &out}).named("x")
	for _, s := range []string{"a\nb", "c\n\n", strings.Repeat("y", maxLine+1)} {
		if n, err := l.Write([]byte(s)); n != len(s) || err != nil {
			t.Errorf("Write %d, %v", n, err)
		}
	}
	l.flush()
	l.flush()
	if want := "[x] a\n[x] bc\n[x] \n[x] " + strings.Repeat("y", maxLine) + "\n[x] y\n"; out.String() != want {
		t.Errorf("%.60q of %d bytes", out.String(), out.Len())
	}
}

// safeBuffer is a buffer that a process may write to while a test reads.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
