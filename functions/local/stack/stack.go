package stack

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"kefu/functions/local/ddb"
	"kefu/functions/local/edge"
)

// Options are what a Stack is made of. Root and Now are required.
type Options struct {
	Root   string // of the repository: where the local DynamoDB is installed, and what is built
	Dist   string // has name/bootstrap of every function; "": they are built, in Cache
	Cache  string // where what is built is kept; "": the user's cache directory
	Listen string // "": a free port of the loopback interface
	Data   string // directory of the table and of files; "": they are in memory

	Password     string        // of the agent admin if there is none yet; "": a random one
	Environments int           // of socket, http and assist, at most; 0: 50. Of sweep there is one
	Sweep        time.Duration // between two sweeps; 0: a minute
	Level        string        // KEFU_LOG_LEVEL of the functions; "": theirs
	Keys         []string      // of models, as KEFU_MODEL_KEY=…, for the function assist
	Loopback     bool          // webhooks may lead to this machine
	Faults       *edge.Faults  // nil: all goes well

	Now    func() time.Time
	Output io.Writer    // what the functions print, a line at a time, as in "[socket 3] …"; nil: nobody
	Log    *slog.Logger // what happens between them; nil: none
}

// The functions, as template.yaml and their directories name them.
const (
	Socket = "socket"
	HTTP   = "http"
	Sweep  = "sweep"
	Assist = "assist"
)

// Names are those of all functions.
func Names() []string { return []string{Socket, HTTP, Sweep, Assist} }

// Stack is the whole of it. Make one with Open, end it with Close.
type Stack struct {
	// Static after Open.
	Options
	Shown     string // password of the agent admin, to be shown once; empty if there is nothing to show
	Gateway   *edge.Gateway
	Functions map[string]*edge.Function // by name
	Database  *ddb.Proxy

	keys     aws.Credentials
	edgeKey  string // what only the viewer and the functions know
	listener net.Listener
	database string // URL of the proxy
	lambda   string // URL of the Invoke call
	bucket   string // URL of the server of files

	closers []func() error // what was opened, in that order
	closing sync.Once
	err     error // of Close, set by closing
}

