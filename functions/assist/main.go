// Command assist is the function that asks models: others invoke it, and do not
// wait, with a question that the assistant owes an answer to; http waits for what
// it asks models for. It is the only one that links the client of models. See
// package host.
package main

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"kefu/core/assist/openai"
	"kefu/functions/internal/host"
)

func main() {
	h, err := host.Open(context.Background(), host.Options{Getenv: os.Getenv, Now: time.Now, Out: os.Stdout, Models: openai.New()})
	if err != nil {
		log.Fatal(err)
	}
	lambda.Start(h.Assist)
}
