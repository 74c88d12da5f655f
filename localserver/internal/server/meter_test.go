package server

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"kefu/localserver/internal/config"
)

// What a visitor does is counted on its whole way: the frame, the decision, the
// commit, the answer, and the end of the connection.
func TestMetricsOfAChat(t *testing.T) {
	s, _ := begin(t, Options{Config: settings(t), Version: "v9", OpenStore: newStore().open})
	c := visitor(t, s)
	send(t, c, say(1))
	for receive(t, c).Type != "ack" {
		continue
	}
	get(t, "http://"+s.Addr().String()+"/v1/openapi.json")
	for _, line := range []string{
		`kefu_build_info{version="v9"} 1`,
		`kefu_ws_connections{role="visitor"} 1`,
		`kefu_ws_frames_total{dir="in",type="hello"} 1`, `kefu_ws_frames_total{dir="in",type="send"} 1`,
		`kefu_ws_frames_total{dir="out",type="welcome"} 1`, `kefu_ws_frames_total{dir="out",type="ack"} 1`,
		`kefu_inputs_total{input="said",result="ok"} 1`, `kefu_send_duration_seconds_count 1`,
		`kefu_store_commits_total{result="ok"} 1`, `kefu_store_commit_duration_seconds_count 1`,
		`kefu_deliver_duration_seconds_count 1`,
		`kefu_events_total{kind="text"} 1`, `kefu_events_total{kind="opened"} 1`,
		`kefu_conversations{state="waiting"} 1`, `kefu_agents{state="offline"} 1`,
		`kefu_http_requests_total{code="200",handler="api",method="get"} 1`,
	} {
		within(t, line, func() bool { return metric(t, s, line) })
	}
	if err := c.Close(1000, ""); err != nil {
		t.Fatal(err)
	}
	within(t, "it is gone", func() bool {
		return metric(t, s, `kefu_ws_closes_total{code="left"} 1`) && metric(t, s, `kefu_ws_connections{role="visitor"} 0`)
	})
}

// A store that fails shows in the metrics, and for as long as it does.
func TestMetricsOfAFailingStore(t *testing.T) {
	db := newStore()
	db.commit = func(context.Context) error { return errors.New("the disk is away") }
	s, _ := begin(t, Options{Config: settings(t), OpenStore: db.open})
	c := visitor(t, s)
	send(t, c, say(1))
	if f := receive(t, c); f.Type != "error" {
		t.Errorf("got %+v", f)
	}
	if !metric(t, s, `kefu_store_commits_total{result="internal"} 1`) || !metric(t, s, `kefu_send_duration_seconds_count 0`) {
		t.Error("it is not counted, or counted as durable")
	}
}

// The flight recorder is switched on and off by a reload.
func TestFlightReloads(t *testing.T) {
	c := settings(t)
	next := c
	s, _ := begin(t, Options{Config: c, OpenStore: newStore().open, Load: func() (config.Config, error) { return next, nil }})
	flight := "http://" + s.OpsAddr().String() + "/debug/flight"
	if status, body := get(t, flight); status != 404 || !strings.Contains(body, "trace.slow is 0s") {
		t.Errorf("off: %d %s", status, body)
	}
	next.Trace.Slow = time.Second
	s.Reload()
	if status, _ := get(t, flight); status != 200 {
		t.Errorf("on: %d", status)
	}
	next.Trace.Slow = 0
	s.Reload()
	if status, _ := get(t, flight); status != 404 {
		t.Errorf("off again: %d", status)
	}
}
