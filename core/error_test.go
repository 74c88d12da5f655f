package core_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"kefu/core"
)

func TestCodeOf(t *testing.T) {
	disk := errors.New("disk full at /var/lib/kefu")
	for _, test := range []struct {
		err      error
		code     core.Code
		definite bool
	}{
		{nil, "", false},
		{core.Errorf(core.Conflict, "no"), core.Conflict, true},
		{core.Errorf(core.Full, "no"), core.Full, true},
		{core.Errorf(core.Gap, "no"), core.Gap, true},
		{core.Errorf(core.Invalid, "no"), core.Invalid, true},
		{core.Errorf(core.Unauthorized, "no"), core.Unauthorized, true},
		{core.Errorf(core.Forbidden, "no"), core.Forbidden, true},
		{core.Errorf(core.NotFound, "no"), core.NotFound, true},
		{core.Errorf(core.TooLarge, "no"), core.TooLarge, true},
		{core.Errorf(core.Unsupported, "no"), core.Unsupported, true},
		{core.Errorf(core.RateLimited, "later"), core.RateLimited, false},
		{core.Errorf(core.Unavailable, "later"), core.Unavailable, false},
		{fmt.Errorf("while storing: %w", core.Errorf(core.Conflict, "no")), core.Conflict, true},
		{errors.Join(disk, core.Errorf(core.Full, "no")), core.Full, true},
		{&core.Error{Code: core.Unavailable, Message: "try again", Cause: disk}, core.Unavailable, false},
		{disk, core.Internal, false}, // whatever is not ours may have been stored
	} {
		if got := core.CodeOf(test.err); got != test.code {
			t.Errorf("CodeOf(%v) = %q, want %q", test.err, got, test.code)
		}
		if got := core.Definite(test.err); got != test.definite {
			t.Errorf("Definite(%v) = %v, want %v", test.err, got, test.definite)
		}
	}
}

// The message is for people and never quotes what went wrong inside; the log
// gets both.
func TestErrorKeepsItsCauseInside(t *testing.T) {
	disk := errors.New("disk full at /var/lib/kefu")
	err := &core.Error{Code: core.Unavailable, Message: "please try again", Retry: time.Second, Cause: disk}
	if !errors.Is(err, disk) || err.Message != "please try again" || err.Error() != "unavailable: please try again: disk full at /var/lib/kefu" {
		t.Errorf("%v", err)
	}
	if got := core.Errorf(core.Full, "%s has no free seat", "amy").Error(); got != "full: amy has no free seat" {
		t.Errorf("Errorf = %q", got)
	}
}
