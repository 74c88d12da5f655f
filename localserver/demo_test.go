package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// A demonstration says how to log in, has a week behind it and people who talk,
// and leaves nothing when it ends.
func TestDemo(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	var stderr bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- call{
			args: []string{"--demo", "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0", "--drain.window", "0s"}, environ: []string{"LANG=zh_CN.UTF-8"},
			stdout: w, stderr: &stderr, now: time.Now, demoSecond: 10 * time.Millisecond,
		}.run(ctx)
		w.Close()
	}()
	d := newDemo(t, r)
	if dirs, err := filepath.Glob(tmp + "/kefu-demo-*/kefu.db"); err != nil || len(dirs) != 1 {
		t.Errorf("the data is not in a directory of its own: %v %v", dirs, err)
	}

	d.week()
	d.now()

	stop()
	if got := <-code; got != exitOK || stderr.Len() > 0 {
		t.Errorf("it ended with %d and said %s", got, &stderr)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("it left %v %v", left, err)
	}
}

// demoRun is a demonstration as somebody has it who read what it says.
type demoRun struct {
	*testing.T
	url       string
	passwords map[string]string
	token     string
}

func newDemo(t *testing.T, r io.Reader) *demoRun {
	t.Helper()
	var mu sync.Mutex
	var said bytes.Buffer
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := r.Read(b)
			mu.Lock()
			said.Write(b[:n])
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	d := &demoRun{T: t, passwords: map[string]string{}}
	d.soon("the banner", func() bool {
		mu.Lock()
		defer mu.Unlock()
		text := said.String()
		for _, m := range regexp.MustCompile(`(?m)^ +(\w+) +(?:admin|supervisor|agent) +([0-9a-z-]{23})$`).FindAllStringSubmatch(text, -1) {
			d.passwords[m[1]] = m[2]
		}
		if m := regexp.MustCompile(`http://[^/]+`).FindString(text); m != "" {
			d.url = m
		}
		return strings.Contains(text, "演示：一家茶店") && strings.HasSuffix(text, "删除。\n\n")
	})
	if len(d.passwords) != 3 || d.url == "" {
		t.Fatalf("the logins are %v at %q", d.passwords, d.url)
	}
	for name, password := range d.passwords {
		var a struct{ Token string }
		d.ask("POST", "/v1/login", map[string]any{"name": name, "password": password}, &a)
		if name == "lin" {
			defer func() { d.token = a.Token }()
		}
	}
	return d
}

func (d *demoRun) soon(what string, is func() bool) {
	d.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); {
		if time.Now().After(end) {
			d.Fatalf("there never was %s", what)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func (d *demoRun) ask(method, path string, body, answer any) {
	d.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		d.Fatal(err)
	}
	req, err := http.NewRequestWithContext(d.Context(), method, d.url+path, bytes.NewReader(text))
	if err != nil {
		d.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+d.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		d.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode > 299 || json.Unmarshal(got, answer) != nil {
		d.Fatalf("%s %s: %s %v %s", method, path, res.Status, err, got)
	}
}

// week holds what there is of the past against what a week of a shop is.
func (d *demoRun) week() {
	d.Helper()
	day := func(ago int) string {
		return time.Now().Add(-time.Duration(ago) * 24 * time.Hour).UTC().Format(time.RFC3339)
	}
	var report struct {
		Rows  []struct{ Sessions int }
		Total struct {
			Sessions, Answered, Missed int
			Scores                     []int
		}
	}
	d.ask("GET", "/v1/reports/days?from="+day(8)+"&to="+day(0), nil, &report)
	total := report.Total
	if len(report.Rows) < 7 || total.Sessions < 100 || total.Answered < 80 || total.Missed == 0 || len(total.Scores) != 5 || total.Scores[4] == 0 {
		d.Errorf("the week is %+v", report)
	}
	var replies []struct{ Shortcut, Text string }
	var list struct {
		Replies []struct{ Shortcut, Text string }
	}
	d.ask("GET", "/v1/replies", nil, &list)
	if replies = list.Replies; len(replies) < 4 {
		d.Errorf("the canned replies are %+v", replies)
	}
}

// now waits until visitors wait in the shop, and until one of the other site was
// answered and has said that it was good.
func (d *demoRun) now() {
	d.Helper()
	type page struct {
		Conversations []struct{ ID, Phase, Site string }
	}
	d.soon("somebody who waits in the shop", func() bool {
		var p page
		d.ask("GET", "/v1/conversations?phase=waiting&site=default", nil, &p)
		return len(p.Conversations) > 0
	})
	began := time.Now().Add(-time.Minute).UTC().Format(time.RFC3339)
	d.soon("a customer who was answered by Mei or Bo", func() bool {
		var report struct {
			Total struct {
				Answered int
				Scores   []int
			}
		}
		d.ask("GET", "/v1/reports/agents?site=wholesale&from="+began+"&to="+time.Now().Add(time.Minute).UTC().Format(time.RFC3339), nil, &report)
		return report.Total.Answered > 0 && report.Total.Scores[4] > 0
	})
}

// It touches nothing that there is: who names a place is told so.
func TestDemoHasDataOfItsOwn(t *testing.T) {
	for _, args := range [][]string{{"--data", t.TempDir()}, {"--s3.bucket", "files"}} {
		code, stdout, stderr := command(t, append(args, "--demo")...)
		if code != exitMisconfigured || stdout != "" || !strings.Contains(stderr, args[0]+": a demonstration has data") {
			t.Errorf("%v: %d, %q, %q", args, code, stdout, stderr)
		}
	}
	if code, _, stderr := command(t, "--demo"); code != exitMisconfigured || !strings.Contains(stderr, "KEFU_DATA: ") {
		t.Errorf("with KEFU_DATA: %d, %q", code, stderr)
	}
}
