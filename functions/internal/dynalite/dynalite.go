// Package dynalite runs the DynamoDB of tests and of functions/local: the npm
// package of that name, on a free loopback port, in memory or in a directory.
package dynalite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Dir is where the npm package is installed, below the root of the repository.
const Dir = "infra/dev/dynamodb"

// Server is a running DynamoDB.
type Server struct {
	Endpoint string // its URL

	cmd   *exec.Cmd
	stdin io.Closer
}

// Start starts one with the npm packages in dir. It ends with Close, with ctx,
// or with this process, whichever is first, and takes its tables with it.
func Start(ctx context.Context, dir string) (*Server, error) { return Open(ctx, dir, "") }

// Open is Start for one whose tables stay in the directory data, which is made
// if need be. It must not be open twice.
func Open(ctx context.Context, dir, data string) (*Server, error) {
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "dynalite")); err != nil {
		return nil, fmt.Errorf("the local DynamoDB is not installed in %s: run `make setup`", Dir)
	}
	args := []string{"serve.js"}
	if data != "" {
		data, err := filepath.Abs(data)
		if err != nil {
			return nil, err
		}
		args = append(args, data)
	}
	cmd := exec.CommandContext(ctx, "node", args...)
	cmd.Dir, cmd.Stderr, cmd.WaitDelay = dir, os.Stderr, time.Second
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("the local DynamoDB does not start, it needs Node.js 20: %w", err)
	}
	s := &Server{cmd: cmd, stdin: stdin}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("the local DynamoDB did not say where it listens: %w", errors.Join(err, s.Close()))
	}
	s.Endpoint = strings.TrimSpace(line)
	return s, nil
}

// Close ends it and waits for that.
func (s *Server) Close() error {
	_ = s.stdin.Close() // it takes that as the end
	return s.cmd.Wait()
}

// Credentials are good for it, and for nothing else.
func Credentials() aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, nil
	})
}
