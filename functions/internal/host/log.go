package host

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// newLog returns a log of one JSON object a line, with the names that Lambda
// itself uses.
func newLog(getenv func(string) string, out io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if name := getenv(LevelVariable); name != "" {
		if err := level.UnmarshalText([]byte(name)); err != nil {
			return nil, fmt.Errorf("%s: %q is none of DEBUG, INFO, WARN and ERROR", LevelVariable, name)
		}
	}
	h := slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level, ReplaceAttr: lambdacontext.ReplaceAttr})
	return slog.New(requests{h}), nil
}

// requests adds the id of the request to each record.
type requests struct{ slog.Handler }

// Handle implements slog.Handler.
func (r requests) Handle(ctx context.Context, rec slog.Record) error {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		rec.AddAttrs(slog.String("requestId", lc.AwsRequestID))
	}
	return r.Handler.Handle(ctx, rec)
}

// WithAttrs implements slog.Handler.
func (r requests) WithAttrs(attrs []slog.Attr) slog.Handler {
	return requests{r.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (r requests) WithGroup(name string) slog.Handler { return requests{r.Handler.WithGroup(name)} }
