package stack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"kefu/core"
	"kefu/functions/internal/dynamo"
	"kefu/functions/local/edge"
	"kefu/functions/local/stack"
)

// TestMain runs the tests or, started by a function, is its bootstrap: here the
// stack itself is tried, not what runs in it.
func TestMain(m *testing.M) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") == "" {
		goleak.VerifyTestMain(m)
		return
	}
	if os.Getenv("KEFU_LOG_LEVEL") == "error" {
		fmt.Println("KEFU_TABLE is not what it should be")
		os.Exit(1)
	}
	lambda.Start(bootstrap)
}

// asked is as much of an event as the bootstrap looks at.
type asked struct {
	Body           string
	RawPath        string
	Headers        map[string]string
	DetailType     string `json:"detail-type"`
	RequestContext struct{ EventType string }
}

// bootstrap answers sockets with what they say, and requests with what a
// function knows of them and of itself.
func bootstrap(ctx context.Context, e asked) (any, error) {
	db := dynamo.New(dynamo.Options{
		API: dynamo.NewClient(os.Getenv("AWS_REGION"), os.Getenv("AWS_ENDPOINT_URL_DYNAMODB"), aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}, nil
		})),
		Table: os.Getenv("KEFU_TABLE"), Now: time.Now,
	})
	switch {
	case e.DetailType != "":
		return nil, db.PutBlock(ctx, core.Block{Visitor: "swept"})
	case e.RawPath == "/v1/swept":
		return db.Blocks(ctx)
	case e.RequestContext.EventType != "":
		return events.APIGatewayProxyResponse{StatusCode: 200, Body: e.Body}, nil
	}
	known := map[string]string{
		"password": os.Getenv("KEFU_ADMIN_PASSWORD"), "endpoint": os.Getenv("KEFU_WS_ENDPOINT"), "key": os.Getenv("KEFU_EDGE_KEY"),
		"bucket": os.Getenv("AWS_ENDPOINT_URL_S3") + "/" + os.Getenv("KEFU_BUCKET"),
		"viewer": e.Headers["kefu-viewer"], "host": e.Headers["kefu-host"], "edge": e.Headers["kefu-edge"], "pid": fmt.Sprint(os.Getpid()),
	}
	return known, nil
}

// options are those of a stack of this bootstrap.
func options(t *testing.T) stack.Options {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dist := t.TempDir()
	for _, name := range stack.Names() {
		if err := os.Mkdir(filepath.Join(dist, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(self, filepath.Join(dist, name, "bootstrap")); err != nil {
			t.Fatal(err)
		}
	}
	return stack.Options{Root: "../../..", Dist: dist, Sweep: 100 * time.Millisecond, Now: time.Now, Output: t.Output()}
}

func open(t *testing.T, o stack.Options) *stack.Stack {
	t.Helper()
	s, err := stack.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// get asks on a connection of its own.
func get(t *testing.T, url string, header ...string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(data)
}

// TestOpen: everything is where a browser looks for it, the functions know what
// they have to, and a sweep comes by itself.
func TestOpen(t *testing.T) {
	s := open(t, options(t))
	if s.Shown == "" || s.Gateway == nil || !strings.HasPrefix(s.URL(), "http://127.0.0.1:") {
		t.Errorf("%+v", s)
	}
	for path, words := range map[string]string{"/kefu.js": "", "/console/": "<html", "/demo/": "<html", "/": "<html"} {
		if status, body := get(t, s.URL()+path); status != http.StatusOK || !strings.Contains(body, words) {
			t.Errorf("%s: %d %.80s", path, status, body)
		}
	}
	_, body := get(t, s.URL()+"/v1/x", "Kefu-Viewer", "6.6.6.6", "Kefu-Edge", "guessed")
	var known map[string]string
	if err := json.Unmarshal([]byte(body), &known); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	host := strings.TrimPrefix(s.URL(), "http://")
	if known["password"] != s.Shown || known["endpoint"] != s.URL()+"/ws" || known["viewer"] != "127.0.0.1" || known["host"] != host || len(known["key"]) < 32 || known["edge"] != known["key"] {
		t.Errorf("a function knows %v", known)
	}
	if status, said := get(t, known["bucket"]+"/files/x"); status != http.StatusForbidden || !strings.Contains(said, "SignatureDoesNotMatch") {
		t.Errorf("the bucket %q is open: %d %s", known["bucket"], status, said)
	}
	within(t, "a sweep, in the database", func() bool {
		_, body := get(t, s.URL()+"/v1/swept")
		return strings.Contains(body, "swept")
	})
	within(t, "it is counted", func() bool { return s.Database.Usage().Writes > 0 }) // others may see it before it is

	c, _, err := websocket.Dial(t.Context(), "ws://"+host+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if err := c.Write(t.Context(), websocket.MessageText, []byte("你好")); err != nil {
		t.Fatal(err)
	}
	if _, m, err := c.Read(t.Context()); err != nil || string(m) != "你好" {
		t.Errorf("%s, %v", m, err)
	}
}

// TestClose: no process is left, and a second time does nothing.
func TestClose(t *testing.T) {
	s := open(t, options(t))
	_, body := get(t, s.URL()+"/v1/x")
	var known struct{ Pid string }
	if err := json.Unmarshal([]byte(body), &known); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat("/proc/" + known.Pid); err == nil {
		t.Errorf("the process %s is still there", known.Pid)
	}
	if _, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL(), "http://")); err == nil {
		t.Error("it still listens")
	}
}

// TestData: a table in a directory is there again; its account has a password,
// which nobody is shown a second time.
func TestData(t *testing.T) {
	o := options(t)
	o.Data, o.Password = t.TempDir(), "correct horse battery staple"
	s := open(t, o)
	if s.Shown != "" {
		t.Error("a password that was given is shown")
	}
	if _, body := get(t, s.URL()+"/v1/x"); !strings.Contains(body, o.Password) {
		t.Errorf("the functions know another password: %s", body)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, o)
}

// TestCanNotOpen: one sentence says why, and nothing is left running.
func TestCanNotOpen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, c := range map[string]struct {
		change func(*stack.Options)
		says   string
	}{
		"the port is taken":      {func(o *stack.Options) { o.Listen = taken.Addr().String() }, "in use by another program"},
		"no port at all":         {func(o *stack.Options) { o.Listen = "here" }, "can not be listened on"},
		"no npm packages":        {func(o *stack.Options) { o.Root = t.TempDir() }, "make setup"},
		"no binaries":            {func(o *stack.Options) { o.Dist = t.TempDir() }, "build it first"},
		"nothing to build":       {func(o *stack.Options) { o.Root, o.Dist, o.Cache = t.TempDir(), "", t.TempDir() }, "function socket can not be built"},
		"a function that is sad": {func(o *stack.Options) { o.Level = "error" }, "http does not start"},
	} {
		o := options(t)
		c.change(&o)
		if s, err := stack.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
			if err == nil {
				_ = s.Close()
			}
		}
	}
}

// TestFaultsWhileOpening: a stack opens when everything goes wrong now and
// then.
func TestFaultsWhileOpening(t *testing.T) {
	o := options(t)
	o.Faults = edge.NewFaults(3)
	o.Faults.Set(0.2)
	s := open(t, o)
	within(t, "an answer", func() bool {
		status, _ := get(t, s.URL()+"/v1/x")
		return status == http.StatusOK
	})
}

// within polls until so, and fails the test if that takes long.
func within(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(20 * time.Second)
	for !so() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("it never happened: %s", what)
		}
	}
}
