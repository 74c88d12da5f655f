// Command socket is the function behind the WebSocket API: $connect,
// $disconnect and every message. See package host.
package main

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"kefu/core/blob/sniff"
	"kefu/functions/internal/host"
)

func main() {
	h, err := host.Open(context.Background(), host.Options{Getenv: os.Getenv, Now: time.Now, Out: os.Stdout, Media: sniff.Sniffer{}})
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(h.Socket)
}
