package blobtest_test

import (
	"testing"

	"kefu/core/blob"
	"kefu/core/blob/blobtest"
)

func TestMemory(t *testing.T) {
	blobtest.Run(t, func(*testing.T) blob.Store { return &blobtest.Memory{} })
}
