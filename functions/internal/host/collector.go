package host

import (
	"fmt"
	"runtime/debug"
	"strconv"
)

// MemoryVariable is what Lambda says that a process may have, in MB. "": this is
// no Lambda, and nothing is changed.
const MemoryVariable = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"

// paceCollector has garbage collected more rarely than Go's own pace, which is
// for programs with more in them: here a few MB are alive, so Go would collect each
// time that these have doubled, in the middle of messages. As the process comes
// near to what Lambda gives it, it collects as often as that takes.
func paceCollector(getenv func(string) string) error {
	const percent, share = 400, 0.8
	size := getenv(MemoryVariable)
	if size == "" {
		return nil
	}
	mb, err := strconv.Atoi(size)
	if err != nil || mb < 64 {
		return fmt.Errorf("%s: %q is not what a function may have, in MB", MemoryVariable, size)
	}
	debug.SetGCPercent(percent)
	debug.SetMemoryLimit(int64(float64(mb<<20) * share))
	return nil
}
