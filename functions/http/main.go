// Command http is the function behind the Function URL or an HTTP API: the API
// under /v1/, long-polls, and the files. See package host.
package main

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"kefu/core/blob/sniff"
	"kefu/functions/internal/host"
	"kefu/functions/internal/host/web"
	"kefu/sdk"
)

func main() {
	f, err := web.Open(context.Background(), host.Options{Getenv: os.Getenv, Now: time.Now, Out: os.Stdout, Media: sniff.Sniffer{}}, sdk.Files())
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(f.Handle)
}
