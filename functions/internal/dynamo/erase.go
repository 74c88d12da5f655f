package dynamo

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kefu/core"
	"kefu/core/codec"
)

// eraseKey is where it stands what a change erases. The mark is in it: of two
// who try the same slot each has their own.
func (t attempt) eraseKey() key {
	return key{partErase, fmt.Sprintf("%s#%d#%s", t.id(), t.slot, hex.EncodeToString(t.mark))}
}

// announceErase notes what a change erases before it is made. An event that is
// recalled is overwritten after that, and a crash must not come in between.
func (st *Store) announceErase(ctx context.Context, t attempt) error {
	if len(t.Erase) == 0 {
		return nil
	}
	_, err := st.put(ctx, t.eraseKey(), item{
		"c": str(string(t.id())), "seqs": list(t.Erase, seqOf), "of": list(t.Erase, ofOf), "v": num(t.slot), "w": bin(t.mark), "n": when(st.Now()),
	}, condition{})
	return err
}

func seqOf(t core.Tombstone) types.AttributeValue { return num(t.Seq) }
func ofOf(t core.Tombstone) types.AttributeValue  { return num(t.Of) }

// tombstones reads what announceErase wrote.
func tombstones(it item) []core.Tombstone {
	seqs, of := getList(it, "seqs", getNum), getList(it, "of", getNum)
	out := make([]core.Tombstone, min(len(seqs), len(of)))
	for i := range out {
		out[i] = core.Tombstone{Seq: uint64(seqs[i]), Of: uint64(of[i])}
	}
	return out
}

// finish erases, and forgets that it has to be done.
func (st *Store) finish(ctx context.Context, k key, id core.ConversationID, gone []core.Tombstone) {
	if err := st.erase(ctx, id, gone); err != nil {
		st.Log.WarnContext(ctx, "what was recalled is not erased yet", "conversation", id, "error", err)
		return
	}
	st.tidy(ctx, k, condition{})
}

// finishErasing does it for changes whose writer died before it could.
func (st *Store) finishErasing(ctx context.Context) error {
	return st.each(ctx, all(partErase, ""), func(it item) (bool, error) {
		id, slot := core.ConversationID(getStr(it, "c")), uint64(getNum(it, "v"))
		there, err := st.get(ctx, slotKey(id, slot))
		switch {
		case err != nil:
			return false, err
		case there == nil && st.Now().Sub(getTime(it, "n")) < announceFor: // it may still come
		case bytes.Equal(getBin(there, "w"), getBin(it, "w")):
			st.finish(ctx, keyOf(it), id, tombstones(it))
		default:
			st.tidy(ctx, keyOf(it), condition{})
		}
		return false, nil
	})
}

// erase leaves tombstones where bodies were. Doing it twice does no harm.
func (st *Store) erase(ctx context.Context, id core.ConversationID, gone []core.Tombstone) error {
	bodies := make(map[uint64][]byte, len(gone))
	for _, t := range gone {
		bodies[t.Seq] = codec.AppendBody(nil, t.Body())
	}
	for _, t := range gone {
		for done := false; !done; {
			var err error
			if done, err = st.eraseAt(ctx, id, t.Seq, bodies); err != nil {
				return err
			}
		}
	}
	return nil
}

// eraseAt does it in the item that has event seq. It is not done if somebody
// else erased something there meanwhile.
func (st *Store) eraseAt(ctx context.Context, id core.ConversationID, seq uint64, bodies map[uint64][]byte) (done bool, err error) {
	s := span{pk: partConversation(id), from: slotSK(0), to: slotSK(seq), newest: true, limit: 1}
	done = true
	err = st.each(ctx, s, func(it item) (bool, error) {
		packed, changed, err := erased(it, bodies)
		if err != nil || !changed {
			return true, err
		}
		r, err := st.update(ctx, keyOf(it), "SET e = :e", condition{text: "e = :was", values: item{":e": str(packed), ":was": it["e"]}})
		done = r.ok
		return true, err
	})
	return done, err
}

// erased returns the events of an item, packed, with other bodies for some;
// changed is false if those have them already.
func erased(it item, bodies map[uint64][]byte) (packed string, changed bool, err error) {
	list, first, err := entries(it)
	if err != nil {
		return "", false, err
	}
	for i := range list {
		if body, gone := bodies[first+uint64(i)]; gone && !bytes.Equal(list[i].Body, body) {
			list[i].Body, changed = body, true
		}
	}
	packed, err = encode(list)
	return packed, changed, err
}
