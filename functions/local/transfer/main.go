// Command transfer carries a desk to DynamoDB and back, in the file of
// package kefu/core/transfer, which kefu export and kefu import on a server
// write and read too:
//
//	AWS_REGION=… KEFU_TABLE=… go run ./functions/local/transfer export FILE
//	AWS_REGION=… KEFU_TABLE=… go run ./functions/local/transfer import FILE
//
// The table must be there, and empty for import: make it with sam deploy, and
// import before the first function has run, or the table has a desk already.
// Credentials are those of the environment (AWS_ACCESS_KEY_ID, and so on; `aws
// configure export-credentials --format env` prints them). Counts and digest of
// what is stored are compared with those of the file.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"kefu/core"
	"kefu/core/transfer"
	"kefu/functions/internal/dynamo"
	"kefu/functions/internal/gateway"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, time.Now); err != nil {
		fmt.Fprintln(os.Stderr, "transfer:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, getenv func(string) string, out io.Writer, now func() time.Time) error {
	table, region := getenv("KEFU_TABLE"), getenv("AWS_REGION")
	if len(args) != 2 || table == "" || region == "" {
		return errors.New("usage: AWS_REGION=… KEFU_TABLE=… transfer export|import FILE")
	}
	client := dynamo.NewClient(region, getenv("AWS_ENDPOINT_URL_DYNAMODB"), gateway.Credentials(getenv))
	st := dynamo.New(dynamo.Options{API: client, Table: table, Now: now})
	switch args[0] {
	case "export":
		return export(ctx, st, args[1], out)
	case "import":
		return fill(ctx, st, args[1], out)
	}
	return fmt.Errorf("there is no %q; there are export and import", args[0])
}

func export(ctx context.Context, st core.Store, name string, out io.Writer) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	s, err := transfer.Export(ctx, st, f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	fmt.Fprintf(out, "%s has %s\nits digest is %s\n", name, s.Counts, s.Digest)
	return nil
}

func fill(ctx context.Context, st core.Store, name string, out io.Writer) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	read, err := transfer.Import(ctx, f, st)
	if err != nil {
		return err
	}
	there, err := transfer.Export(ctx, st, io.Discard)
	if err != nil {
		return err
	}
	if there != read {
		return fmt.Errorf("what is stored now is not what was read: %s instead of %s", there.Counts, read.Counts)
	}
	fmt.Fprintf(out, "imported %s\ncounts and digest %s are the same in both\n", read.Counts, read.Digest)
	return nil
}
