package stack

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// build builds what is deployed, with the flags of `make dist`, for this
// machine. The Go tool knows what is up to date.
func (s *Stack) build(ctx context.Context) error {
	if s.Dist != "" {
		return nil
	}
	if s.Cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return fmt.Errorf("there is no place for what is built: %w; name binaries by --dist", err)
		}
		s.Cache = filepath.Join(dir, "kefu", "functions")
	}
	s.Dist = s.Cache
	for _, name := range Names() {
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags", "lambda.norpc,nethttpomithttp2", "-ldflags", "-s -w", "-o", s.bootstrap(name), "./functions/"+name)
		cmd.Dir, cmd.Env = s.Root, append(os.Environ(), "CGO_ENABLED=0")
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("the function %s can not be built: %w\n%s", name, err, strings.TrimSpace(said.String()))
		}
	}
	return nil
}

// bootstrap is the path of a function's binary.
func (s *Stack) bootstrap(name string) string { return filepath.Join(s.Dist, name, "bootstrap") }