// Open starts a stack; it serves when Open returns. ctx is for all of it: its
// end cuts what Close would end in order. An error is one sentence for whoever
// wanted the stack, and nothing is left running then.
func Open(ctx context.Context, o Options) (*Stack, error) {
	o.Listen = cmp.Or(o.Listen, "127.0.0.1:0")
	o.Environments = cmp.Or(o.Environments, 50)
	o.Sweep = cmp.Or(o.Sweep, time.Minute)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	s := &Stack{Options: o, edgeKey: rand.Text() + rand.Text(), keys: aws.Credentials{AccessKeyID: "AKIA" + rand.Text()[:16], SecretAccessKey: rand.Text() + rand.Text()}}
	for _, step := range []func(context.Context) error{s.openDoor, s.build, s.openDatabase, s.openBucket, s.openInvoke, s.openFunctions, s.openRoutes, s.greet, s.openSchedule} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// Close ends everything, the last first, and returns when no process is left.
func (s *Stack) Close() error {
	s.closing.Do(func() {
		for _, c := range slices.Backward(s.closers) {
			s.err = errors.Join(s.err, c())
		}
	})
	return s.err
}

// later has something ended by Close.
func (s *Stack) later(c func() error) { s.closers = append(s.closers, c) }

// URL is where everything is, as http://host:port.
func (s *Stack) URL() string { return "http://" + dialable(s.listener.Addr()) }

// DatabaseURL is where the functions find their table.
func (s *Stack) DatabaseURL() string { return s.database }

// dialable is an address to call: one that stands for every interface is
// reached on this machine.
func dialable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// openDoor listens before anything takes time, so that a port in use is told
// at once.
func (s *Stack) openDoor(ctx context.Context) (err error) {
	var lc net.ListenConfig
	s.listener, err = lc.Listen(ctx, "tcp", s.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("the address %s is in use by another program; free it, or choose another with --listen", s.Listen)
	case err != nil:
		return fmt.Errorf("the address %s can not be listened on: %w", s.Listen, err)
	}
	s.later(func() error { return closed(s.listener.Close()) })
	return nil
}

// closed is an error of Close, unless all it says is that this is not the
// first.
func closed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// openFunctions deploys the functions, with the variables that template.yaml
// gives them. Nothing of them runs until it is called.
func (s *Stack) openFunctions(context.Context) error {
	s.Functions = map[string]*edge.Function{}
	for name, environments := range map[string]int{Socket: s.Environments, HTTP: s.Environments, Sweep: 1, Assist: s.Environments} {
		timeout := functionTimeout
		if name == Assist {
			timeout = assistTimeout
		}
		f, err := edge.NewFunction(edge.FunctionOptions{
			Name: name, Bootstrap: s.bootstrap(name), Env: s.env(name), Credentials: s.keys,
			Memory: 256, Timeout: timeout, Environments: environments,
			Now: s.Now, Log: s.Output, Faults: s.Faults,
		})
		if err != nil {
			return err
		}
		s.Functions[name] = f
		s.later(func() error { f.Close(); return nil })
	}
	return nil
}

// functionTimeout is what an invocation may take; assist waits for models.
const functionTimeout, assistTimeout = 20 * time.Second, time.Minute

// env are the variables of a function.
func (s *Stack) env(name string) map[string]string {
	vars := map[string]string{
		"KEFU_TABLE":                table,
		"KEFU_WS_ENDPOINT":          s.URL() + "/ws",
		"KEFU_EDGE_KEY":             s.edgeKey,
		"KEFU_BUCKET":               bucketName,
		"AWS_ENDPOINT_URL_DYNAMODB": s.database,
		"AWS_ENDPOINT_URL_S3":       s.bucket,
	}
	if name == Assist {
		for _, k := range s.Keys {
			variable, key, _ := strings.Cut(k, "=")
			vars[variable] = key
		}
	} else {
		vars["KEFU_ASSIST"], vars["AWS_ENDPOINT_URL_LAMBDA"] = Assist, s.lambda
	}
	if s.Loopback {
		vars["LOCAL_WEBHOOKS"] = "true"
	}
	if s.Password != "" {
		vars["KEFU_ADMIN_PASSWORD"] = s.Password
	}
	if s.Level != "" {
		vars["KEFU_LOG_LEVEL"] = s.Level
	}
	return vars
}

// openSchedule starts the sweeps.
func (s *Stack) openSchedule(ctx context.Context) error {
	schedule := &edge.Schedule{Name: Sweep, Function: s.Functions[Sweep], Every: s.Sweep, Now: s.Now, Log: s.Log}
	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { schedule.Run(ctx) })
	s.later(func() error {
		stop()
		running.Wait()
		return nil
	})
	return nil
}

// greet calls the HTTP function once: whatever keeps it from starting is said
// now, and the first account is there before anybody is told its password.
func (s *Stack) greet(ctx context.Context) error {
	var said logLine
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/v1/openapi.json", nil)
	if err != nil {
		return err
	}
	req.Close = true
	for range greetings { // faults may be on
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return fmt.Errorf("the stack does not answer itself: %w", err)
		}
		body, err := io.ReadAll(io.LimitReader(res.Body, 500))
		_ = res.Body.Close() // read as far as we want
		if res.StatusCode == http.StatusOK {
			return nil
		}
		said = logLine{res.Status, string(body), err}
	}
	return fmt.Errorf("the function http does not start: %s", said)
}

// greetings is how often the HTTP function may fail before we give up.
const greetings = 20

// logLine is an answer that was none.
type logLine struct {
	status, body string
	err          error
}

func (l logLine) String() string { return fmt.Sprint(l.status, " ", l.body) }
