package s3

import (
	"encoding/hex"
	"testing"
)

// The key of Amazon's own example, in "Examples of how to derive a signing key
// for Signature Version 4".
func TestKey(t *testing.T) {
	const want = "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"
	if got := hex.EncodeToString(keyOf("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20120215/us-east-1/iam/aws4_request")); got != want {
		t.Errorf("the key is %s, want %s", got, want)
	}
}
