package host_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"kefu/functions/internal/host"
	"kefu/functions/local/edge"
)

// TestMetrics: what goes wrong on the way is counted, once each time.
func TestMetrics(t *testing.T) {
	w := newWorld(t, 2)
	li, mei := w.agent("li", 1), w.visitor("mei")
	mei.send("", "one")
	li.held()
	mei.send("", "two")
	mei.send("", "three") // at least one of them is served by a process that does not know of the one before
	mei.say(fields{"type": "send", "origin": mei.origin, "n": mei.n, "body": fields{"kind": "text", "text": "three"}})
	mei.await("the same ack again", func(f fields) bool { return f["type"] == "ack" && f["n"] == float64(mei.n) })
	w.faults.Set(1, edge.FalseGone)
	mei.send("", "four")
	w.faults.Set(0, edge.FalseGone)
	counts := map[string]float64{}
	for line := range strings.Lines(w.log.String()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("no JSON: %s", line)
		}
		for name, value := range entry {
			if n, ok := value.(float64); ok && entry["_aws"] != nil {
				counts[name] += n
			}
		}
	}
	for name, least := range map[string]float64{host.Sent: 4, host.Duplicate: 1, host.CASRetry: 1, host.Gone: 1} {
		if counts[name] < least {
			t.Errorf("%s is counted %v times, want %v at least: %v", name, counts[name], least, counts)
		}
	}
	if counts[host.Duplicate] > 1 || counts[host.Gone] > 1 {
		t.Errorf("something is counted twice: %v", counts)
	}
}

// TestLog: the log of a whole conversation, with trouble in it, is JSON with
// the ids of requests, and has no token, no word of anybody's, and no metrics
// but one line an invocation.
func TestLog(t *testing.T) {
	w := newWorld(t, 2)
	li := w.agent("li", 1)
	mei := w.open("mei").greet(fields{"tag": "secret-tag", "page": fields{"url": "https://shop.example/secret-page"}})
	mei.send("", "a secret word")
	li.held()
	w.faults.Set(1, edge.Throttle)
	li.send(mei.conv, "another secret word")
	w.faults.Set(0, edge.Throttle)
	mei.say(fields{"type": "nonsense", "secret": "secret-field"})
	mei.await("an error", is("error"))
	mei.say(fields{"type": "send", "origin": mei.origin, "n": 9, "body": fields{"kind": "text", "text": "a secret gap"}})
	mei.await("an error", is("error"))
	li.hangUp()
	log := w.log.String()
	for _, secret := range []string{"secret", mei.token, li.token, "correct horse", "battery staple"} {
		if strings.Contains(log, secret) {
			t.Errorf("%q is in the log:\n%s", secret, log)
		}
	}
	with, counts := 0, map[string]int{}
	for line := range strings.Lines(log) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("no JSON: %s", line)
		}
		if entry["_aws"] != nil {
			for name := range entry {
				counts[name]++
			}
		} else if entry["msg"] != nil {
			with++
		}
	}
	for _, name := range []string{host.Sent, host.Gap, host.Post429, host.AssignWait} {
		if counts[name] == 0 {
			t.Errorf("%s is not counted: %v", name, counts)
		}
	}
	if with == 0 {
		t.Error("nothing is logged, although a push was refused")
	}
}

// TestMetricsAreDeclared: what template.yaml has alarms for is counted here.
func TestMetricsAreDeclared(t *testing.T) {
	data, err := os.ReadFile("metrics.go")
	if err != nil {
		t.Fatal(err)
	}
	template, err := os.ReadFile("../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`MetricName: ([a-z_0-9]+)\b`).FindAllSubmatch(template, -1) {
		if !bytes.Contains(data, append(append([]byte(`"`), m[1]...), '"')) {
			t.Errorf("an alarm is for %s, which nobody counts", m[1])
		}
	}
}
