package stack

import (
	"context"
	"fmt"
	"net"

	"kefu/functions/local/edge"
)

// openInvoke starts the call by which functions invoke assist, and no other. It
// ends before they do.
func (s *Stack) openInvoke(ctx context.Context) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("no port is free for the call Invoke: %w", err)
	}
	s.lambda = "http://" + l.Addr().String()
	invoked := edge.InvokerFunc(func(ctx context.Context, event []byte) ([]byte, error) { return s.Functions[Assist].Invoke(ctx, event) })
	in := edge.NewInvocations(ctx, edge.InvokeOptions{
		Functions: map[string]edge.Invoker{Assist: invoked}, Region: region, Credentials: s.keys, Attempts: 1, Now: s.Now, Log: s.Log,
	})
	s.serve(l, in)
	s.later(func() error { in.Close(); return nil })
	return nil
}
