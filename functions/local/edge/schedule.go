package edge

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Schedule invokes a function again and again, as EventBridge Scheduler does:
// also when the last invocation has not ended, and without caring for what
// comes of it. Function and Now are required.
type Schedule struct {
	Function Invoker
	Name     string
	Every    time.Duration // 0: a minute
	Now      func() time.Time
	Log      *slog.Logger // nil: none
}

// Run fires until ctx ends, and returns when the last invocation has.
func (s *Schedule) Run(ctx context.Context) {
	ticks := time.NewTicker(orElse(s.Every, time.Minute))
	defer ticks.Stop()
	var running sync.WaitGroup
	defer running.Wait()
	for {
		select {
		case <-ticks.C:
			running.Go(func() {
				if err := s.Fire(ctx); err != nil && s.Log != nil && ctx.Err() == nil {
					s.Log.Warn("a scheduled invocation failed", "schedule", s.Name, "error", err)
				}
			})
		case <-ctx.Done():
			return
		}
	}
}

// Fire invokes the function once, now.
func (s *Schedule) Fire(ctx context.Context) error {
	_, err := s.Function.Invoke(ctx, encode(s.event()))
	return err
}

// scheduled is the event that a schedule without an input of its own sends.
// Its detail is text, not an object.
type scheduled struct {
	Version    string   `json:"version"`
	ID         string   `json:"id"`
	DetailType string   `json:"detail-type"`
	Source     string   `json:"source"`
	Account    string   `json:"account"`
	Time       string   `json:"time"`
	Region     string   `json:"region"`
	Resources  []string `json:"resources"`
	Detail     string   `json:"detail"`
}

func (s *Schedule) event() scheduled {
	return scheduled{
		Version: "0", ID: uuid(), DetailType: "Scheduled Event", Source: "aws.scheduler", Account: account,
		Time: isoTime(s.Now()), Region: "us-east-1", Detail: "{}",
		Resources: []string{"arn:aws:scheduler:us-east-1:" + account + ":schedule/default/" + s.Name},
	}
}
