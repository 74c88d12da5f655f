package ddb

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
)

// fields are those of a JSON object, not looked into.
type fields map[string]json.RawMessage

// text returns a field that is a string; "" if it is none.
func (f fields) text(name string) string {
	var s string
	_ = json.Unmarshal(f[name], &s) // or it stays empty
	return s
}

func (f fields) truth(name string) bool { return string(f[name]) == "true" }

// call is a request.
type call struct {
	name   string // as in GetItem
	fields fields

	units, old bool // we asked for them
}

// counted reports whether it is one of those that functions may make.
func (c *call) counted() bool { return c.writes() || c.reads() }

func (c *call) writes() bool {
	return c.name == "PutItem" || c.name == "UpdateItem" || c.name == "DeleteItem"
}

func (c *call) reads() bool { return c.name == "GetItem" || c.name == "Query" }

// weak reports whether the answer may lag, and is one that we can put back.
func (c *call) weak() bool {
	_, ok := c.span()
	return ok && c.reads() && !c.fields.truth("ConsistentRead")
}

// key is where an item is.
type key struct{ pk, sk string }

// keyOf returns the key of an item, or of what names one.
func keyOf(item json.RawMessage) key {
	var k struct{ PK, SK struct{ S string } }
	_ = json.Unmarshal(item, &k) // of what has none it is empty
	return key{k.PK.S, k.SK.S}
}

// key is that of a call that is about one item.
func (c *call) key() key {
	if c.name == "PutItem" {
		return keyOf(c.fields["Item"])
	}
	return keyOf(c.fields["Key"])
}

func (c *call) partition() string {
	s, _ := c.span()
	return s.pk
}

// span is what a call is about: sort keys from and to, both included.
type span struct{ pk, from, to string }

func (s span) has(k key) bool { return k.pk == s.pk && s.from <= k.sk && k.sk <= s.to }

// between is the condition of every Query that the store makes.
var between = regexp.MustCompile(`^pk = (:\w+) AND sk BETWEEN (:\w+) AND (:\w+)$`)

// span of a Query with another condition is not known.
func (c *call) span() (s span, ok bool) {
	if c.name != "Query" {
		k := c.key()
		return span{k.pk, k.sk, k.sk}, true
	}
	part := between.FindStringSubmatch(c.fields.text("KeyConditionExpression"))
	if part == nil {
		return s, false
	}
	var values map[string]struct{ S string }
	if json.Unmarshal(c.fields["ExpressionAttributeValues"], &values) != nil {
		return s, false
	}
	return span{values[part[1]].S, values[part[2]].S, values[part[3]].S}, true
}

// limit is how many items a Query asks for; 0: all that fit.
func (c *call) limit() (n int) {
	_ = json.Unmarshal(c.fields["Limit"], &n) // absent: none
	return n
}

// ask returns the request with what we want to know besides, and with room for
// so many items that may turn out not to have been there.
func (c *call) ask(more int) ([]byte, error) {
	out := make(fields, len(c.fields)+2)
	for name, v := range c.fields {
		out[name] = v
	}
	if out.text("ReturnConsumedCapacity") == "" {
		c.units, out["ReturnConsumedCapacity"] = true, json.RawMessage(`"TOTAL"`)
	}
	if c.writes() && out.text("ReturnValues") == "" {
		c.old, out["ReturnValues"] = true, json.RawMessage(`"ALL_OLD"`)
	}
	if n := c.limit(); n > 0 && more > 0 {
		limit, err := json.Marshal(n + more)
		if err != nil {
			return nil, err
		}
		out["Limit"] = limit
	}
	return json.Marshal(out)
}

// answer returns the engine's answer without what only we asked for, and as it
// was before some changes.
func (c *call) answer(body []byte, undo []change) ([]byte, error) {
	var out fields
	if err := json.Unmarshal(body, &out); err != nil {
		return nil, err
	}
	if c.units {
		delete(out, "ConsumedCapacity")
	}
	if c.old {
		delete(out, "Attributes")
	}
	var err error
	switch {
	case len(undo) == 0:
	case c.name == "GetItem":
		err = c.undoItem(out, undo)
	case c.name == "Query":
		err = c.undoQuery(out, undo)
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

func (c *call) undoItem(out fields, undo []change) error {
	delete(out, "Item")
	if old := undo[len(undo)-1].old; old != nil { // of one item the oldest change is the one that counts
		out["Item"] = old
	}
	return nil
}

func (c *call) undoQuery(out fields, undo []change) error {
	var items []json.RawMessage
	if err := json.Unmarshal(out["Items"], &items); err != nil {
		return err
	}
	_, cut := out["LastEvaluatedKey"]
	if cut && c.limit() == 0 {
		return nil // a page of a megabyte: what belongs behind it is not ours to say
	}
	for _, ch := range undo {
		items = slices.DeleteFunc(items, func(it json.RawMessage) bool { return keyOf(it) == ch.key })
		if ch.old != nil {
			items = append(items, ch.old)
		}
	}
	backwards := string(c.fields["ScanIndexForward"]) == "false"
	slices.SortFunc(items, func(a, b json.RawMessage) int {
		order := cmp.Compare(keyOf(a).sk, keyOf(b).sk)
		if backwards {
			return -order
		}
		return order
	})
	n := c.limit()
	if n > 0 && len(items) > n {
		items, cut = items[:n], true
	}
	delete(out, "LastEvaluatedKey")
	if cut && len(items) > 0 {
		k := keyOf(items[len(items)-1])
		out["LastEvaluatedKey"] = encode(map[string]map[string]string{"pk": {"S": k.pk}, "sk": {"S": k.sk}})
	}
	out["Items"], out["Count"], out["ScannedCount"] = encode(items), encode(len(items)), encode(len(items))
	return nil
}

// encode is for what JSON has.
func encode(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic("ddb: " + err.Error())
	}
	return b
}
