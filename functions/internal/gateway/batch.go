package gateway

import "kefu/core/wire"

// MaxMessage is how many bytes a message of ours has at most: what the
// protocol allows, and what API Gateway bills as one.
const MaxMessage = wire.MaxMessage

// maxBatch is how many frames a message may have, by the protocol.
const maxBatch = 64

// Messages returns frames, in order, as few messages of at most [MaxMessage].
func Messages(frames [][]byte) [][]byte {
	batches := pack(frames)
	out := make([][]byte, len(batches))
	for i, b := range batches {
		out[i] = join(b)
	}
	return out
}

// pack divides frames into batches that fit into a message each. A frame that
// is too large by itself gets one of its own.
func pack(frames [][]byte) (batches [][][]byte) {
	size := 0
	for _, f := range frames {
		more := len(f) + len(",")
		if last := len(batches) - 1; last >= 0 && size+more <= MaxMessage && len(batches[last]) < maxBatch {
			batches[last] = append(batches[last], f)
			size += more
			continue
		}
		batches = append(batches, [][]byte{f})
		size = len(f) + len("[]")
	}
	return batches
}

// join makes a message of a batch: a frame as it is, several as an array.
func join(batch [][]byte) []byte {
	if len(batch) == 1 {
		return batch[0]
	}
	message := []byte("[")
	for i, f := range batch {
		if i > 0 {
			message = append(message, ',')
		}
		message = append(message, f...)
	}
	return append(message, ']')
}
