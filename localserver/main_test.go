package main

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// asServer in the environment makes the test binary be the command.
const asServer = "KEFU_TEST_AS_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(asServer) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}
